/** A small book in which everything occurs that lists go by, kept a second time as plain objects to hold lists against. */
import type { CustomerFilter } from '../../../src/contracts/customer-filter.ts'
import type { CustomerSort, Group, Level, SortOrder } from '../../../src/contracts/customer-terms.ts'
import type { ConnectionId, CustomerId, TenantId } from '../../../src/contracts/ids.ts'
import { random as seeded } from '../../../models/random.ts'
import { hashAddress } from '../../../src/security/address-hash.ts'
import type { Database, Transaction } from '../../../src/store/database.ts'
import { addConnection } from '../../support/database.ts'

export interface Somebody {
  id: CustomerId
  connection: ConnectionId
  externalId: string
  name: string | null
  status: 'active' | 'left' | 'deleted'
  group: Group
  responsible: string | null
  score: {
    probability: number
    level: Level
    since: Date
    before: Level | null
    minor: number | null
    currency: string | null
    confidence: number
  } | null
  /** 'YYYY-MM-DD'. */
  renewals: string[]
  /** The newest last. */
  decided: string[]
  interventions: string[]
  emails: string[]
}

export const NOW = new Date()
const DAY = 86_400_000
const dayFrom = (days: number): string => new Date(NOW.getTime() + days * DAY).toISOString().slice(0, 10)

const NAMES = [
  'Nordlicht GmbH',
  'NORD-LICHT',
  'Société Générale d’Électricité',
  'Łódź Ökostrom',
  'Straße 7 %_\\',
  'Ёлка',
  'ΆΛΦΑ',
  'Ann',
  'ann',
  'Œuvre',
]
const LEVELS = ['HIGH', 'MEDIUM', 'LOW'] as const
const ACTIONS = ['no_action', 'email', 'discount_10', 'call_a,b']
const RESPONSIBLES = ['u1', 'u,2', 'u%3', 'none?']
const STATES = [
  'planned',
  'awaiting_approval',
  'snoozed',
  'uncertain',
  'sent',
  'confirmed',
  'rejected',
  'dry_run',
]

/** What filters can name so that something is found. */
export const WORDS = { names: NAMES, actions: ACTIONS, responsibles: RESPONSIBLES }

export interface SmallBook {
  readonly people: readonly Somebody[]
  readonly connections: readonly ConnectionId[]
  /** Changes a good part of it, in all the ways in which the service does. */
  stir(): Promise<unknown>
}

