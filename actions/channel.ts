/**
 * The contract of a channel: it carries one message to one person by one provider. The ledger (src/loop/act.ts)
 * owns what may be sent, when, and that it is sent once; a channel owns the conversation with its provider, and
 * tells honestly how far it got.
 */
import type { Check } from '../src/contracts/checks.ts'

export interface EmailMessage {
  readonly kind: 'email'
  readonly to: { readonly name: string | null; readonly address: string }
  readonly from: { readonly name: string; readonly address: string }
  readonly replyTo: { readonly name: string | null; readonly address: string } | null
  /** Envelope sender, to which bounces come back (VERP); absent or null: the sender's own address. */
  readonly returnPath?: string | null
  readonly subject: string
  readonly text: string
  readonly html: string
  /** BCP 47, of the text. */
  readonly language: string
  /** RFC 8058: https for one-click POST; and the address for mail programs that only know mailto. */
  readonly unsubscribe: { readonly url: string; readonly mailto: string | null }
}

/** An e-mail to somebody of the company itself: no consent is asked, nothing is sold, nobody unsubscribes. */
export interface Notice {
  readonly to: { readonly name: string | null; readonly address: string }
  readonly from: { readonly name: string; readonly address: string }
  readonly replyTo: { readonly name: string | null; readonly address: string } | null
  readonly subject: string
  /** Plain. */
  readonly text: string
  /** The mail that it is about, as it came. */
  readonly attached?: { readonly filename: string; readonly mail: Buffer }
}

export interface SmsMessage {
  readonly kind: 'sms'
  /** E.164. */
  readonly to: string
  readonly text: string
  /** BCP 47, of the text. */
  readonly language: string
  /** Parts that it travels in, each of which is paid for. */
  readonly segments: number
  readonly encoding: 'GSM-7' | 'UCS-2'
}

/** What somebody of the company is asked to do, on their list in the CRM. */
export interface TaskMessage {
  readonly kind: 'task'
  readonly doing: 'call' | 'todo'
  /** Key of the action: `discount_10`. */
  readonly action: string
  /** Ids in the CRM. */
  readonly customerId: string
  /** The contact whom it is about; null: the customer itself. */
  readonly recipientId: string | null
  /** Whose list it is on; null: nobody's. */
  readonly responsible: { readonly id: string; readonly name: string | null } | null
  readonly subject: string
  /** Plain text. */
  readonly text: string
  /** ISO 8601, UTC. */
  readonly dueAt: string
  /** BCP 47, of the text. */
  readonly language: string
}

export type Message = EmailMessage | SmsMessage | TaskMessage

export interface Attempt {
  /** Of the intervention: the same key is the same message, and gives the same Message-ID. */
  readonly key: string
  /** The lease ends here: by then the provider has answered or the attempt is given up. */
  readonly deadline: Date
  /**
   * Called right before the provider is spoken to (`connecting`, where nothing of the message leaves yet), and again
   * right before what may reach the person is handed over (`handing_over`, the default); throws `lease_lost` when
   * another worker may have taken over. A worker that dies before the second has certainly sent nothing.
   */
  confirmLease(before?: 'connecting' | 'handing_over'): Promise<void>
  /** Notes how far it got (`connected`, `accepted_data`, `dot_sent`, …), for whoever has to judge a crash. */
  note(phase: string): void
}

export type SendResult =
  | { readonly outcome: 'sent'; readonly providerId: string; readonly detail?: string }
  /** Nothing went out. `retryable`: the same message may go later (greylisting, a full queue, no connection). */
  | {
      readonly outcome: 'rejected'
      readonly retryable: boolean
      readonly code: string
      /** What happened and what the admin can do. */
      readonly message: string
      /** The address itself is at fault: it goes on the suppression list. */
      readonly suppress?: boolean
      /** The person told the provider to stop: as good as an opt-out that reached us. */
      readonly optedOut?: boolean
    }
  /** It may have gone out, and nobody can say. Shown to a person, never sent again blindly. */
  | { readonly outcome: 'uncertain'; readonly message: string }

export interface Channel {
  readonly name: 'email' | 'sms' | 'task'
  /** Longest that a `send` may take; the lease outlasts it. */
  readonly timeoutMs: number
  send(message: Message, attempt: Attempt): Promise<SendResult>
  /**
   * Asks the provider what became of an attempt whose end nobody saw; null when it cannot be asked (SMTP) or
   * does not know.
   */
  reconcile(attempt: {
    readonly key: string
    readonly to: string
    readonly startedAt: Date
    readonly providerId?: string
    /** Of the message as it is stored: tells it apart where a provider knows no keys. */
    readonly text?: string
  }): Promise<SendResult | null>
  /**
   * What went out to an address in a time, oldest first; absent where the provider cannot be looked into (SMTP).
   *
   * @throws when it cannot be asked: an empty list means that there was nothing
   */
  sentTo?(address: {
    readonly to: string
    readonly from: Date
    readonly until: Date
  }): Promise<readonly { readonly providerId: string; readonly at: Date }[]>
  /**
   * Sends something to somebody of the company itself, by e-mail alone: without lease, since once too often does no
   * harm. The same key gives the same Message-ID.
   */
  notify?(notice: Notice, attempt: { readonly key: string }): Promise<SendResult>
  verify(): Promise<readonly Check[]>
  close(): Promise<void>
}
