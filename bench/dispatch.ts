/**
 * How fast what is due leaves, by each channel:
 *
 *   node bench/dispatch.ts [--count 3000] [--channel email|sms|task] [--rounds 3] [--alone no] [--sends N]
 *
 * Through the real queue and the real `act`, to a provider's sandbox in a process of its own: every intervention is
 * claimed, looked at, handed over and stored by itself. Beside it the same provider without a ledger, as fast as it takes
 * what is handed to it, which is the limit on this machine.
 *
 * Processor time of each process is what a busy machine can be judged by: `most` is the rate that two cores give when
 * they have nothing else to do and no process needs more than one of them.
 *
 * `--sends` is how many of the tenant are in flight at a time; default: as in earnest (src/queue/limits.ts).
 *
 * The embedded database, or the one that HOLDFAST_TEST_DATABASE_URL names; the queue in it, and in the Redis that
 * HOLDFAST_TEST_REDIS_URL names. Bars: embedded 150 a second; PostgreSQL and Redis 1,000 a second on two cores.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { systemClock } from '../src/contracts/clock.ts'
import type { TenantId } from '../src/contracts/ids.ts'
import { act } from '../src/loop/act.ts'
import type { ActServices } from '../src/loop/act-services.ts'
import { openBackend } from '../src/queue/backend.ts'
import { startQueue } from '../src/queue/service.ts'
import type { Database } from '../src/store/database.ts'
import { openTestDatabase } from '../test/support/database.ts'
import { ADDRESS_KEY, LINK_KEY } from '../test/support/keys.ts'
import { crmConnectors } from '../test/support/worker-crm.ts'
import { emailChannel, handOver, plan, smsChannel } from './dispatch-channels.ts'
import type { BenchChannel, ProviderPlace } from './dispatch-provider.ts'
import { ownMs, postgresMs, processMs, redisMs, spent, type ProcessorTimes } from './processor-time.ts'

const { values: options } = parseArgs({
  options: {
    count: { type: 'string', default: '3000' },
    rounds: { type: 'string', default: '3' },
    channel: { type: 'string', multiple: true, default: ['email', 'sms', 'task'] },
    alone: { type: 'string', default: 'yes' },
    sends: { type: 'string' },
  },
})
const COUNT = Number(options.count)
const ROUNDS = Number(options.rounds)
const SENDS = options.sends === undefined ? null : Number(options.sends)
const served = process.env['HOLDFAST_TEST_DATABASE_URL'] !== undefined
const redis = process.env['HOLDFAST_TEST_REDIS_URL'] ?? null
const where = !served ? 'embedded' : redis === null ? 'PostgreSQL' : 'PostgreSQL and Redis'
const BAR = served && redis !== null ? 1000 : 150
const CORES = 2
const print = (line: string): void => void process.stdout.write(`${line}\n`)

interface Provider {
  readonly place: ProviderPlace
  readonly process: ChildProcess
}

async function startProvider(channel: BenchChannel): Promise<Provider> {
  const file = new URL('dispatch-provider.ts', import.meta.url)
  const child = fork(file, [channel, String(COUNT)], { stdio: 'inherit' })
  const [place] = (await once(child, 'message')) as [ProviderPlace]
  return { place, process: child }
}

interface Measured {
  /** A second, by the clock on the wall. */
  readonly rate: number
  /** Milliseconds for each. */
  readonly times: ProcessorTimes
}

async function measure(times: () => Promise<ProcessorTimes>, work: () => Promise<void>): Promise<Measured> {
  const before = await times()
  const began = performance.now()
  await work()
  const rate = (COUNT * 1000) / (performance.now() - began)
  return { rate, times: spent(before, await times(), COUNT) }
}

const alone = ({ place, process: { pid = 0 } }: Provider): Promise<Measured> =>
  measure(
    async () => ({ client: ownMs(), provider: processMs(pid) }),
    () => handOver(place, COUNT),
  )

/** @throws Error when something was kept from going out, which nothing here should be */
async function sentBy(database: Database, tenant: TenantId): Promise<number> {
  const rows = await database.withTenant(tenant, (tx) =>
    tx.query<{ state: string; reason: string | null; count: number }>(
      `select state, min(reason) as reason, count(*)::integer as count from interventions where tenant_id = $1
       group by state`,
      [tenant],
    ),
  )
  const wrong = rows.find(({ state }) => !['planned', 'leased', 'sending', 'sent'].includes(state))
  if (wrong !== undefined) throw new Error(`${wrong.count} are ${wrong.state}: ${wrong.reason}`)
  return rows.find(({ state }) => state === 'sent')?.count ?? 0
}