/** @param seed equal ones make equal books */
export async function makeBook(
  database: Database,
  tenant: TenantId,
  { count, seed, addressKey }: { count: number; seed: number; addressKey: Buffer },
): Promise<SmallBook> {
  const random = seeded(seed)
  const one = <T>(of: readonly T[]): T => of[Math.floor(random.next() * of.length)]
  const some = (share: number): boolean => random.next() < share
  const connections = [
    await addConnection(database, tenant),
    await addConnection(database, tenant, { name: 'B' }),
  ]
  const people: Somebody[] = []
  const write = (work: (tx: Transaction) => Promise<unknown>) => database.withTenant(tenant, work)

  const newScore = (before: Somebody['score']): NonNullable<Somebody['score']> => {
    const level = one(LEVELS)
    const moved = before !== null && before.level !== level
    const minor = some(0.2) ? null : one([0, 1000, 1000, 25_000, 25_000, 9_000_000])
    return {
      probability: Math.fround(one([0.1, 0.25, 0.25, 0.7])),
      level,
      since: moved || before === null ? new Date(NOW.getTime() - one([1, 3, 3, 20]) * DAY) : before.since,
      before: moved ? before.level : (before?.before ?? null),
      minor,
      currency: minor === null ? one([null, 'EUR']) : one(['EUR', 'EUR', 'USD']),
      confidence: one([0.3, 0.6, 0.9]),
    }
  }

  // Each kind of row in one statement, as the service writes them.
  await write(async (tx) => {
    const fresh = Array.from({ length: count }, (_, at): Omit<Somebody, 'id'> => ({
      connection: one(connections),
      externalId: one(['x', 'y,', 'Ann']) + at,
      name: some(0.15) ? null : one(NAMES) + (some(0.5) ? '' : ` ${Math.floor(random.next() * 5)}`),
      status: some(0.8) ? 'active' : one(['left', 'deleted'] as const),
      group: one(['holdout', 'usual', 'policy', 'policy', 'exempt'] as const),
      responsible: some(0.3) ? null : one(RESPONSIBLES),
      score: null,
      renewals: [],
      decided: [],
      interventions: [],
      emails: [],
    }))
    const ids = await tx.query<{ id: CustomerId }>(
      `insert into customers (tenant_id, connection_id, object, external_id, name, properties, properties_hash, status,
         group_key, group_name, responsible_id, responsible_name)
       select $1, connection, 'rows', "externalId", name, '{}', '', status, "externalId", "group", responsible,
         upper(responsible)
       from json_to_recordset($2::json) as r (connection uuid, "externalId" text, name text, status text, "group" text,
         responsible text)
       returning id`,
      [tenant, JSON.stringify(fresh)],
    )
    people.push(...fresh.map((somebody, at) => ({ ...somebody, id: ids[at].id })))
    const twice = [...people, ...people]
    await score(tx, among(people, 0.85))
    await renew(
      tx,
      among(twice, 0.5).map((of) => [of, dayFrom(one([-40, -1, 0, 5, 5, 59, 60, 400]))]),
    )
    await decide(tx, among(people, 0.4))
    await decide(tx, among(people, 0.4))
    const acted = among(twice, 0.3).map((of) => [of, one(STATES)] as const)
    await tx.query(
      `insert into interventions (tenant_id, id, customer_id, connection_id, action_key, channel, idempotency_key,
         state, expires_at, currency, created_by)
       select $1, gen_random_uuid(), c, n, 'email', 'email', gen_random_uuid()::text, s, now() + interval '1 day',
         'EUR', 'a test'
       from unnest($2::bigint[], $3::uuid[], $4::text[]) as r (c, n, s)`,
      [
        tenant,
        acted.map(([{ id }]) => id),
        acted.map(([of]) => of.connection),
        acted.map(([, state]) => state),
      ],
    )
    for (const [somebody, state] of acted) somebody.interventions.push(state)
    const reached = among(people, 0.2).map((of) => [of, `person${of.id}@example.com`] as const)
    await tx.query(
      `insert into recipients (tenant_id, customer_id, external_id, email, email_hash)
       select $1, c, e, e, h from unnest($2::bigint[], $3::text[], $4::bytea[]) as r (c, e, h)`,
      [
        tenant,
        reached.map(([{ id }]) => id),
        reached.map(([, email]) => email),
        reached.map(([, email]) => hashAddress(addressKey, 'email', email)),
      ],
    )
    for (const [somebody, email] of reached) somebody.emails.push(email)
  })

  function among(of: readonly Somebody[], share: number): Somebody[] {
    return of.filter(() => some(share))
  }

  async function score(tx: Transaction, of: readonly Somebody[]): Promise<void> {
    for (const somebody of of) somebody.score = newScore(somebody.score)
    await tx.query(
      `insert into scores (tenant_id, customer_id, connection_id, scored_at, as_of, probability, kind, monthly_hazard,
         level, level_since, reasons, data_confidence, monthly_minor, currency, value_at_risk_minor, model_hash,
         feature_set_hash, input_hash, state)
       select $1, id, connection, now(), current_date, probability, 'snapshot', 0.1, level, since, '[]', confidence,
         minor, currency, minor, '', '', '', '{}'
       from json_to_recordset($2::json) as r (id bigint, connection uuid, probability real, level text,
         since timestamptz, confidence real, minor bigint, currency text)
       on conflict (tenant_id, customer_id) do update set probability = excluded.probability, level = excluded.level,
         level_since = excluded.level_since, data_confidence = excluded.data_confidence, currency = excluded.currency,
         value_at_risk_minor = excluded.value_at_risk_minor`,
      [tenant, JSON.stringify(of.map(({ id, connection, score: now }) => ({ id, connection, ...now })))],
    )
  }

  async function renew(tx: Transaction, of: readonly (readonly [Somebody, string])[]): Promise<void> {
    await tx.query(
      `insert into agreements (tenant_id, customer_id, external_id, renewal_date)
       select $1, c, gen_random_uuid()::text, d from unnest($2::bigint[], $3::date[]) as r (c, d)`,
      [tenant, of.map(([{ id }]) => id), of.map(([, day]) => day)],
    )
    for (const [somebody, day] of of) somebody.renewals.push(day)
  }

  async function decide(tx: Transaction, of: readonly Somebody[]): Promise<void> {
    for (const somebody of of) somebody.decided.push(one(ACTIONS))
    await tx.query(
      `insert into decisions (tenant_id, customer_id, connection_id, period, cause, decided_at, group_name,
         group_salt_id, data_as_of, probability, monthly_hazard, level, state, state_version, feature_set_hash,
         model_hash, policy_hash, settings_version, action_keys, masks, gains, costs, effect_means, effect_sds, lambda,
         probabilities, action_key, propensity, draw, draw_identity, planned_cost_minor, currency)
       select $1, c, n, '2026-11', gen_random_uuid()::text, $5, 'policy', '', current_date, 0, 0, 'LOW', '{}', 1, '',
         '', '', 1, '{}', '{}', '{}', '{}', '{}', '{}', 0, '{}', a, 1, 0, '', 0, 'EUR'
       from unnest($2::bigint[], $3::uuid[], $4::text[]) as r (c, n, a)`,
      [
        tenant,
        of.map(({ id }) => id),
        of.map(({ connection }) => connection),
        of.map(({ decided }) => decided.at(-1)),
        NOW,
      ],
    )
  }

  function stir(): Promise<unknown> {
    return write(async (tx) => {
      const of = (these: readonly Somebody[]): unknown[] => [tenant, these.map(({ id }) => id)]
      await score(tx, among(people, 0.3))
      const objecting = among(people, 0.05)
      for (const somebody of objecting) somebody.score = null
      await tx.query(
        'delete from scores where tenant_id = $1 and customer_id = any ($2::bigint[])',
        of(objecting),
      )
      const moved = among(people, 0.1)
      for (const somebody of moved) {
        somebody.status = one(['active', 'left', 'deleted'] as const)
        somebody.responsible = one([null, ...RESPONSIBLES])
        somebody.name = one([null, ...NAMES])
      }
      await tx.query(
        `update customers c set status = r.status, responsible_id = r.responsible, responsible_name = upper(r.responsible),
           name = r.name
         from json_to_recordset($2::json) as r (id bigint, status text, responsible text, name text)
         where c.tenant_id = $1 and c.id = r.id`,
        [
          tenant,
          JSON.stringify(
            moved.map(({ id, status, responsible, name }) => ({ id, status, responsible, name })),
          ),
        ],
      )
      await decide(tx, among(people, 0.1))
      const ended = among(people, 0.1)
      await tx.query(
        'delete from agreements where tenant_id = $1 and customer_id = any ($2::bigint[])',
        of(ended),
      )
      for (const somebody of ended) somebody.renewals = []
      await renew(
        tx,
        among(ended, 0.5).map((somebody) => [somebody, dayFrom(one([2, 61]))]),
      )
      const renewed = among(people, 0.1)
      const day = dayFrom(one([0, 3, 90]))
      await tx.query(
        'update agreements set renewal_date = $3 where tenant_id = $1 and customer_id = any ($2::bigint[])',
        [...of(renewed), day],
      )
      for (const somebody of renewed) somebody.renewals = somebody.renewals.map(() => day)
      const gone = among(people, 0.03)
      await tx.query('delete from customers where tenant_id = $1 and id = any ($2::bigint[])', of(gone))
      for (const somebody of gone) people.splice(people.indexOf(somebody), 1)
    })
  }
  return { people, connections, stir }
}

