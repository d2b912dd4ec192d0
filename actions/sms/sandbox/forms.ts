/** What the sandbox tells, and what it is answered, in Twilio's words. */
import type { Form } from './callbacks.ts'
import type { SandboxText, TextStatus } from './texts.ts'

export interface SandboxAccount {
  readonly accountSid: string
  readonly messagingServiceSid: string
  readonly number: string
}

/** What a status callback carries. */
export function statusForm(
  account: SandboxAccount,
  text: SandboxText,
  status: TextStatus,
  code: number | null,
): Form {
  return {
    ApiVersion: '2010-04-01',
    AccountSid: account.accountSid,
    MessageSid: text.sid,
    SmsSid: text.sid,
    MessageStatus: status,
    SmsStatus: status,
    To: text.to,
    From: text.from ?? account.number,
    ...(text.service === null ? {} : { MessagingServiceSid: text.service }),
    ...(code === null ? {} : { ErrorCode: String(code) }),
  }
}

/** What the webhook for incoming messages is given. */
export function inboundForm(account: SandboxAccount, text: SandboxText): Form {
  return {
    ToCountry: 'US',
    SmsMessageSid: text.sid,
    NumMedia: '0',
    SmsSid: text.sid,
    SmsStatus: 'received',
    Body: text.body,
    To: account.number,
    MessagingServiceSid: account.messagingServiceSid,
    NumSegments: String(text.segments),
    MessageSid: text.sid,
    AccountSid: account.accountSid,
    From: text.from ?? '',
    ApiVersion: '2010-04-01',
  }
}

/** `…/status?a=…` to `…/inbound`. */
export function besideOf(callback: string): string {
  return callback.replace(/[?#].*$/, '').replace(/\/[^/]*$/, '/inbound')
}

/** The text of TwiML's first Message; null: nothing is to be sent. */
export function messageIn(twiml: string): string | null {
  const found = /<Message>([\s\S]*?)<\/Message>/.exec(twiml)
  if (found === null) return null
  const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }
  return found[1].replace(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => entities[name])
}
