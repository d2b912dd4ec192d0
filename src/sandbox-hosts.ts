/**
 * The CRM sandboxes that a process which does everything hosts: accounts of made-up companies that live on, kept in
 * journals in the data folder. Nothing of the engine reaches into them; what is read and written goes over the network,
 * by the same clients as to the CRMs.
 */
import type { HubSpotSandboxHost } from './hubspot-sandbox.ts'
import type { SalesforceSandboxHost } from './salesforce-sandbox.ts'

/** What every sandbox of this process can do. */
export interface SandboxHost {
  /**
   * From now on time passes in it.
   *
   * @param at.webhooks where HubSpot's events arrive in this process
   */
  live(at: { readonly webhooks: string }): void
  /** Lets a month pass at once. */
  passMonth(): void | Promise<void>
  /** 'YYYY-MM-DD' of its world, which is ahead of the calendar by the months that passed. */
  today(): string
  close(): Promise<void>
}

export interface SandboxHostByKind {
  readonly hubspot: HubSpotSandboxHost
  readonly salesforce: SalesforceSandboxHost
}
export type SandboxKind = keyof SandboxHostByKind

export const SANDBOX_KINDS: readonly SandboxKind[] = ['hubspot', 'salesforce']

/** How people say it. */
export const SANDBOX_WORDS: Readonly<Record<SandboxKind, string>> = {
  hubspot: 'HubSpot sandbox',
  salesforce: 'Salesforce sandbox',
}

/**
 * Months of its world in an hour: slow enough that a sample is not worn out in a day, fast enough that something
 * changes every minute.
 */
export const SANDBOX_PACE = 0.25
export const SANDBOX_TICK_MS = 10_000

/** @param months that passed in a sandbox beyond the calendar */
export function sandboxDay(now: Date, months: number): string {
  return new Date(now.getTime() + months * (365.25 / 12) * 86_400_000).toISOString().slice(0, 10)
}

export interface SandboxHosts {
  /** Null: nothing is connected to it, or another process hosts it. */
  get<K extends SandboxKind>(kind: K): SandboxHostByKind[K] | null
  /** Goes on with the one that is in the data folder, or begins one; hosts it from now on. */
  start<K extends SandboxKind>(kind: K): Promise<SandboxHostByKind[K]>
  close(): Promise<void>
}

/**
 * @param open begins or goes on with one; each is loaded only then
 * @example
 * const sandboxes = openSandboxHosts({ hubspot: …, salesforce: … })
 * await sandboxes.start('hubspot')
 */
export function openSandboxHosts(open: {
  readonly [K in SandboxKind]: () => Promise<SandboxHostByKind[K]>
}): SandboxHosts {
  const running: { [K in SandboxKind]?: SandboxHostByKind[K] } = {}
  return {
    get: (kind) => running[kind] ?? null,
    start: async (kind) => {
      const known = running[kind]
      if (known !== undefined) return known
      const host = await open[kind]()
      running[kind] = host
      return host
    },
    close: async () => {
      await Promise.all(SANDBOX_KINDS.map((kind) => running[kind]?.close()))
    },
  }
}
