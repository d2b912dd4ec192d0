/**
 * The world of the sandbox lives on: months pass, usage follows what is really going on, payments fail and recover,
 * renewals come up and are decided, some leave and some come, and people answer what reached them (answers.ts).
 * Whatever happens is a change of the portal by somebody, so it is found by search, stands in histories and is told
 * by webhooks like any other.
 *
 * Its months are not those of the calendar: after a month of the world a renewal is a month closer, on the same day.
 * So the dates in the portal move towards the past as far as the world is ahead of the clock.
 */
import type { World } from '../../world/agreement.ts'
import { seenOf } from '../../world/customers.ts'
import { poisson } from '../../world/truth.ts'
import { answerWhatIsDue, expectAnswers } from './answers.ts'
import { addCustomer, addDeal, BILLING_SYNC } from './sample.ts'
import { activityProperties, dayText, type Seen, type Values } from './sample-company.ts'
import { renewalDeal, renewalStage } from './sample-deals.ts'
import { BY_A_USER, type SandboxState } from './state.ts'
import type { Source } from './tables.ts'
import {
  dayOf,
  drifted,
  hazardsWith,
  momentOf,
  monthRandom,
  newcomer,
  phaseOf,
  sightAt,
  worldFrom,
  type Moment,
} from './world-customer.ts'
import {
  lives,
  monthsOf,
  originOf,
  rememberCustomer,
  rememberMonths,
  rememberOrigin,
  type Life,
} from './world-memory.ts'

export interface WorldOptions {
  /** Where the months of the clock come from; default: the state's. */
  readonly clock?: () => Date
  /** Months of the world in an hour of the clock; 0: it stands still unless told. */
  readonly pace: number
  /** Milliseconds between ticks of its own; 0 (the default): `tick` is called by somebody else. */
  readonly everyMs?: number
}

/** What happened in a stretch of time. */
export interface Happened {
  readonly months: number
  readonly left: number
  readonly renewed: number
  readonly joined: number
  readonly completedTasks: number
  readonly openedEmails: number
  readonly unsubscribed: number
}

export interface SandboxWorld {
  /** Lets months pass at once. */
  passMonth(count?: number): Happened
  /** Lets as much pass as the pace says since the last tick. */
  tick(): Happened
  /** Months since the world began, with fractions. */
  months(): number
  stop(): void
}

const DAY = 86_400_000
const HOUR = 3_600_000
/** Answers and months go hand in hand in steps of at most a week. */
const STEP = 0.25
/** New customers a month, of those that there are. */
const GROWTH = 0.015

/** The company's workflow that closes accounts. */
const WORKFLOW: Source = { sourceType: 'AUTOMATION_PLATFORM', sourceId: 'workflowId:5501' }

/**
 * A portal that was filled by `seedSample` goes on from where it was left; in any other nothing happens.
 *
 * @example
 * const world = startWorld(sandbox, { pace: 1 })
 * world.passMonth() // { months: 1, left: 31, renewed: 74, joined: 28, … }
 */
export function startWorld(
  { state }: { readonly state: SandboxState },
  { clock = () => state.now(), pace, everyMs = 0 }: WorldOptions,
): SandboxWorld {
  let last = clock().getTime()

  const pass = (months: number): Happened => {
    const total = {
      months: 0,
      left: 0,
      renewed: 0,
      joined: 0,
      completedTasks: 0,
      openedEmails: 0,
      unsubscribed: 0,
    }
    const origin = originOf(state)
    if (origin === null || !(months > 0)) return total
    const world = worldFrom(origin)
    const end = monthsOf(state) + months
    while (monthsOf(state) < end) {
      const from = monthsOf(state)
      const to = Math.min(end, from + STEP, Math.floor(from + 1))
      const today = Math.floor(clock().getTime() / DAY)
      expectAnswers(state, world, from)
      const answered = answerWhatIsDue(state, world, to)
      const turned = turnMonths({ state, world, today }, from, to)
      rememberMonths(state, to)
      for (const [key, count] of Object.entries({ ...answered, ...turned }))
        total[key as keyof Happened] += count
      total.months += to - from
    }
    return total
  }

  const world: SandboxWorld = {
    passMonth: (count = 1) => pass(count),
    tick() {
      const now = clock().getTime()
      const months = (Math.max(0, now - last) / HOUR) * pace
      last = now
      return pass(months)
    },
    months: () => monthsOf(state),
    stop: () => clearInterval(timer),
  }
  const timer = everyMs > 0 && pace > 0 ? setInterval(() => world.tick(), everyMs).unref() : undefined
  return world
}

