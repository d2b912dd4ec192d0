/**
 * The world of the sandbox in Salesforce's own records: what happens is a change of the org by one of its users, so it is
 * found by SystemModstamp, stands in the history of tracked fields and is told by change events like any other.
 */
import { dayText, termMonths } from '../../world/calendar.ts'
import type { Reason, Seen, Stand, WorldCrm } from '../../world/crm.ts'
import { liveOn, type LivingOptions, type SandboxWorld } from '../../world/living.ts'
import type { Life } from '../../world/memory.ts'
import { inbox, ownerOf } from './answers.ts'
import { activityFields, CANCELLED, percentOf, statusOf, type Values } from './sample-account.ts'
import { renewalDates, renewalOf, renewalOpportunity, runningContract, termStart } from './sample-renewals.ts'
import { staffOf, typesOf, type Staff } from './sample-setup.ts'
import { addCustomer } from './sample.ts'
import type { SalesforceState } from './state.ts'

/**
 * An org that was filled by `seedSampleOrg` goes on from where it was left; in any other nothing happens.
 *
 * @param options.clock default: the state's
 * @example
 * const world = startOrgWorld(sandbox, { pace: 1 })
 * world.passMonth() // { months: 1, left: 23, renewed: 8, joined: 14, … }
 */
export function startOrgWorld(
  { state }: { readonly state: SalesforceState },
  {
    clock = () => state.now(),
    ...options
  }: Partial<Pick<LivingOptions, 'clock'>> & Omit<LivingOptions, 'clock'>,
): SandboxWorld {
  const staff = staffOf(state)
  const crm: WorldCrm = {
    ...inbox(state, staff),
    memory: state,
    standing: (customer) => standing(state, customer),
    usage: (account) => Number(state.value('Account', account, 'Avg_Daily_Usage_Minutes__c') ?? ''),
    report: (account, seen, stand) => report(state, staff, account, seen, stand),
    signNext: (account, life, stand) => signNext(state, account, life, stand),
    moveRenewal: (account, life, stand) => moveRenewal(state, staff, account, life, stand),
    leave: (account, life, left) => leave(state, staff, account, life, left),
    add: (world, sight, joined) =>
      void state.transaction(() =>
        addCustomer({ state, staff, types: typesOf(state) }, world, sight, joined),
      ),
    monthEnded: (month) => keepHistory(state, month),
  }
  return liveOn(crm, { clock, ...options })
}

/** Salesforce keeps the history of fields for 18 months in an org: of the world's, which pass in hours. */
const HISTORY_MONTHS = 18
/** When each of the last months ended, by the clock. */
const ENDS = 'world_months_ended'

/** @see https://help.salesforce.com/s/articleView?id=xcloud.tracking_field_history.htm */
function keepHistory(state: SalesforceState, month: number): void {
  state.put(ENDS, String(month), state.now().getTime())
  const past = String(month - HISTORY_MONTHS)
  const end = state.get(ENDS, past)
  if (typeof end !== 'number') return
  state.forgetHistory(new Date(end))
  state.put(ENDS, past, null)
}

/** Of a record that was merged into another the winner lives on. */
function standing(state: SalesforceState, account: string): string | null {
  const row = state.tables.table('Account').byId.get(account)
  if (row === undefined) return null
  if (row.deletedAt === 0) return row.id
  return row.master === null ? null : standing(state, row.master)
}

function report(
  state: SalesforceState,
  staff: Staff,
  account: string,
  seen: Seen,
  { agreement, today }: Stand,
): void {
  const kept = (name: string, value: string | number): Values =>
    state.value('Account', account, name) === null ? {} : { [name]: value }
  state.updateRecord(
    'Account',
    account,
    {
      ...activityFields(seen, today),
      Subscription_Status__c: statusOf(seen),
      MRR_Change_Percent__c: percentOf(agreement.chargesChange),
      ...kept('MRR__c', agreement.monthlyCharges),
      ...kept('Customer_Since__c', dayText(agreement.start)),
      ...(agreement.renewal === null ? {} : kept('Renewal_Date__c', dayText(agreement.renewal))),
    },
    staff.billing,
  )
}

function signNext(
  state: SalesforceState,
  account: string,
  life: Life,
  { agreement, today }: Stand,
): string | null {
  const by = ownerOf(state, 'Account', account)
  const running = runningContractOf(state, account)
  if (running !== null) state.updateRecord('Contract', running, { Status: 'Expired' }, by)
  if (life.deal !== null && isThere(state, 'Opportunity', life.deal)) {
    const won = { StageName: 'Closed Won', CloseDate: dayText(today) }
    state.updateRecord('Opportunity', life.deal, won, by)
  }
  const renewal = renewalOf(agreement, {
    account,
    company: String(state.value('Account', account, 'Name') ?? 'Unnamed'),
    owner: String(state.value('Account', account, 'OwnerId')),
    today,
  })
  if (renewal === null) return null
  state.createRecord('Contract', runningContract(renewal), by)
  return state.createRecord('Opportunity', renewalOpportunity(renewal), by)
}

function moveRenewal(
  state: SalesforceState,
  staff: Staff,
  account: string,
  life: Life,
  { agreement: { renewal, noticeDays, contract, monthlyCharges }, today }: Stand,
): string | null {
  if (renewal === null) return life.deal
  const running = runningContractOf(state, account)
  if (running !== null) {
    const term = {
      StartDate: termStart(renewal, termMonths(contract)),
      Notice_Date__c: dayText(renewal - noticeDays),
      Monthly_Amount__c: monthlyCharges,
    }
    state.updateRecord('Contract', running, term, staff.billing)
  }
  if (life.deal === null || !isThere(state, 'Opportunity', life.deal)) return life.deal
  const months = Number(state.value('Opportunity', life.deal, 'Contract_Term_Months__c') ?? 12)
  state.updateRecord(
    'Opportunity',
    life.deal,
    renewalDates({ renewal, today, noticeDays, months }),
    staff.billing,
  )
  return life.deal
}

function leave(
  state: SalesforceState,
  staff: Staff,
  account: string,
  life: Life,
  { reason, today }: { readonly reason: Reason; readonly today: number },
): void {
  const by = ownerOf(state, 'Account', account)
  const why = CANCELLED[reason]
  if (life.deal !== null && isThere(state, 'Opportunity', life.deal)) {
    const lost = { StageName: 'Closed Lost', Loss_Reason__c: why, CloseDate: dayText(today) }
    state.updateRecord('Opportunity', life.deal, lost, by)
  }
  const running = runningContractOf(state, account)
  if (running !== null) state.updateRecord('Contract', running, { Status: 'Terminated' }, by)
  // The flow that closes accounts runs as whoever set it off.
  const gone = {
    Subscription_Status__c: 'Cancelled',
    Churn_Date__c: dayText(today),
    Cancellation_Reason__c: why,
    Type: 'Former Customer',
  }
  state.updateRecord('Account', account, gone, staff.billing)
}

function runningContractOf(state: SalesforceState, account: string): string | null {
  const contracts = state.tables.table('Contract')
  for (const row of contracts.indexed('AccountId', account)) {
    if (row.deletedAt === 0 && contracts.get(row, 'Status') === 'Activated') return row.id
  }
  return null
}

function isThere(state: SalesforceState, type: string, id: string): boolean {
  const row = state.tables.table(type).byId.get(id)
  return row !== undefined && row.deletedAt === 0
}
