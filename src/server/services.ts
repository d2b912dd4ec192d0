/** What every route is given. */
import type { Inbox } from '../../actions/email/sandbox/inbox.ts'
import type { LoopServices } from '../loop/services.ts'
import type { QueueService } from '../queue/service.ts'
import type { ApiKeys } from '../security/api-keys.ts'
import type { Sessions } from '../security/sessions.ts'
import type { Vault } from '../security/vault.ts'

/** What whoever starts the server brings. */
export interface ServerServices extends LoopServices {
  readonly vault: Vault
  /** Null where the queue is not spoken to: the workers' own sweep finds what is due. */
  readonly queue: Pick<QueueService, 'wake' | 'counts' | 'queues'> | null
  /** The sandbox inbox; null where there is none. */
  readonly inbox: Pick<Inbox, 'list' | 'read' | 'clear'> | null
  /** Without a slash at its end; null: nothing that needs a public address works. */
  readonly publicUrl: string | null
}

/** What `handle` of a route is given besides the request. */
export interface RouteServices extends ServerServices {
  readonly keys: ApiKeys
  readonly sessions: Sessions
}
