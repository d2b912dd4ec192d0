/** A mailing of many e-mails, and afterwards the ledger held against what the mail server really took. */
import type { Delivery } from '../../actions/email/sandbox/inbox.ts'
import { asCustomer, type TenantId } from '../../src/contracts/ids.ts'
import type { Database } from '../../src/store/database.ts'
import { planInterventions } from '../../src/store/interventions.ts'
import { saveSettings } from '../../src/store/settings-versions.ts'
import { SANDBOX } from '../support/acting.ts'
import { addConnection, addTenant } from '../support/database.ts'
import { plannedIntervention } from '../support/ledger.ts'

/** One e-mail to each of `count` customers, all due now, into the sandbox. */
export async function planMailing(database: Database, count: number): Promise<TenantId> {
  const tenant = await addTenant(database, 'Acme')
  const connection = await addConnection(database, tenant)
  await database.withTenant(tenant, async (tx) => {
    await saveSettings(tx, SANDBOX, { expected: 0, author: 'test' })
    const customers = await tx.query<{ id: number }>(
      `insert into customers (tenant_id, connection_id, object, external_id, name, properties, properties_hash,
         group_key, group_name)
       select $1, $2, 'company', n::text, 'Customer ' || n, '{}', '', n::text, 'policy'
       from generate_series(1, $3::integer) n returning id`,
      [tenant, connection, count],
    )
    await tx.query(
      `insert into recipients (tenant_id, customer_id, external_id, name, email)
       select $1, id, external_id, name, 'customer-' || external_id || '@example.com' from customers
       where tenant_id = $1`,
      [tenant],
    )
    const planned = customers.map(({ id }) => plannedIntervention({ connection, customer: asCustomer(id) }))
    await planInterventions(tx, planned, new Date())
  })
  return tenant
}

/** What the ledger and the mail server say, and where they do not agree. Ids of interventions in the lists. */
export interface Reckoning {
  readonly states: Readonly<Record<string, number>>
  readonly delivered: number
  /** In no state that is an answer: neither sent nor shown as uncertain. */
  readonly open: readonly string[]
  /** The ledger says sent, and the server never had it. */
  readonly missing: readonly string[]
  /** The server had it more than once. */
  readonly twice: readonly string[]
  /** The server had it, and the ledger says that it did not go out. */
  readonly denied: readonly string[]
  /** Sent again after it was uncertain, without anybody having learnt that nothing had gone out. */
  readonly blind: readonly string[]
  /** Uncertain, and the person who looks is not told why. */
  readonly unexplained: readonly string[]
  /** Moves in all, by what they were: `uncertain>sent`, … */
  readonly moves: Readonly<Record<string, number>>
}

interface Row {
  readonly id: string
  readonly state: string
  readonly reason: string | null
  readonly address: string
  readonly providerId: string | null
  readonly moves: readonly { readonly from: string | null; readonly to: string }[]
}

export async function reckon(
  database: Database,
  tenant: TenantId,
  deliveries: readonly Delivery[],
): Promise<Reckoning> {
  const rows = await database.withTenant(tenant, (tx) =>
    tx.query<Row>(
      `select i.id, i.state, i.reason, r.email as address, i.provider_id as "providerId",
         (select json_agg(json_build_object('from', e.from_state, 'to', e.to_state) order by e.id)
          from intervention_events e where e.tenant_id = i.tenant_id and e.intervention_id = i.id) as moves
       from interventions i join recipients r on r.tenant_id = i.tenant_id and r.customer_id = i.customer_id
       where i.tenant_id = $1`,
      [tenant],
    ),
  )
  // By address, so that a second e-mail under another Message-ID would be seen too.
  const byAddress = Map.groupBy(deliveries, ({ to }) => to)
  const had = ({ address }: Row) => byAddress.get(address) ?? []
  const idsOf = (wrong: (row: Row) => boolean) => rows.filter(wrong).map(({ id }) => id)
  return {
    states: tally(rows.map(({ state }) => state)),
    delivered: deliveries.length,
    open: idsOf(({ state }) => state !== 'sent' && state !== 'uncertain'),
    missing: idsOf(
      (row) => row.state === 'sent' && !had(row).some(({ messageId }) => messageId === row.providerId),
    ),
    twice: idsOf((row) => had(row).length > 1),
    denied: idsOf((row) => row.state !== 'sent' && row.state !== 'uncertain' && had(row).length > 0),
    blind: idsOf(({ moves }) => sentBlindly(moves)),
    unexplained: idsOf(
      ({ state, reason }) => state === 'uncertain' && !/may have been delivered/.test(reason ?? ''),
    ),
    moves: tally(rows.flatMap(({ moves }) => moves.map(({ from, to }) => `${from ?? 'new'}>${to}`))),
  }
}

/** Nothing that contradicts itself, for `toMatchObject`. */
export const IN_ORDER = {
  open: [],
  missing: [],
  twice: [],
  denied: [],
  blind: [],
  unexplained: [],
} satisfies Partial<Reckoning>

function sentBlindly(moves: Row['moves']): boolean {
  let doubtful = false
  for (const { to } of moves) {
    if (to === 'sending' && doubtful) return true
    if (to === 'sending' || to === 'uncertain') doubtful = true
    // The one that sent it says that nothing went out.
    if (to === 'deferred') doubtful = false
  }
  return false
}

function tally(names: readonly string[]): Record<string, number> {
  const grouped = Map.groupBy(names.toSorted(), (name) => name)
  return Object.fromEntries([...grouped].map(([name, all]) => [name, all.length]))
}
