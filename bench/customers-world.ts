/** A large book of customers, put in by SQL as the steps of the loop would write it: triggers and all. */
import { random as seeded } from '../models/random.ts'
import type { ConnectionId, TenantId } from '../src/contracts/ids.ts'
import { hashAddress } from '../src/security/address-hash.ts'
import { createConnection } from '../src/store/connections.ts'
import type { Database, Transaction } from '../src/store/database.ts'
import { refreshStatistics } from '../src/store/statistics.ts'
import { createTenant } from '../src/store/tenants.ts'

export interface FilledWorld {
  readonly tenant: TenantId
  /** With 70, 25 and 5 % of the customers. */
  readonly connections: readonly ConnectionId[]
  /** Ids of the customers lie between. */
  readonly first: number
  readonly last: number
  /** Words that stand in few names each. */
  readonly words: readonly string[]
  /** `person<n>@example.com` from 1 to this are known. */
  readonly reachable: number
}

export const ADDRESS_KEY = Buffer.alloc(32, 1)
/** Words that stand in many names each. */
export const FORMS = ['GmbH', 'Inc', 'AG', 'Ltd', 'Société', 'und'] as const
/** What decisions choose, the most frequent first; the last is chosen for one customer in 200. */
export const WORLD_ACTIONS = [
  'no_action',
  'email',
  'sms',
  'discount_10',
  'call_discount_30',
  'discount_20',
] as const

const NAME = 'Benchmark of lists'
const CHUNK = 50_000
const REACHABLE = 2000

/** Fills, or finds what was filled before with as many customers. */
export async function fillWorld(
  database: Database,
  customers: number,
  print: (line: string) => void,
  name = NAME,
): Promise<FilledWorld> {
  const words = someWords()
  const known = await database.asSystem('a benchmark', (tx) =>
    tx.query<{
      tenant: TenantId
      connections: ConnectionId[]
      customers: number
      first: number
      last: number
    }>(
      `select t.id as tenant, (select array_agg(id::text order by name) from connections where tenant_id = t.id) as connections,
         count(*) as customers, min(c.id) as first, max(c.id) as last
       from tenants t join customers c on c.tenant_id = t.id where t.name = $1 group by t.id`,
      [`${name} ${customers}`],
    ),
  )
  const whole = known.find((one) => one.customers === customers)
  if (whole !== undefined) return { ...whole, words, reachable: REACHABLE }

  const tenant = await database.asSystem('a benchmark', (tx) => createTenant(tx, `${name} ${customers}`))
  const work = <T>(run: (tx: Transaction) => Promise<T>): Promise<T> => database.withTenant(tenant, run)
  const connections: ConnectionId[] = []
  for (const name of ['A', 'B', 'C'])
    connections.push(
      await work((tx) =>
        createConnection(tx, {
          kind: 'csv',
          name,
          sandbox: false,
          config: {},
          population: { kind: 'everyone' },
        }),
      ),
    )
  for (let from = 1; from <= customers; from += CHUNK) {
    const to = Math.min(customers, from + CHUNK - 1)
    await work((tx) => fillChunk(tx, { tenant, connections, words, from, to }))
    print(`  ${to.toLocaleString('en')} customers`)
    if (from === 1) await database.asSystem('a benchmark', refreshStatistics)
  }
  await work((tx) => addAddresses(tx, tenant))
  await database.asSystem('a benchmark', refreshStatistics)
  const [{ first, last }] = await work((tx) =>
    tx.query<{ first: number; last: number }>(
      'select min(id) as first, max(id) as last from customers where tenant_id = $1',
      [tenant],
    ),
  )
  return { tenant, connections, first, last, words, reachable: REACHABLE }
}

/** Of syllables, as names of firms and people are: 4,000 of them, some with accents. */
function someWords(): string[] {
  const random = seeded(5)
  const syllables =
    'ka ro mi len tor va schu bré dal ni po rø sten wick hol fa gie lu ber zan ti mö ger ald ly qui'.split(
      ' ',
    )
  const words = new Set<string>()
  while (words.size < 4000) {
    const word = Array.from(
      { length: 2 + random.integer(3) },
      () => syllables[random.integer(syllables.length)],
    ).join('')
    words.add(word[0].toUpperCase() + word.slice(1))
  }
  return [...words]
}

interface Chunk {
  readonly tenant: TenantId
  readonly connections: readonly ConnectionId[]
  readonly words: readonly string[]
  readonly from: number
  readonly to: number
}

