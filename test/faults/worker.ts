/**
 * A worker as a process of its own, to be killed, frozen and starved: the real queue, the real `act`, the real channel
 * to a mail server elsewhere. Its parent asks by messages how far it is.
 */
import { randomUUID } from 'node:crypto'
import { pino } from 'pino'
import { openEmailChannel } from '../../actions/email/channel.ts'
import { openSmsChannel } from '../../actions/sms/channel.ts'
import { systemClock, type Clock } from '../../src/contracts/clock.ts'
import { asRun, type ConnectionId, type TenantId } from '../../src/contracts/ids.ts'
import { act } from '../../src/loop/act.ts'
import type { ActServices, LeaseTimes } from '../../src/loop/act-services.ts'
import { writeBack } from '../../src/loop/write-back.ts'
import { openBackend } from '../../src/queue/backend.ts'
import { startQueue, type QueueOptions, type QueueRole } from '../../src/queue/service.ts'
import { openDatabase } from '../../src/store/open.ts'
import { requestStep } from '../../src/store/steps.ts'
import { ADDRESS_KEY, LINK_KEY } from '../support/keys.ts'
import { crmConnectors, type CrmPlace } from '../support/worker-crm.ts'
import type { Address } from './place.ts'

export interface WorkerOptions {
  readonly address: Address
  /** Null: no e-mails are sent. */
  readonly inbox: { readonly host: string; readonly port: number } | null
  /** Absent: no texts are sent. */
  readonly sms?: SmsPlace
  /** Absent: no tasks are made. */
  readonly crm?: CrmPlace
  /** Where jobs wait; absent: in the database. */
  readonly redisUrl?: string
  readonly tenant: TenantId
  readonly timeoutMs: number
  readonly leases: LeaseTimes
  readonly role: QueueRole
  /** No other process works on the database: what one that was killed dispatched under need not be waited out. */
  readonly alone: boolean
  /** Beside those of every worker here. */
  readonly limits?: QueueOptions['limits']
}

/** The SMS sandbox of the test. */
export interface SmsPlace {
  readonly baseUrl: string
  readonly accountSid: string
  readonly authToken: string
  readonly messagingServiceSid: string
}

/**
 * Answered with {@link Progress}. `hurry` makes due what waits to be tried again. `kept` is about the records that a CRM
 * has of interventions, and `move` makes all of them owed again, as if each intervention had moved. `release` makes due
 * so many of what was planned for later, and `look` has texts in doubt looked up; its answer are those that wait for it.
 * `block` keeps the event loop busy, and `jump` sets the clock of this process.
 */
export type Question = { readonly id: number } & (
  | { readonly ask: 'progress' | 'hurry' | 'kept' | 'move' | 'look' | 'looking' }
  | { readonly ask: 'release'; readonly count: number }
  | { readonly ask: 'block' | 'jump'; readonly ms: number }
)

export interface Progress {
  readonly id: number
  /** Interventions, or the records of them, by state; null when the database could not say. */
  readonly states: Readonly<Record<string, number>> | null
}

// Nothing stays behind when the test itself ends.
process.on('disconnect', () => process.exit(0))
const options: WorkerOptions = JSON.parse(process.argv[2])
const { address, inbox, sms, crm, tenant, timeoutMs, leases, role, alone } = options

/** By how much this process is wrong about the time. */
let skewMs = 0
const clock: Clock = () => new Date(systemClock().getTime() + skewMs)

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
        clock,
        timeoutMs,
      })
const texts =
  sms === undefined
    ? null
    : openSmsChannel({
        accountSid: sms.accountSid,
        auth: { authToken: sms.authToken },
        baseUrl: sms.baseUrl,
        from: { messagingServiceSid: sms.messagingServiceSid },
        // By it the sandbox knows what a text was for; nobody is told there.
        statusCallback: (key) => `http://127.0.0.1:9/status?a=${key}`,
        clock,
        timeoutMs,
      })