interface Scene {
  readonly state: SandboxState
  readonly world: World
  /** By the clock. */
  readonly today: number
}

/** Each customer's month turns once in each month of the world, at a moment of its own. */
function turnMonths(scene: Scene, from: number, to: number): Pick<Happened, 'left' | 'renewed' | 'joined'> {
  const { state, world } = scene
  const month = Math.floor(from)
  const turned = { left: 0, renewed: 0, joined: 0 }
  let staying = 0
  for (const [company, life] of lives(state)) {
    if (life.left !== undefined) continue
    const record = state.record('companies', company)
    if (record === null || record.archivedAt) continue
    staying++
    const at = month + phaseOf(world, life.index)
    if (at <= from || at > to || at - (life.joined ?? -1) < 0.5) continue
    const happened = turn(scene, record.id, company, life, at)
    if (happened === 'left') turned.left++
    if (happened === 'renewed') turned.renewed++
  }
  turned.joined = welcome(scene, staying, from, to)
  return turned
}

function turn(
  scene: Scene,
  record: string,
  company: string,
  life: Life,
  at: number,
): 'left' | 'renewed' | null {
  const { state, world, today } = scene
  const month = Math.floor(at)
  const rng = monthRandom(world, life.index, month)
  const before = momentOf(world, life, at - 1)
  const { voluntary, involuntary } = hazardsWith(before, life.effects ?? [], at - 1)
  const [leaves, fails] = [rng.next() < voluntary, rng.next() < involuntary]
  if (leaves || fails) {
    leave(scene, record, life, { before, unpaid: !leaves, why: rng.next() })
    rememberCustomer(state, company, { ...life, left: at })
    return 'left'
  }
  const due = before.agreement.renewal
  const renewed = due !== null && due <= dayOf(world, at)
  const drift = drifted(world, life, before, { months: at, renewed, rng: rng.fork('drift') })
  const effects = (life.effects ?? []).filter(({ until }) => until > at)
  const next: Life = { ...life, drift, ...(effects.length > 0 || life.effects ? { effects } : {}) }
  const after = momentOf(world, next, at)
  // How far the world's calendar is ahead of the clock's.
  const shift = Math.round(dayOf(world, at) - today)
  const seen = seenOf(sightAt(world, life, after, month))
  report(scene, record, { seen, after, shift })
  const deal = renewed ? signNext(scene, record, life, after, shift) : moveDeal(scene, life, after, shift)
  rememberCustomer(state, company, { ...next, deal })
  return renewed ? 'renewed' : null
}

/** The nightly sync of usage and billing. Whatever stood empty stays empty: nobody keeps it. */
function report(
  { state, today }: Scene,
  company: string,
  { seen, after, shift }: { seen: Seen; after: Moment; shift: number },
): void {
  const { agreement, truth } = after
  const kept = (name: string, value: string | number): Values =>
    state.value('companies', company, name) ? { [name]: value } : {}
  const usage = usageAfter(state, company, seen, truth.engagement)
  state.updateRecord(
    'companies',
    company,
    {
      ...activityProperties({ ...seen, avg_daily_usage_min: usage }, today),
      subscription_status: truth.paymentFailures > 1 ? 'past_due' : 'active',
      mrr_change_pct: Math.round(agreement.chargesChange * 100),
      ...kept('mrr', agreement.monthlyCharges),
      ...kept('customer_since', dayText(agreement.start - shift)),
      ...(agreement.renewal === null ? {} : kept('renewal_date', dayText(agreement.renewal - shift))),
    },
    BILLING_SYNC,
  )
}

/** Last month's use, changed as the trend says and pulled to what the engagement gives. */
function usageAfter(state: SandboxState, company: string, seen: Seen, engagement: number): number | null {
  const fresh = seen.avg_daily_usage_min
  const before = Number(state.value('companies', company, 'avg_daily_usage_minutes') ?? '')
  if (fresh === null || !(before > 0)) return fresh === null ? null : Number(fresh)
  const typical = 130 * engagement ** 1.4
  const trend = 1 + Number(seen.usage_trend ?? 0)
  const usage = (before * trend) ** 0.5 * typical ** 0.3 * Math.max(0.1, Number(fresh)) ** 0.2
  return Math.round(usage * 10) / 10
}

