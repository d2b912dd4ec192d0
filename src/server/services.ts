/** What every route is given. */
import type { Inbox } from '../../actions/email/sandbox/inbox.ts'
import type { SmsSandbox } from '../../actions/sms/sandbox/sandbox.ts'
import type { SettingUp } from '../control/setting-up-contract.ts'
import type { Channels } from '../loop/act-services.ts'
import type { PreviewServices } from '../loop/preview-judge.ts'
import type { LoopServices } from '../loop/services.ts'
import type { QueueService } from '../queue/service.ts'
import type { ApiKeys } from '../security/api-keys.ts'
import type { RateLimiter } from '../security/rate-limits.ts'
import type { Sessions } from '../security/sessions.ts'
import type { SignInService } from '../security/sign-in-service.ts'
import type { Vault } from '../security/vault.ts'
import type { Training } from '../training/service.ts'
import type { WhatIf } from '../what-if/service.ts'
import type { LiveStreams } from './events/streams.ts'

/** What an app at a CRM signs its requests with: webhooks, and what its pages and workflows ask. */
export interface AppKey {
  /** The app's client secret. */
  readonly secret: string
  /** The address that the CRM was told, without a path, which it signs: never taken from the request. */
  readonly base: string
  /** The only portal that it speaks for, such as the sandbox; absent: whichever installed the app. */
  readonly portal?: string
}

/** What became of a webhook's request, or of the events in it. */
export type WebhookResult = 'taken' | 'known' | 'own' | 'unknown_portal' | 'forged' | 'unreadable'

/** What became of a request that a page or a workflow inside a CRM made. */
export type SignedResult = 'taken' | 'forged' | 'replayed' | 'unknown_portal'

/** What whoever starts the server brings. */
export interface ServerServices extends LoopServices, Pick<PreviewServices, 'feedbackPath'> {
  /** Absent: nothing can be sent from here, tests of templates neither. */
  readonly channels?: Channels
  readonly vault: Vault
  /** Null where the queue is not spoken to: the workers' own sweep finds what is due. */
  readonly queue: Pick<QueueService, 'wake' | 'counts' | 'queues'> | null
  /** Absent or null: people sign in with links, and the local password. */
  readonly signIn?: SignInService | null
  /** The sandbox inbox; null where there is none. */
  readonly inbox: Pick<Inbox, 'list' | 'read' | 'clear'> | null
  /** The SMS sandbox; absent or null where there is none. */
  readonly texts?: Pick<SmsSandbox, 'accountSid' | 'authToken' | 'list' | 'read' | 'receive'> | null
  /** Where mails of the sandbox are answered to; absent or null: nobody takes them. */
  bounces?(): { readonly host: string; readonly port: number } | null
  /** Without a slash at its end; null: nothing that needs a public address works. */
  readonly publicUrl: string | null
  /** Absent or null in a process that does not train. */
  readonly training?: Training | null
  /** Absent or null in a process that holds no books. */
  readonly whatIf?: WhatIf | null
  /** What reaches out to CRMs to set them up and to look at them; absent or null: this process does not. */
  readonly settingUp?: SettingUp | null
  /** Of the apps of this installation; default none: then only private apps' webhooks are taken, and no cards are answered. */
  readonly appKeys?: readonly AppKey[]
}

/** What `handle` of a route is given besides the request. */
export interface RouteServices extends ServerServices {
  readonly keys: ApiKeys
  readonly sessions: Sessions
  /** What happens while people look. */
  readonly live: LiveStreams
  readonly appKeys: readonly AppKey[]
  /** How much one caller may ask for. */
  readonly rates: RateLimiter
  /** For the figures of the installation. */
  countWebhook(result: WebhookResult, many: number): void
  countSigned(result: SignedResult): void
}