const services: ActServices = {
  database,
  channels: {
    email: () => Promise.resolve(channel),
    sms: () => Promise.resolve(texts),
    smsSituation: () => ({ sandbox: texts !== null, missing: [] }),
  },
  connectors: crmConnectors(crm ?? null),
  secrets: { addressKey: () => Promise.resolve(ADDRESS_KEY), linkKey: () => Promise.resolve(LINK_KEY) },
  clock,
  log,
  publicUrl: null,
  localUrl: 'http://localhost:3000',
  leases,
}
const queue = await startQueue({
  backend: await openBackend(database, options.redisUrl ?? null),
  database,
  role,
  clock,
  log,
  limits: { sweepMs: 200, leaseSeconds: 2, sendsPerTenant: 6, ...options.limits },
  handlers: {
    step: async (tenant, connection, step, { cause, signal }) => {
      if (crm === undefined || step !== 'write_back') return
      const engines = {
        get: () => Promise.reject(new Error('no model is needed')),
        close: async () => undefined,
      }
      const context = {
        tenant,
        connection,
        run: asRun(randomUUID()),
        cause,
        signal,
        progress: () => undefined,
      }
      await writeBack({ ...services, engines }, context)
    },
    act: async (tenant, intervention, { worker, signal }) => {
      // Whose it was can be told by the ledger.
      await act(services, { tenant, intervention, worker: `${process.pid}/${worker}`, signal })
    },
  },
})

async function answer(question: Question): Promise<Progress['states']> {
  const { ask } = question
  if (ask === 'jump') {
    skewMs += question.ms
    return {}
  }
  if (ask === 'block') {
    for (const end = performance.now() + question.ms; performance.now() < end;);
    return {}
  }
  return database.withTenant(tenant, async (tx) => {
    if (ask === 'hurry') {
      await tx.query(
        `update interventions set due_at = now()
         where tenant_id = $1 and state in ('planned', 'deferred') and due_at > now()`,
        [tenant],
      )
      tx.afterCommit(() => queue.wake(tenant))
    }
    if (ask === 'release') {
      await tx.query(
        `update interventions set due_at = now() where tenant_id = $1 and id in (
           select id from interventions where tenant_id = $1 and state = 'planned' and due_at > now()
           order by id limit $2)`,
        [tenant, question.count],
      )
      tx.afterCommit(() => queue.wake(tenant))
    }
    if (ask === 'look') {
      await tx.query(
        `update interventions set due_at = now()
         where tenant_id = $1 and channel = 'sms' and state = 'uncertain'`,
        [tenant],
      )
      tx.afterCommit(() => queue.wake(tenant))
    }
    if (ask === 'look' || ask === 'looking') {
      const [{ count }] = await tx.query<{ count: number }>(
        `select count(*) as count from interventions
         where tenant_id = $1 and channel = 'sms' and state = 'uncertain' and due_at <= clock_timestamp()`,
        [tenant],
      )
      return { waiting: count }
    }
    if (ask === 'move') {
      const owed = await tx.query<{ connection: ConnectionId }>(
        `with moved as (
           update crm_interventions set state = 'waiting', moves = moves + 1, due_at = now()
           where tenant_id = $1 returning connection_id
         ) select distinct connection_id as connection from moved`,
        [tenant],
      )
      for (const { connection } of owed)
        await requestStep(tx, { connection, step: 'write_back', cause: 'act' })
      tx.afterCommit(() => queue.wake(tenant))
    }
    const table = ask === 'kept' || ask === 'move' ? 'crm_interventions' : 'interventions'
    const counted = await tx.query<{ state: string; count: number }>(
      `select state, count(*) from ${table} where tenant_id = $1 group by state`,
      [tenant],
    )
    return Object.fromEntries(counted.map(({ state, count }) => [state, count]))
  })
}

// Told to end, it ends what it has begun. Not `once`: signal-exit, which the Salesforce client brings, ends the process
// where nobody else listens by the time that it is asked.
process.on('SIGTERM', () => {
  void queue
    .drain()
    .then(() => database.close())
    .finally(() => process.exit(0))
})
process.on('message', (question: Question) => {
  void answer(question)
    .catch(() => null)
    .then((states) => process.send?.({ id: question.id, states } satisfies Progress))
})
process.send?.({ id: 0, states: null } satisfies Progress)
