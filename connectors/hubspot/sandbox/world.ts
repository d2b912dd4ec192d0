/**
 * The world of the sandbox in HubSpot's own records: what happens is a change of the portal by somebody, so it is
 * found by search, stands in histories and is told by webhooks like any other.
 */
import type { Agreement } from '../../world/agreement.ts'
import { dayText, DAYS_IN_MONTH } from '../../world/calendar.ts'
import type { Reason, Seen, Stand, WorldCrm } from '../../world/crm.ts'
import { liveOn, type LivingOptions, type SandboxWorld } from '../../world/living.ts'
import type { Life } from '../../world/memory.ts'
import { inbox, userOf } from './answers.ts'
import { addCustomer, addDeal, BILLING_SYNC } from './sample.ts'
import { activityProperties, type Values } from './sample-company.ts'
import { renewalDeal, renewalStage } from './sample-deals.ts'
import type { SandboxState } from './state.ts'
import type { Source } from './tables.ts'

/** The company's workflow that closes accounts. */
const WORKFLOW: Source = { sourceType: 'AUTOMATION_PLATFORM', sourceId: 'workflowId:5501' }

/**
 * A portal that was filled by `seedSample` goes on from where it was left; in any other nothing happens.
 *
 * @param options.clock default: the state's
 * @example
 * const world = startWorld(sandbox, { pace: 1 })
 * world.passMonth() // { months: 1, left: 31, renewed: 74, joined: 28, … }
 */
export function startWorld(
  { state }: { readonly state: SandboxState },
  {
    clock = () => state.now(),
    ...options
  }: Partial<Pick<LivingOptions, 'clock'>> & Omit<LivingOptions, 'clock'>,
): SandboxWorld {
  const crm: WorldCrm = {
    ...inbox(state),
    memory: state,
    standing(customer) {
      const record = state.record('companies', customer)
      return record === null || record.archivedAt ? null : record.id
    },
    usage: (company) => Number(state.value('companies', company, 'avg_daily_usage_minutes') ?? ''),
    report: (company, seen, stand) => report(state, company, seen, stand),
    signNext: (company, life, stand) => signNext(state, company, life, stand),
    moveRenewal: (_, life, stand) => moveDeal(state, life, stand),
    leave: (company, life, left) => leave(state, company, life, left),
    add: (world, sight, joined) => void addCustomer({ state, world }, sight, joined),
  }
  return liveOn(crm, { clock, ...options })
}

function report(state: SandboxState, company: string, seen: Seen, { agreement, today }: Stand): void {
  const kept = (name: string, value: string | number): Values =>
    state.value('companies', company, name) ? { [name]: value } : {}
  state.updateRecord(
    'companies',
    company,
    {
      ...activityProperties(seen, today),
      subscription_status: Number(seen.payment_fails_last_3m) > 1 ? 'past_due' : 'active',
      mrr_change_pct: Math.round(agreement.chargesChange * 100),
      ...kept('mrr', agreement.monthlyCharges),
      ...kept('customer_since', dayText(agreement.start)),
      ...(agreement.renewal === null ? {} : kept('renewal_date', dayText(agreement.renewal))),
    },
    BILLING_SYNC,
  )
}

function signNext(
  state: SandboxState,
  company: string,
  life: Life,
  { agreement, today }: Stand,
): string | null {
  if (life.deal !== null && isThere(state, 'deals', life.deal)) {
    const won = {
      dealstage: 'renewal_won',
      hs_is_closed_won: true,
      closedate: `${dayText(today)}T12:00:00.000Z`,
    }
    state.updateRecord('deals', life.deal, won, userOf(state, company))
  }
  if (agreement.renewal === null) return null
  const deal = renewalDeal({
    company: state.value('companies', company, 'name') ?? 'Unnamed',
    contract: agreement.contract,
    renewal: agreement.renewal,
    today,
    mrr: agreement.monthlyCharges,
    currency: state.value('companies', company, 'billing_currency') || null,
    noticeDays: agreement.noticeDays,
    autoRenewal: agreement.autoRenewal,
  })
  const owner = state.value('companies', company, 'hubspot_owner_id')
  return addDeal(state, company, life.contacts[0], deal, owner, state.now(), userOf(state, company))
}

function moveDeal(
  state: SandboxState,
  life: Life,
  { agreement: { renewal, noticeDays }, today }: { readonly agreement: Agreement; readonly today: number },
): string | null {
  if (life.deal === null || renewal === null || !isThere(state, 'deals', life.deal)) return life.deal
  const months = Number(state.value('deals', life.deal, 'contract_term_months') ?? 12)
  state.updateRecord(
    'deals',
    life.deal,
    {
      closedate: `${dayText(renewal)}T12:00:00.000Z`,
      dealstage: renewalStage(renewal - today),
      contract_start_date: dayText(Math.round(renewal - months * DAYS_IN_MONTH)),
      notice_date: dayText(renewal - noticeDays),
    },
    BILLING_SYNC,
  )
  return life.deal
}

function leave(
  state: SandboxState,
  company: string,
  life: Life,
  { reason, today }: { readonly reason: Reason; readonly today: number },
): void {
  if (life.deal !== null && isThere(state, 'deals', life.deal)) {
    const lost = { dealstage: 'renewal_lost', closedate: `${dayText(today)}T12:00:00.000Z` }
    state.updateRecord('deals', life.deal, lost, userOf(state, company))
  }
  const gone = { subscription_status: 'cancelled', churn_date: dayText(today), cancellation_reason: reason }
  state.updateRecord('companies', company, gone, BILLING_SYNC)
  state.updateRecord('companies', company, { lifecyclestage: 'other' }, WORKFLOW)
}

function isThere(state: SandboxState, type: string, id: string): boolean {
  const record = state.record(type, id)
  return record !== null && !record.archivedAt
}
