/** What every route is given. */
import type { LoopServices } from '../loop/services.ts'
import type { Vault } from '../security/vault.ts'

/** The queue as far as the server knows it. */
export interface ServerQueue {
  /** Looks for due work now instead of at the next sweep. */
  wake(): void
  /** Jobs by queue and state: `{ sync: { waiting: 2, active: 1, … } }`. */
  counts(): Promise<Readonly<Record<string, Readonly<Record<string, number>>>>>
}

/** A mail that reached the sandbox inbox. */
export interface SandboxMail {
  readonly id: string
  readonly receivedAt: Date
  readonly from: string
  readonly to: readonly string[]
  readonly subject: string
  readonly text: string
  readonly html: string | null
}

/** The sandbox inbox as its page reads it. */
export interface SandboxInbox {
  list(): readonly SandboxMail[]
  read(id: string): SandboxMail | null
}

export interface ServerServices extends LoopServices {
  readonly vault: Vault
  /** Null in a process that only serves: the workers' own sweep finds what is due. */
  readonly queue: ServerQueue | null
  readonly inbox: SandboxInbox | null
  /** Without a slash at its end; null: nothing that needs a public address works. */
  readonly publicUrl: string | null
}
