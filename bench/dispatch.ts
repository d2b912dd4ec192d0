/**
 * How fast what is due leaves:
 *
 *   node bench/dispatch.ts [--count 3000] [--channel email] [--rounds 3]
 *
 * Through the real queue and the real `act`, to a provider's sandbox in a process of its own: every intervention is
 * claimed, looked at, handed over and stored by itself. Beside it the same provider without a ledger, as fast as it takes
 * what is handed to it, which is the limit on this machine.
 *
 * The embedded database, or the one that HOLDFAST_TEST_DATABASE_URL names; the queue in it, and in the Redis that
 * HOLDFAST_TEST_REDIS_URL names. Bars: embedded 150 a second; PostgreSQL and Redis 1,000 a second on two cores.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { pino } from 'pino'
import type { Channel } from '../actions/channel.ts'
import { openEmailChannel } from '../actions/email/channel.ts'
import { systemClock } from '../src/contracts/clock.ts'
import type { TenantId } from '../src/contracts/ids.ts'
import { act } from '../src/loop/act.ts'
import type { ActServices } from '../src/loop/act-services.ts'
import { openBackend } from '../src/queue/backend.ts'
import { startQueue } from '../src/queue/service.ts'
import type { Database } from '../src/store/database.ts'
import { planMailing } from '../test/faults/mailing.ts'
import { openTestDatabase } from '../test/support/database.ts'
import { ADDRESS_KEY, LINK_KEY } from '../test/support/keys.ts'
import { crmConnectors } from '../test/support/worker-crm.ts'

const { values: options } = parseArgs({
  options: { count: { type: 'string', default: '3000' }, rounds: { type: 'string', default: '3' } },
})
const COUNT = Number(options.count)
const ROUNDS = Number(options.rounds)
const print = (line: string): void => void process.stdout.write(`${line}\n`)

interface Provider {
  readonly host: string
  readonly port: number
  readonly process: ChildProcess
}

/** The sandbox inbox as a process of its own, as a mail server is. */
async function startProvider(): Promise<Provider> {
  const child = fork(new URL('dispatch-provider.ts', import.meta.url), { stdio: 'inherit' })
  const [place] = (await once(child, 'message')) as [{ host: string; port: number }]
  return { ...place, process: child }
}

const openChannel = ({ host, port }: Provider): Channel =>
  openEmailChannel({
    host,
    port,
    security: 'none',
    user: null,
    password: null,
    dkim: null,
    clock: systemClock,
  })

/** The provider as fast as it goes: nothing is looked at and nothing remembered. */
async function bare(provider: Provider): Promise<number> {
  const channel = openChannel(provider)
  const began = performance.now()
  let left = COUNT
  const one = async (): Promise<void> => {
    while (left-- > 0) {
      const key = randomUUID()
      await channel.send(
        {
          kind: 'email',
          to: { name: 'Ann', address: `${key}@example.com` },
          from: { name: 'Acme', address: 'hello@acme.example' },
          replyTo: null,
          subject: 'Hello',
          text: 'Hello Ann,\n\nhow are you?',
          html: '<p>Hello Ann,</p><p>how are you?</p>',
          language: 'en',
          unsubscribe: { url: `http://127.0.0.1/u/${key}`, mailto: null },
        },
        {
          key,
          deadline: new Date(Date.now() + 30_000),
          confirmLease: () => Promise.resolve(),
          note: () => undefined,
        },
      )
    }
  }
  await Promise.all(Array.from({ length: 32 }, one))
  await channel.close()
  return (COUNT * 1000) / (performance.now() - began)
}

async function sentBy(database: Database, tenant: TenantId): Promise<number> {
  const [{ count }] = await database.withTenant(tenant, (tx) =>
    tx.query<{ count: number }>(
      `select count(*)::integer as count from interventions where tenant_id = $1 and state = 'sent'`,
      [tenant],
    ),
  )
  return count
}

async function dispatched(provider: Provider): Promise<number> {
  const database = await openTestDatabase()
  const redis = process.env['HOLDFAST_TEST_REDIS_URL'] ?? null
  const backend = await openBackend(database, redis)
  const channel = openChannel(provider)
  const services: ActServices = {
    database,
    channels: { email: () => Promise.resolve(channel) },
    connectors: crmConnectors(null),
    secrets: { addressKey: () => Promise.resolve(ADDRESS_KEY), linkKey: () => Promise.resolve(LINK_KEY) },
    clock: systemClock,
    log: pino({ level: 'warn' }),
    publicUrl: null,
    localUrl: 'http://localhost:3000',
  }
  const tenant = await planMailing(database, COUNT)
  const queue = await startQueue({
    backend,
    database,
    role: 'all',
    clock: systemClock,
    log: pino({ level: 'warn' }),
    handlers: {
      step: async () => undefined,
      act: async (of, intervention, { worker, signal }) => {
        await act(services, { tenant: of, intervention, worker, signal })
      },
    },
  })
  const began = performance.now()
  const cpu = process.cpuUsage()
  queue.wake(tenant)
  while ((await sentBy(database, tenant)) < COUNT) await sleep(100)
  const rate = (COUNT * 1000) / (performance.now() - began)
  const { user, system } = process.cpuUsage(cpu)
  print(`  ${((user + system) / 1000 / COUNT).toFixed(2)} ms of this process's processor time an e-mail`)
  await queue.drain()
  await channel.close()
  await backend.close()
  await database.close()
  return rate
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]

const provider = await startProvider()
const rates: number[] = []
const limits: number[] = []
for (let round = 0; round < ROUNDS; round++) {
  limits.push(await bare(provider))
  rates.push(await dispatched(provider))
}
provider.process.disconnect()
const where =
  process.env['HOLDFAST_TEST_DATABASE_URL'] === undefined
    ? 'embedded'
    : `PostgreSQL${process.env['HOLDFAST_TEST_REDIS_URL'] === undefined ? '' : ' and Redis'}`
const bar = where === 'PostgreSQL and Redis' ? 1000 : 150
print(
  `${where}: ${COUNT} e-mails, ${median(rates).toFixed(0)}/s (${rates.map((rate) => rate.toFixed(0)).join(', ')}), ${(median(rates) / bar).toFixed(2)} of ${bar}/s; the provider alone ${median(limits).toFixed(0)}/s, ratio ${(median(rates) / median(limits)).toFixed(2)}`,
)