const nextRenewal = ({ renewals }: Somebody): string | null =>
  renewals.filter((day) => day >= dayFrom(0)).toSorted()[0] ?? null

const SPECIAL: Readonly<Record<string, string>> = { ß: 'ss', œ: 'oe', ł: 'l', ς: 'σ' }
export const folded = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/[ßœłς]/g, (letter) => SPECIAL[letter])

/** Whether a filter means somebody, said as plainly as it can be. */
export function means(filter: CustomerFilter, somebody: Somebody): boolean {
  const { score, status, group, connection, responsible, name, externalId, emails, interventions } = somebody
  const action = somebody.decided.at(-1) ?? null
  const of = (wanted: readonly string[] | undefined, value: string | null): boolean =>
    wanted === undefined || wanted.includes(value ?? 'none')
  const renewal = nextRenewal(somebody)
  const changedAt = score === null || score.before === null ? null : score.since
  const asksOfChange = [filter.changed, filter.changedSince, filter.changedWithin].some(
    (one) => one !== undefined,
  )
  const open = interventions.filter((state) =>
    ['planned', 'awaiting_approval', 'snoozed', 'uncertain'].includes(state),
  )
  const { q = '' } = filter
  const found =
    q === '' ||
    externalId === q ||
    emails.includes(q.toLowerCase()) ||
    (name !== null && q.split(/\s+/u).every((word) => folded(name).includes(folded(word))))
  return (
    found &&
    of(filter.level, score?.level ?? null) &&
    of(filter.action, action) &&
    of(filter.group, group) &&
    of(filter.responsible, responsible) &&
    of(filter.connection, connection) &&
    of(filter.status, status) &&
    (filter.renewsWithin === undefined || (renewal !== null && renewal <= dayFrom(filter.renewsWithin))) &&
    (!asksOfChange || changedAt !== null) &&
    (filter.changed !== 'high' || score?.level === 'HIGH') &&
    (filter.changed !== 'recovered' || (score?.before === 'HIGH' && score.level !== 'HIGH')) &&
    (filter.changedSince === undefined || changedAt! >= filter.changedSince) &&
    (filter.changedWithin === undefined ||
      changedAt!.getTime() >= NOW.getTime() - filter.changedWithin * DAY) &&
    (filter.lowData === undefined || (score !== null && score.confidence < 0.6 === filter.lowData)) &&
    (filter.intervention === undefined ||
      open.some(
        (state) => filter.intervention!.includes('any') || filter.intervention!.includes(state as never),
      )) &&
    (filter.minValue === undefined || (score?.minor ?? -1) >= filter.minValue) &&
    (filter.currency === undefined ||
      (score !== null && score.minor !== null
        ? score.currency === filter.currency
        : filter.currency === 'none')) &&
    (filter.externalId === undefined || externalId === filter.externalId)
  )
}

const VALUES: Readonly<Record<CustomerSort, (of: Somebody) => string | number | null>> = {
  value: ({ score }) => score?.minor ?? null,
  probability: ({ score }) => score?.probability ?? null,
  renewal: nextRenewal,
  name: ({ name }) => (name === null ? null : folded(name)),
  changed: ({ score }) => (score === null || score.before === null ? null : score.since.getTime()),
}

/** Known values first, in the order of their bytes; equal ones by id. */
export function inOrder(people: readonly Somebody[], sort: CustomerSort, order: SortOrder): Somebody[] {
  const sign = order === 'asc' ? 1 : -1
  const compare = (a: string | number, b: string | number): number =>
    typeof a === 'number' ? a - Number(b) : Buffer.compare(Buffer.from(a), Buffer.from(String(b)))
  return people.toSorted((a, b) => {
    const [left, right] = [VALUES[sort](a), VALUES[sort](b)]
    if (left === null || right === null) return left === right ? a.id - b.id : left === null ? 1 : -1
    return sign * (compare(left, right) || a.id - b.id)
  })
}
