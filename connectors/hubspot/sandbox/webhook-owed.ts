/**
 * Events that nobody has taken yet, kept with the portal: a sandbox that is killed sends them when it is there again, as
 * HubSpot does, whose changes and webhooks outlive a server.
 */
import type { SandboxState } from './state.ts'
import type { WebhookEvent } from './webhook-delivery.ts'

export interface OwedEvent {
  readonly key: string
  readonly event: WebhookEvent
}

export interface Owed {
  /** In the order in which they came to be owed. */
  found(): OwedEvent[]
  /** @param key of one that is kept already, and changed */
  keep(event: WebhookEvent, key?: string): OwedEvent
  /** They were taken, or given up. */
  settle(events: readonly OwedEvent[]): void
}

const OWED = 'webhooks_owed'

export function openOwed(state: Pick<SandboxState, 'put' | 'entries'>): Owed {
  const before = [...state.entries(OWED)].map(([key, event]) => ({ key, event: event as WebhookEvent }))
  let last = Math.max(0, ...before.map(({ key }) => Number(key)))
  return {
    found: () => before.toSorted((a, b) => Number(a.key) - Number(b.key)),
    keep(event, key = String(++last)) {
      state.put(OWED, key, event)
      return { key, event }
    },
    settle(events) {
      for (const { key } of events) state.put(OWED, key, null)
    },
  }
}