function signNext(scene: Scene, company: string, life: Life, after: Moment, shift: number): string | null {
  const { state, today } = scene
  const { agreement } = after
  if (life.deal !== null && isThere(state, 'deals', life.deal)) {
    const won = {
      dealstage: 'renewal_won',
      hs_is_closed_won: true,
      closedate: `${dayText(today)}T12:00:00.000Z`,
    }
    state.updateRecord('deals', life.deal, won, ownerOf(state, company))
  }
  if (agreement.renewal === null) return null
  const deal = renewalDeal({
    company: state.value('companies', company, 'name') ?? 'Unnamed',
    contract: agreement.contract,
    renewal: agreement.renewal - shift,
    today,
    mrr: agreement.monthlyCharges,
    currency: state.value('companies', company, 'billing_currency') || null,
    noticeDays: agreement.noticeDays,
    autoRenewal: agreement.autoRenewal,
  })
  const owner = state.value('companies', company, 'hubspot_owner_id')
  return addDeal(state, company, life.contacts[0], deal, owner, state.now(), ownerOf(state, company))
}

function moveDeal({ state, today }: Scene, life: Life, { agreement }: Moment, shift: number): string | null {
  if (life.deal === null || agreement.renewal === null || !isThere(state, 'deals', life.deal))
    return life.deal
  const renewal = agreement.renewal - shift
  const months = Number(state.value('deals', life.deal, 'contract_term_months') ?? 12)
  state.updateRecord(
    'deals',
    life.deal,
    {
      closedate: `${dayText(renewal)}T12:00:00.000Z`,
      dealstage: renewalStage(renewal - today),
      contract_start_date: dayText(Math.round(renewal - (months * 365.25) / 12)),
      notice_date: dayText(renewal - agreement.noticeDays),
    },
    BILLING_SYNC,
  )
  return life.deal
}

function leave(
  { state, today }: Scene,
  company: string,
  life: Life,
  { before, unpaid, why }: { before: Moment; unpaid: boolean; why: number },
): void {
  const { truth } = before
  const reason = unpaid
    ? 'payment'
    : why < 0.25
      ? 'unknown'
      : truth.engagement < 0.35
        ? 'not_used'
        : truth.shock
          ? 'features'
          : 'price'
  if (life.deal !== null && isThere(state, 'deals', life.deal)) {
    const lost = { dealstage: 'renewal_lost', closedate: `${dayText(today)}T12:00:00.000Z` }
    state.updateRecord('deals', life.deal, lost, ownerOf(state, company))
  }
  const gone = { subscription_status: 'cancelled', churn_date: dayText(today), cancellation_reason: reason }
  state.updateRecord('companies', company, gone, BILLING_SYNC)
  state.updateRecord('companies', company, { lifecyclestage: 'other' }, WORKFLOW)
}

/** @returns how many came */
function welcome({ state, world, today }: Scene, staying: number, from: number, to: number): number {
  const origin = originOf(state)
  if (origin === null) return 0
  // The step's own chance: the same steps bring the same people.
  const rng = monthRandom(world, -2 - Math.floor(from / STEP), Math.floor(from)).fork('newcomers')
  const count = poisson(rng, staying * GROWTH * (to - from))
  for (let i = 0; i < count; i++) {
    const index = origin.next + i
    const sight = newcomer(world, index, to)
    const shift = Math.round(dayOf(world, to) - today)
    const { start, renewal } = sight.agreement
    const moved = {
      ...sight.agreement,
      start: start - shift,
      renewal: renewal === null ? null : renewal - shift,
    }
    addCustomer({ state, world: { ...world, asOf: today } }, { ...sight, agreement: moved }, to)
  }
  rememberOrigin(state, { ...origin, next: origin.next + count })
  return count
}

/** The rep who did it, as the history names people. */
export function ownerOf(state: SandboxState, company: string): Source {
  const owner = state.value('companies', company, 'hubspot_owner_id')
  const user = state.owners().find(({ id, archived }) => id === owner && !archived)?.userId
  return user === undefined || user === null
    ? BY_A_USER
    : { sourceType: 'CRM_UI', sourceId: `userId:${user}` }
}

function isThere(state: SandboxState, type: string, id: string): boolean {
  const record = state.record(type, id)
  return record !== null && !record.archivedAt
}
