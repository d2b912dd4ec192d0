/**
 * The ledger of the budget. Interventions book themselves: triggers (migrations/0013-budget.sql) append an entry
 * whenever what one holds changes, and refuse what does not fit. Here the limit is stated, and what is held is read.
 */
import { HoldfastError } from '../contracts/errors.ts'
import type { InterventionId } from '../contracts/ids.ts'
import type { BudgetLimit } from '../settings/budget-limit.ts'
import type { Transaction } from './database.ts'
import { lockDecisions } from './decisions.ts'

/**
 * States the limit that reserving is held to from now on; an older version of the settings changes nothing. Until the
 * transaction ends nobody else reserves for the tenant, so that what is read afterwards stands.
 *
 * @example
 * await setBudget(tx, budgetLimitOf(settings), version)
 */
export async function setBudget(tx: Transaction, limit: BudgetLimit, settingsVersion: number): Promise<void> {
  await lockDecisions(tx)
  const values = [tx.tenant, limit.limitMinor, limit.currency, JSON.stringify(limit.rates), limit.period]
  await tx.query(
    `insert into budgets (tenant_id, limit_minor, currency, rates, period, settings_version)
     values ($1, $2, $3, $4::jsonb, $5, $6)
     on conflict (tenant_id) do update set limit_minor = excluded.limit_minor, currency = excluded.currency,
       rates = excluded.rates, period = excluded.period, settings_version = excluded.settings_version,
       updated_at = now()
     where budgets.settings_version < excluded.settings_version`,
    [...values, settingsVersion],
  )
}

/** What one action holds in one currency, minor units. */
export interface HeldByAction {
  readonly actionKey: string
  readonly currency: string
  readonly reservedMinor: number
  readonly committedMinor: number
  /** Of the action's capacity. */
  readonly places: number
  /** What dry runs would have used, had they been carried out. */
  readonly dryRunMinor: number
  readonly dryRunPlaces: number
}

/**
 * What is held of a period's budget and places, by action and currency.
 *
 * @param period its first moment and the one after it, midnights in UTC
 * @example
 * const held = await budgetHeld(tx, { start: periodStart('month', now), end: periodEnd('month', now) })
 */
export function budgetHeld(
  tx: Transaction,
  { start, end }: { readonly start: Date; readonly end: Date },
): Promise<HeldByAction[]> {
  return tx.query<HeldByAction>(
    `select action_key as "actionKey", currency, sum(reserved_minor)::bigint as "reservedMinor",
       sum(committed_minor)::bigint as "committedMinor", sum(places)::integer as places,
       coalesce(-sum(reserved_minor) filter (where state = 'dry_run'), 0)::bigint as "dryRunMinor",
       coalesce(-sum(places) filter (where state = 'dry_run'), 0)::integer as "dryRunPlaces"
     from budget_entries
     where tenant_id = $1 and day >= ($2::timestamptz at time zone 'UTC')::date
       and day < ($3::timestamptz at time zone 'UTC')::date
     group by action_key, currency order by action_key, currency`,
    [tx.tenant, start, end],
  )
}

/** What decisions of a period chose that led to no intervention: shown to people, and carried out by nobody. */
export function suggestedOnly(
  tx: Transaction,
  period: string,
): Promise<{ actionKey: string; currency: string; minor: number; places: number }[]> {
  return tx.query(
    `select action_key as "actionKey", currency, sum(planned_cost_minor)::bigint as minor, count(*)::integer as places
     from decisions d
     where tenant_id = $1 and period = $2 and action_key <> 'no_action' and not exists (
       select from interventions i where i.tenant_id = $1 and i.decision_id = d.id)
     group by action_key, currency`,
    [tx.tenant, period],
  )
}

/** One change of what an intervention holds. */
export interface BudgetEntry {
  readonly id: number
  readonly intervention: InterventionId
  /** 'YYYY-MM-DD', in UTC, of the decision. */
  readonly day: string
  readonly currency: string
  readonly actionKey: string
  readonly kind: 'reserve' | 'commit' | 'release'
  readonly state: string
  readonly reservedMinor: number
  readonly committedMinor: number
  readonly at: Date
}

/** The ledger of one intervention, oldest first. */
export function entriesOf(tx: Transaction, id: InterventionId): Promise<BudgetEntry[]> {
  return tx.query<BudgetEntry>(
    `select id, intervention_id as intervention, day, currency, action_key as "actionKey", kind, state,
       reserved_minor as "reservedMinor", committed_minor as "committedMinor", at
     from budget_entries where tenant_id = $1 and intervention_id = $2 order by id`,
    [tx.tenant, id],
  )
}

/**
 * What the database says when something does not fit, as a person can act on it; every other error as it is.
 *
 * @example
 * catch (error) { throw overBudget(error) }
 */
export function overBudget(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || error.code !== OVER) return error
  return new HoldfastError(
    'conflict',
    'It does not fit into what is left of the budget of this period. Raise the budget (settings: budget), stop something that is planned, or wait for the next period.',
    { cause: error },
  )
}

/** As `keep_budget` of 0013-budget.sql raises it. */
const OVER = 'HB001'