async function dispatched({ place, process: { pid = 0 } }: Provider): Promise<Measured> {
  const database = await openTestDatabase()
  const backend = await openBackend(database, redis)
  const channel =
    place.channel === 'email' ? emailChannel(place) : place.channel === 'sms' ? smsChannel(place) : null
  const services: ActServices = {
    database,
    channels: {
      email: () => Promise.resolve(channel),
      sms: () => Promise.resolve(channel),
      smsSituation: () => ({ sandbox: true, missing: [] }),
    },
    connectors: crmConnectors(place.channel === 'task' ? place.crm : null),
    secrets: { addressKey: () => Promise.resolve(ADDRESS_KEY), linkKey: () => Promise.resolve(LINK_KEY) },
    clock: systemClock,
    log: pino({ level: 'warn' }),
    publicUrl: null,
    localUrl: 'http://localhost:3000',
  }
  const tenant = await plan(database, place, COUNT)
  // As autovacuum would have by the time that a mailing is due.
  if (served) await database.pool.query('analyze')
  const seen = { ended: 0 }
  const queue = await startQueue({
    backend,
    database,
    role: 'all',
    clock: systemClock,
    log: pino({ level: 'warn' }),
    limits: SENDS === null ? {} : { sendsPerTenant: SENDS },
    handlers: {
      step: async () => undefined,
      act: async (of, intervention, { worker, signal }) => {
        await act(services, { tenant: of, intervention, worker, signal })
        seen.ended++
      },
    },
  })
  const measured = await measure(
    async () => ({
      worker: ownMs(),
      provider: processMs(pid),
      ...(served ? { PostgreSQL: await postgresMs(database) } : {}),
      ...(redis === null ? {} : { Redis: await redisMs(redis) }),
    }),
    async () => {
      queue.wake(tenant)
      // To look at all of them takes a tenth of the database while they leave: only once all have been carried out.
      while (seen.ended < COUNT) await sleep(50)
      while ((await sentBy(database, tenant)) < COUNT) await sleep(200)
    },
  )
  await queue.drain()
  await channel?.close()
  await backend.close()
  await database.close()
  return measured
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]
const words = (times: ProcessorTimes): string =>
  Object.entries(times)
    .map(([name, ms]) => `${name} ${ms.toFixed(2)}`)
    .join(', ')

/** What two cores give: no process has more than one of them, the provider is not ours. */
function most(times: ProcessorTimes): number {
  const ours = Object.entries(times).flatMap(([name, ms]) => (name === 'provider' ? [] : [ms]))
  const total = ours.reduce((sum, ms) => sum + ms, 0)
  return 1000 / Math.max(total / CORES, Math.max(...ours))
}

for (const channel of options.channel as BenchChannel[]) {
  const provider = await startProvider(channel)
  const limits: Measured[] = []
  const rounds: Measured[] = []
  for (let round = 0; round < ROUNDS; round++) {
    if (options.alone === 'yes') limits.push(await alone(provider))
    rounds.push(await dispatched(provider))
  }
  provider.process.disconnect()
  const rates = rounds.map(({ rate }) => rate)
  const rate = median(rates)
  // Others only ever add to it.
  const { times } = rounds.toSorted((a, b) => (a.times['worker'] ?? 0) - (b.times['worker'] ?? 0))[0]
  print(
    `${where}, ${channel}: ${COUNT}, ${rate.toFixed(0)}/s (${rates.map((one) => one.toFixed(0)).join(', ')}), ${(rate / BAR).toFixed(2)} of ${BAR}/s`,
  )
  print(
    `  processor time of each, ms: ${words(times)}; at most ${most(times).toFixed(0)}/s on ${CORES} cores`,
  )
  if (limits.length > 0) {
    const limit = median(limits.map((one) => one.rate))
    print(
      `  the provider alone ${limit.toFixed(0)}/s, ratio ${(rate / limit).toFixed(2)}; ms: ${words(limits[0].times)}`,
    )
  }
}
