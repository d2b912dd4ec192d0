/**
 * A worker as a process of its own, to be killed, frozen and starved: the real queue, the real `act`, the real channel
 * to a mail server elsewhere. Its parent asks by messages how far it is.
 */
import { pino } from 'pino'
import { openEmailChannel } from '../../actions/email/channel.ts'
import { HUBSPOT_CAN } from '../../connectors/hubspot/connector.ts'
import { systemClock } from '../../src/contracts/clock.ts'
import type { TenantId } from '../../src/contracts/ids.ts'
import { act } from '../../src/loop/act.ts'
import type { ActServices, LeaseTimes } from '../../src/loop/act-services.ts'
import { openConnectors } from '../../src/loop/connectors.ts'
import { openBackend } from '../../src/queue/backend.ts'
import { startQueue, type QueueRole } from '../../src/queue/service.ts'
import { openDatabase } from '../../src/store/open.ts'
import { ADDRESS_KEY, LINK_KEY } from '../support/keys.ts'
import { openWorkerHubSpot, type HubSpotPlace } from './hubspot.ts'
import type { Address } from './place.ts'

export interface WorkerOptions {
  readonly address: Address
  /** Null: no e-mails are sent. */
  readonly inbox: { readonly host: string; readonly port: number } | null
  /** Absent: no tasks are made. */
  readonly hubspot?: HubSpotPlace
  readonly tenant: TenantId
  readonly timeoutMs: number
  readonly leases: LeaseTimes
  readonly role: QueueRole
  /** No other process works on the database: what one that was killed dispatched under need not be waited out. */
  readonly alone: boolean
}

/** `hurry` makes due what waits to be tried again; both are answered with {@link Progress}. */
export type Question = { readonly id: number; readonly ask: 'progress' | 'hurry' }

export interface Progress {
  readonly id: number
  /** Interventions by state; null when the database could not say. */
  readonly states: Readonly<Record<string, number>> | null
}

// Nothing stays behind when the test itself ends.
process.on('disconnect', () => process.exit(0))
const { address, inbox, hubspot, tenant, timeoutMs, leases, role, alone }: WorkerOptions = JSON.parse(
  process.argv[2],
)

const log = pino({ level: 'warn' }, pino.destination({ dest: 2, sync: true }))
const database = await openDatabase({ ...address, onLost: () => undefined })
if (alone)
  await database.asSystem('the dispatcher is dead', (tx) =>
    tx.query(`delete from leases where name = 'dispatcher'`),
  )
const channel =
  inbox === null
    ? null
    : openEmailChannel({
        ...inbox,
        security: 'none',
        user: null,
        password: null,
        dkim: null,
        clock: systemClock,
        timeoutMs,
      })
const services: ActServices = {
  database,
  channels: { email: () => Promise.resolve(channel) },
  connectors: openConnectors(
    hubspot === undefined ? {} : { hubspot: { open: () => openWorkerHubSpot(hubspot), can: HUBSPOT_CAN } },
  ),
  secrets: { addressKey: () => Promise.resolve(ADDRESS_KEY), linkKey: () => Promise.resolve(LINK_KEY) },
  clock: systemClock,
  log,
  publicUrl: null,
  localUrl: 'http://localhost:3000',
  leases,
}
const queue = await startQueue({
  backend: await openBackend(database, null),
  database,
  role,
  clock: systemClock,
  log,
  limits: { sweepMs: 200, leaseSeconds: 2, sendsPerTenant: 6 },
  handlers: {
    step: () => Promise.resolve(),
    act: async (tenant, intervention, { worker, signal }) => {
      await act(services, { tenant, intervention, worker, signal })
    },
  },
})

async function answer({ ask }: Question): Promise<Progress['states']> {
  return database.withTenant(tenant, async (tx) => {
    if (ask === 'hurry') {
      await tx.query(
        `update interventions set due_at = now()
         where tenant_id = $1 and state in ('planned', 'deferred') and due_at > now()`,
        [tenant],
      )
      tx.afterCommit(() => queue.wake(tenant))
    }
    const counted = await tx.query<{ state: string; count: number }>(
      'select state, count(*) from interventions where tenant_id = $1 group by state',
      [tenant],
    )
    return Object.fromEntries(counted.map(({ state, count }) => [state, count]))
  })
}

process.on('message', (question: Question) => {
  void answer(question)
    .catch(() => null)
    .then((states) => process.send?.({ id: question.id, states } satisfies Progress))
})
process.send?.({ id: 0, states: null } satisfies Progress)
