/** Customers, interventions that give something off, and their offers, for tests. */
import { randomUUID } from 'node:crypto'
import type { ConnectionId, CustomerId, InterventionId, TenantId } from '../../src/contracts/ids.ts'
import { claimOffers, offerFacts, offerVerdict, type OfferVerdict } from '../../src/loop/offers.ts'
import { parseServiceSettings, type ServiceSettings } from '../../src/settings/service.ts'
import type { Database, Transaction } from '../../src/store/database.ts'
import { moveIntervention } from '../../src/store/intervention-moves.ts'
import type { InterventionState } from '../../src/store/intervention-states.ts'
import { planInterventions } from '../../src/store/interventions.ts'
import { addCodes } from '../../src/store/offer-codes.ts'
import { addConnection, addTenant } from '../support/database.ts'
import { addCustomer, addIntervention, plannedIntervention } from '../support/ledger.ts'

export interface OfferPlace {
  readonly tenant: TenantId
  readonly connection: ConnectionId
  readonly customer: CustomerId
}

export const POOL = { offers: { fulfilment: { discount_10: { by: 'pool', pool: 'spring' } } } }
export const BILLING = { offers: { fulfilment: { discount_10: { by: 'billing' } } } }

/** A company with a customer who pays 50.00 USD a month. */
export async function offerPlace(database: Database): Promise<OfferPlace> {
  const tenant = await addTenant(database)
  const connection = await addConnection(database, tenant)
  const customer = await addCustomer(database, { tenant, connection })
  const place = { tenant, connection, customer }
  await payMonthly(database, place, 5000)
  return place
}

/** What a customer pays from now on. */
export async function payMonthly(
  database: Database,
  { tenant, connection, customer }: OfferPlace,
  minor: number | null,
  currency = 'USD',
): Promise<void> {
  await database.withTenant(tenant, (tx) =>
    tx.query(
      `insert into scores (tenant_id, customer_id, connection_id, scored_at, as_of, probability, kind, monthly_hazard,
         level, level_since, reasons, data_confidence, monthly_minor, currency, model_hash, feature_set_hash,
         input_hash, state)
       values ($1, $2, $3, now(), current_date, 0.5, 'snapshot', 0.05, 'HIGH', now(), '[]', 1, $4, $5, '', '', '', '{}')
       on conflict (tenant_id, customer_id) do update set monthly_minor = $4, currency = $5`,
      [tenant, customer, connection, minor, currency],
    ),
  )
}

export function addPool(
  database: Database,
  { tenant }: OfferPlace,
  codes: readonly string[],
  pool = 'spring',
) {
  return database.withTenant(tenant, (tx) =>
    addCodes(tx, { pool, codes: codes.map((code) => ({ code, validUntil: null })), actor: 'a test' }),
  )
}

export const planOffer = (database: Database, place: OfferPlace): Promise<InterventionId> =>
  addIntervention(database, place, { actionKey: 'discount_10', idempotencyKey: randomUUID() })

/** Many at once. */
export async function planOffers(
  database: Database,
  { tenant, customer, connection }: OfferPlace,
  count: number,
): Promise<readonly InterventionId[]> {
  const planned = Array.from({ length: count }, () =>
    plannedIntervention({ customer, connection }, { actionKey: 'discount_10', idempotencyKey: randomUUID() }),
  )
  await database.withTenant(tenant, (tx) => planInterventions(tx, planned, new Date()))
  return planned.map(({ id }) => id)
}

/** All three steps for some interventions, as the act pipeline goes through them. */
export async function makeOffers(
  tx: Transaction,
  place: OfferPlace,
  ids: readonly InterventionId[],
  {
    settings = parseServiceSettings(POOL),
    now = new Date(),
    delivery = 'live',
    channel = 'email',
  }: {
    settings?: ServiceSettings
    now?: Date
    delivery?: 'live' | 'sandbox' | 'dry_run'
    channel?: 'email' | 'sms' | 'task'
  } = {},
): Promise<OfferVerdict[]> {
  const rows = ids.map((id) => ({ id, actionKey: 'discount_10', customer: place.customer }))
  const facts = await offerFacts(tx, rows, { settings, now })
  const verdicts = ids.map((id) =>
    offerVerdict(facts.get(id), { settings, channel, country: 'AT', language: 'en', delivery, now }),
  )
  const claims = verdicts.flatMap((one) => (one.do === 'claim' ? [one.claim] : []))
  const claimed = await claimOffers(tx, claims, { settings, now })
  return verdicts.map((one, at) => claimed.get(ids[at]) ?? one)
}

/** Moves past the workers: its lease is its owner's. */
export async function move(
  tx: Transaction,
  id: InterventionId,
  ...states: readonly InterventionState[]
): Promise<void> {
  for (const to of states)
    await moveIntervention(tx, {
      id,
      from: [await stateOf(tx, id)],
      to,
      actor: 'a test',
      set: {
        ...(to === 'leased' || to === 'sending' ? { lease: { owner: 'a test', ms: 60_000 } } : {}),
        ...(to === 'sending' ? { sendingNow: true } : {}),
        ...(to === 'sent' ? { sentNow: true } : {}),
      },
    })
}

export async function stateOf(tx: Transaction, id: InterventionId): Promise<InterventionState> {
  const [{ state }] = await tx.query<{ state: InterventionState }>(
    'select state from interventions where tenant_id = $1 and id = $2',
    [tx.tenant, id],
  )
  return state
}