/** Numbers that look drawn, the same each time: uniform in [0, 1), by customer and purpose. */
const draw = (purpose: number): string => `(abs(hashint8extended(n, ${purpose})) % 1000003) / 1000003.0`

async function fillChunk(tx: Transaction, { tenant, connections, words, from, to }: Chunk): Promise<void> {
  await tx.query(
    `insert into customers (tenant_id, connection_id, object, external_id, name, properties, properties_hash, status,
       group_key, group_name, responsible_id, responsible_name, responsible_email)
     select $1, ($2::uuid[])[case when ${draw(1)} < 0.7 then 1 when ${draw(1)} < 0.95 then 2 else 3 end], 'companies',
       'C-' || n, case when ${draw(2)} < 0.02 then null else
         ($3::text[])[1 + (${draw(3)} * 4000)::integer % 4000] || ' '
         || case when ${draw(4)} < 0.3 then 'und ' else '' end
         || ($3::text[])[1 + (${draw(5)} * 4000)::integer % 4000] || ' '
         || (array['GmbH', 'GmbH', 'Inc', 'AG', 'Ltd', 'Société'])[1 + (${draw(6)} * 6)::integer % 6] end,
       jsonb_build_object('tenure', n % 72, 'MonthlyCharges', 20 + n % 90, 'Contract', 'Month-to-month', 'industry', n % 19,
         'employees', n % 1000, 'lastLogin', n % 60, 'tickets', n % 7),
       md5(n::text), case when ${draw(7)} < 0.92 then 'active' when ${draw(7)} < 0.98 then 'left' else 'deleted' end,
       'C-' || n, case when ${draw(8)} < 0.1 then 'holdout' when ${draw(8)} < 0.2 then 'usual'
         when ${draw(8)} < 0.98 then 'policy' else 'exempt' end,
       r, 'Rep ' || r, r || '@example.com'
     from (select n, case when ${draw(9)} < 0.05 then null else 'u' || floor(200 * power(${draw(10)}, 2)) end as r
       from generate_series($4::bigint, $5::bigint) n) drawn`,
    [tenant, connections, words, from, to],
  )
  const fresh = `select c.id as n, c.connection_id from customers c where c.tenant_id = $1 and c.external_id in (
    select 'C-' || m from generate_series($2::bigint, $3::bigint) m)`
  const of = [tenant, from, to]
  await tx.query(
    `insert into agreements (tenant_id, customer_id, external_id, amount_minor, currency, period_months, monthly_minor, renewal_date)
     select $1, n, 'properties', 1000, 'EUR', 1, 1000, current_date - 20 + (${draw(11)} * 385)::integer
     from (${fresh}) f where ${draw(12)} < 0.85`,
    of,
  )
  // Most of what is at stake is with few; who is likely to leave is so mostly since lately.
  await tx.query(
    `insert into scores (tenant_id, customer_id, connection_id, scored_at, as_of, probability, kind, horizon_days,
       monthly_hazard, level, level_since, reasons, data_confidence, monthly_minor, currency, value_at_risk_minor,
       model_hash, feature_set_hash, input_hash, state, context)
     select $1, n, connection_id, now(), current_date, p, 'snapshot', null, p / 12,
       case when p >= 0.45 then 'HIGH' when p >= 0.2 then 'MEDIUM' else 'LOW' end, now() - interval '200 days',
       $4::jsonb, 0.4 + 0.6 * ${draw(13)}, minor, currency, round(p * 12 * minor), repeat('a', 64), repeat('b', 64),
       md5(n::text), array[p / 12, 0, 0.1, 0.5, 0.2, 0, 0, 0.3, 0.4, 0.5]::real[], '{"monthsToNotice": 1.5}'
     from (select *, power(${draw(14)}, 3)::real as p,
         case when ${draw(15)} < 0.03 then null else (1000 * exp(6 * ${draw(16)} * ${draw(17)} * 1.5))::bigint end as minor,
         case when ${draw(15)} < 0.03 then null when ${draw(18)} < 0.7 then 'EUR' when ${draw(18)} < 0.95 then 'USD' else 'CHF' end
           as currency
       from (${fresh}) f where ${draw(19)} < 0.97) s`,
    [...of, JSON.stringify(REASONS)],
  )
  // Levels moved for one in twelve within 90 days.
  await tx.query(
    `update scores set level = case when level = 'HIGH' then 'MEDIUM' else 'HIGH' end,
       level_since = now() - ${draw(21)} * interval '90 days'
     from (${fresh}) f where tenant_id = $1 and customer_id = n and ${draw(20)} < 0.08`,
    of,
  )
  await tx.query(
    `insert into decisions (tenant_id, customer_id, connection_id, period, decided_at, group_name, group_salt_id,
       data_as_of, probability, monthly_hazard, level, state, state_version, feature_set_hash, model_hash, policy_hash,
       settings_version, action_keys, masks, gains, costs, benefits, effect_means, effect_sds, lambda, probabilities,
       action_key, propensity, draw, draw_identity, expected_value_minor, planned_cost_minor, currency, monthly_minor)
     select $1, n, f.connection_id, '2026-11', now() - interval '2 days', 'policy', repeat('c', 16), s.as_of,
       s.probability, s.monthly_hazard, s.level, s.state, 1, s.feature_set_hash, s.model_hash, repeat('d', 64), 1,
       $4::text[], array['open', 'open', 'no_consent', 'open', 'open', 'capacity_off'],
       array[0, 512, 300, -120, -800, -2000], array[0, 60, 120, 600, 1200, 2100], array[0, 0.9, 0.8, 0.3, 0.2, 0.1],
       array[0, 0.05, 0.06, 0.1, 0.15, 0.2], array[0, 0.02, 0.02, 0.03, 0.03, 0.05], 0, array[0.1, 0.9, 0, 0, 0, 0],
       ($4::text[])[case when s.level = 'LOW' and ${draw(22)} < 0.9 then 1 when ${draw(22)} < 0.5 then 1
         when ${draw(22)} < 0.8 then 2 when ${draw(22)} < 0.9 then 3 when ${draw(22)} < 0.96 then 4
         when ${draw(22)} < 0.99 then 5 else 6 end],
       0.9, 0.42, '["draw"]', 512, 60, 'EUR', s.monthly_minor
     from (${fresh}) f join scores s on s.tenant_id = $1 and s.customer_id = n where ${draw(23)} < 0.95`,
    [...of, WORLD_ACTIONS],
  )
  await tx.query(
    `insert into interventions (tenant_id, id, decision_id, customer_id, connection_id, action_key, channel, idempotency_key,
       state, expires_at, planned_cost_minor, currency, created_by)
     select $1, gen_random_uuid(), b.decision_id, n, f.connection_id, b.action_key, 'email', b.decision_id::text,
       case when ${draw(24)} < 0.86 then 'confirmed' when ${draw(24)} < 0.9 then 'suppressed'
         when ${draw(24)} < 0.94 then 'awaiting_approval' when ${draw(24)} < 0.97 then 'planned'
         when ${draw(24)} < 0.99 then 'deferred' else 'uncertain' end,
       now() + interval '20 days', 60, 'EUR', 'policy'
     from (${fresh}) f join book b on b.tenant_id = $1 and b.customer_id = n and b.action_key <> 'no_action'`,
    of,
  )
  await tx.query(
    `insert into recipients (tenant_id, customer_id, external_id, name, email, email_hash)
     select $1, n, 'P-' || n, 'Ines Vogt', 'p' || n || '@example.org', sha256(n::text::bytea) from (${fresh}) f`,
    of,
  )
}

/** Addresses that are searched for, one customer each. */
async function addAddresses(tx: Transaction, tenant: TenantId): Promise<void> {
  const addresses = Array.from({ length: REACHABLE }, (_, at) => `person${at + 1}@example.com`)
  await tx.query(
    `insert into recipients (tenant_id, customer_id, external_id, email, email_hash)
     select $1, c.id, a.address, a.address, a.hash
     from unnest($2::text[], $3::bytea[]) with ordinality as a (address, hash, n)
     join customers c on c.tenant_id = $1 and c.external_id = 'C-' || (a.n * 3)`,
    [tenant, addresses, addresses.map((address) => hashAddress(ADDRESS_KEY, 'email', address))],
  )
}

const REASONS = [
  ['contract', 'contract', 'Pays month to month, and can leave at any time.', 0.61, true],
  ['tenureMonths', 'months as a customer', 'Has been a customer for 3 months only.', 0.44, true],
  ['recurringAmount', 'monthly charges', 'Pays 89.40 a month, more than 8 in 10 customers do.', 0.2, true],
  ['techSupport', 'technical support', 'Has technical support.', -0.15, false],
].map(([feature, label, sentence, contribution, raises]) => ({
  feature,
  label,
  sentence,
  contribution,
  raises,
}))
