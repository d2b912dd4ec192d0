/**
 * The card of a record inside a CRM on a large book, over HTTP: signed requests as hubspot.fetch makes them, or those of the package
 * in a Salesforce org with its key.
 *
 *   node bench/card.ts [--crm hubspot|salesforce] [--url postgres://…/a-database] [--customers 100000] [--requests 1500] [--at-once 8] [--seed 1] [--short]
 *
 * Without --url on the embedded database, in a temporary folder. With it (or with DATABASE_URL) in a PostgreSQL database, which is
 * filled once and used again when it holds such a book already; what else is in it stays. Each request is of another record, by
 * whoever is responsible for it, so that the suggestion comes with its message. In turn with the cards the same server refuses a
 * request that is not signed, or shows no key that is known: the ratio is to that. The bar is 150 ms at the 95th percentile, one after the other.
 */
import { randomBytes } from 'node:crypto'
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs'
import { devNull, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { APP_PATHS } from '../connectors/hubspot/app.ts'
import { PACKAGE_HEADERS, PACKAGE_PATHS } from '../connectors/salesforce/app.ts'
import { id18 } from '../connectors/salesforce/ids.ts'
import { random as seeded } from '../models/random.ts'
import type { RecordCard } from '../src/contracts/record-card.ts'
import { HoldfastError } from '../src/contracts/errors.ts'
import { openLog } from '../src/log.ts'
import { createPackageKey } from '../src/security/api-keys.ts'
import { openSecrets } from '../src/security/secrets.ts'
import { openVault } from '../src/security/vault.ts'
import { startServer } from '../src/server/server.ts'
import type { Database } from '../src/store/database.ts'
import { firstDump } from '../src/store/first-dump.ts'
import { openDatabase } from '../src/store/open.ts'
import { refreshStatistics } from '../src/store/statistics.ts'
import { activateTenant } from '../src/store/tenants.ts'
import { signHubSpot } from '../test/support/hubspot-signing.ts'
import { fillWorld, type FilledWorld } from './customers-world.ts'

const { values: options } = parseArgs({
  options: {
    crm: { type: 'string', default: 'hubspot' },
    url: { type: 'string' },
    customers: { type: 'string' },
    requests: { type: 'string' },
    'at-once': { type: 'string', default: '8' },
    seed: { type: 'string', default: '1' },
    short: { type: 'boolean', default: false },
  },
})
const { short } = options
if (options.crm !== 'hubspot' && options.crm !== 'salesforce')
  throw new Error('--crm takes hubspot or salesforce')
const crm = options.crm
const url = options.url ?? process.env['DATABASE_URL'] ?? null
const customers = Number(options.customers ?? (short ? 10_000 : 100_000))
const requests = Number(options.requests ?? (short ? 200 : 1500))
const atOnce = Number(options['at-once'])
const BAR = 150
const PORTAL = '4711'
const ORG = id18('00DHp0000000001')
const SECRET = randomBytes(16).toString('hex')

const random = seeded(Number(options.seed))
const print = (line: string): void => void process.stdout.write(`${line}\n`)

const folder = url === null ? mkdtempSync(join(tmpdir(), 'holdfast-bench-')) : null
const database = await openDatabase({ url, folder, dump: url === null ? firstDump() : null })
try {
  const started = performance.now()
  const world = await fillWorld(database, customers, print, 'Benchmark of cards')
  await asCrm(database, world)
  print(
    `${customers.toLocaleString('en')} customers, ${database.kind === 'served' ? 'PostgreSQL' : 'embedded database'}, ready in ${Math.round((performance.now() - started) / 1000)} s`,
  )
  await measure(world)
} finally {
  await database.close()
  if (folder !== null) rmSync(folder, { recursive: true })
}

/** Of a customer in Salesforce: 001Hp and its number. */
function accountId(customer: number): string {
  return id18(`001Hp${String(customer).padStart(10, '0')}`)
}

/** The same book as records of an account of the CRM. */
async function asCrm(database: Database, { tenant }: FilledWorld): Promise<void> {
  await database.withTenant(tenant, async (tx) => {
    await tx.query(
      `update connections set kind = $2, external_id = $1,
         config = jsonb_build_object('portal', $1::text, 'object', $3::text, 'auth', 'oauth')
       where kind <> $2`,
      [crm === 'hubspot' ? PORTAL : ORG, crm, crm === 'hubspot' ? 'companies' : 'Account'],
    )
    if (crm === 'hubspot')
      await tx.query(
        `update customers set external_id = id::text, object = 'companies' where external_id <> id::text`,
      )
    else {
      const ids = await tx.query<{ id: number }>(`select id from customers where object <> 'Account'`)
      await tx.query(
        `update customers c set external_id = r.record, object = 'Account'
         from json_to_recordset($1) as r (id bigint, record text) where c.id = r.id`,
        [JSON.stringify(ids.map(({ id }) => ({ id, record: accountId(id) })))],
      )
    }
    // Of what was sent a third waits for a yes instead: the dearest of cards.
    await tx.query(
      `update interventions set state = 'awaiting_approval' where state = 'confirmed' and decision_id % 3 = 0`,
    )
    await tx.query('update steps set last_done_at = now()')
    await activateTenant(tx, tenant)
  })
  await database.asSystem('a benchmark', refreshStatistics)
}

async function measure({ tenant, first, last }: FilledWorld): Promise<void> {
  const absent = (what: string) => (): Promise<never> =>
    Promise.reject(new HoldfastError('internal', `This benchmark has no ${what}.`))
  const vault = openVault({ masterKey: randomBytes(32) })
  // What is sealed there is of another run's key.
  if (url !== null) await database.withTenant(tenant, (tx) => tx.query('delete from data_keys'))
  const base = 'https://holdfast.example'
  const server = await startServer({
    host: '127.0.0.1',
    port: 0,
    trustProxy: false,
    version: '0.0.0',
    routes: [],
    services: {
      database,
      engines: { get: absent('engines'), close: async () => undefined },
      connectors: { can: () => false, open: absent('connectors') },
      secrets: openSecrets(vault),
      clock: () => new Date(),
      log: openLog({ level: 'info', destination: createWriteStream(devNull) }),
      vault,
      queue: null,
      inbox: null,
      publicUrl: base,
      appKeys: [{ secret: SECRET, base }],
    },
  })
  try {
    const reps = await database.withTenant(tenant, (tx) =>
      tx.query<{ id: number; email: string | null }>(
        'select id, responsible_email as email from customers where id = any ($1::bigint[])',
        [Array.from({ length: requests * 2 + 50 }, () => first + random.integer(last - first))],
      ),
    )
    const { key } = await database.withTenant(tenant, (tx) =>
      createPackageKey(tx, { name: 'A benchmark', account: ORG, actor: 'a benchmark' }),
    )
    const asked = (id: number, email: string, known: boolean): { path: string } & RequestInit =>
      crm === 'hubspot'
        ? signHubSpot({
            secret: known ? SECRET : 'guessed',
            base,
            path: APP_PATHS.card,
            query: { objectTypeId: '0-2', objectId: String(id) },
            by: { portal: PORTAL, email },
            now: new Date(),
          })
        : {
            path: `${PACKAGE_PATHS.card}?record=${accountId(id)}`,
            headers: {
              authorization: `Bearer ${known ? key : `hf_${randomBytes(32).toString('base64url')}`}`,
              [PACKAGE_HEADERS.org]: ORG,
              // Another user each time, who is nobody's owner: whoever is responsible is told by their address here.
              [PACKAGE_HEADERS.user]: id18(`005Hp${String(id).padStart(10, '0')}`),
              [PACKAGE_HEADERS.email]: email,
            },
          }
    const states = new Map<string, number>()
    let next = 0
    const card = async (signed = true): Promise<number> => {
      const { id, email } = reps[next++ % reps.length]
      const { path, ...init } = asked(id, email ?? 'nobody@example.com', signed)
      const begun = performance.now()
      const answer = await fetch(server.url + path, init)
      const body = (await answer.json()) as RecordCard
      const taken = performance.now() - begun
      // Guessing keys is slowed down after some: that is a refusal too.
      if (signed ? answer.status !== 200 : ![401, 429].includes(answer.status))
        throw new Error(`answered with ${answer.status}`)
      const state = body.suggestion === null ? body.state : `${body.state} with a suggestion`
      if (signed) states.set(state, (states.get(state) ?? 0) + 1)
      return taken
    }
    // The first ones open connections and prepare statements.
    for (let n = 0; n < 20; n++) await card()
    states.clear()

    const alone: number[] = []
    const refused: number[] = []
    for (let n = 0; n < requests; n++) {
      alone.push(await card())
      if (n % 5 === 0) refused.push(await card(false))
    }
    const together: number[] = []
    const worker = async (): Promise<void> => {
      while (together.length < requests) together.push(await card())
    }
    await Promise.all(Array.from({ length: atOnce }, worker))

    print(`\n${'ms'.padEnd(44)}${'p50'.padStart(7)}${'p95'.padStart(7)}${'max'.padStart(7)}`)
    print(line('a card, one after the other', alone))
    print(line(`a card, ${atOnce} at once`, together))
    print(line('refused, since it is not signed', refused))
    print(
      `\n${[...states]
        .toSorted(([, a], [, b]) => b - a)
        .map(([state, many]) => `${many} ${state}`)
        .join(', ')}`,
    )
    const [p50, p95] = [at(alone, 0.5), at(alone, 0.95)]
    print(
      `a card takes ${(p50 / at(refused, 0.5)).toFixed(1)} times a refusal (p50); p95 is ${(p95 / BAR).toFixed(2)} of ${BAR} ms${p95 > BAR ? ': over the bar' : ''}`,
    )
  } finally {
    await server.close()
  }
}

function line(name: string, taken: readonly number[]): string {
  const figures = [at(taken, 0.5), at(taken, 0.95), Math.max(...taken)]
  return name.padEnd(44) + figures.map((ms) => (ms < 10 ? ms.toFixed(1) : ms.toFixed(0)).padStart(7)).join('')
}

function at(taken: readonly number[], share: number): number {
  const sorted = taken.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
}
