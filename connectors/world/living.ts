/**
 * The world of a sandbox lives on: months pass, usage follows what is really going on, payments fail and recover,
 * renewals come up and are decided, some leave and some come, and people answer what reached them (answers.ts).
 * Whatever happens is a change of the CRM's records by somebody, so it is read, stands in histories and is told like
 * any other.
 *
 * Its months are not those of the calendar: after a month of the world a renewal is a month closer, on the same day.
 * So the dates in the CRM move towards the past as far as the world is ahead of the clock.
 */
import type { Agreement, World } from './agreement.ts'
import { answerWhatIsDue, expectAnswers } from './answers.ts'
import { DAY, HOUR } from './calendar.ts'
import type { Reason, Seen, WorldCrm } from './crm.ts'
import { seenOf } from './customers.ts'
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
} from './life.ts'
import {
  lives,
  monthsOf,
  originOf,
  rememberCustomer,
  rememberMonths,
  rememberOrigin,
  type Life,
} from './memory.ts'
import { poisson } from './truth.ts'

export interface LivingOptions {
  /** Where the months of the clock come from. */
  readonly clock: () => Date
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

/** Answers and months go hand in hand in steps of at most a week. */
const STEP = 0.25
/** New customers a month, of those that there are. */
const GROWTH = 0.015

/**
 * A CRM that was filled by a sample goes on from where it was left; in any other nothing happens.
 *
 * @example
 * const world = liveOn(crm, { clock, pace: 1 })
 * world.passMonth() // { months: 1, left: 31, renewed: 74, joined: 28, … }
 */
export function liveOn(crm: WorldCrm, { clock, pace, everyMs = 0 }: LivingOptions): SandboxWorld {
  const { memory } = crm
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
    const origin = originOf(memory)
    if (origin === null || !(months > 0)) return total
    const world = worldFrom(origin)
    const end = monthsOf(memory) + months
    while (monthsOf(memory) < end) {
      const from = monthsOf(memory)
      const to = Math.min(end, from + STEP, Math.floor(from + 1))
      const today = Math.floor(clock().getTime() / DAY)
      expectAnswers(crm, world, from)
      const answered = answerWhatIsDue(crm, world, to)
      const turned = turnMonths({ crm, world, today }, from, to)
      rememberMonths(memory, to)
      if (Number.isInteger(to)) crm.monthEnded?.(to)
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
    months: () => monthsOf(memory),
    stop: () => clearInterval(timer),
  }
  const timer = everyMs > 0 && pace > 0 ? setInterval(() => world.tick(), everyMs).unref() : undefined
  return world
}

interface Scene {
  readonly crm: WorldCrm
  readonly world: World
  /** By the clock. */
  readonly today: number
}

/** Each customer's month turns once in each month of the world, at a moment of its own. */
function turnMonths(scene: Scene, from: number, to: number): Pick<Happened, 'left' | 'renewed' | 'joined'> {
  const { crm, world } = scene
  const month = Math.floor(from)
  const turned = { left: 0, renewed: 0, joined: 0 }
  let staying = 0
  for (const [customer, life] of lives(crm.memory)) {
    if (life.left !== undefined) continue
    const record = crm.standing(customer)
    if (record === null) continue
    staying++
    const at = month + phaseOf(world, life.index)
    if (at <= from || at > to || at - (life.joined ?? -1) < 0.5) continue
    const happened = turn(scene, record, customer, life, at)
    if (happened === 'left') turned.left++
    if (happened === 'renewed') turned.renewed++
  }
  turned.joined = welcome(scene, staying, from, to)
  return turned
}

function turn(
  { crm, world, today }: Scene,
  record: string,
  customer: string,
  life: Life,
  at: number,
): 'left' | 'renewed' | null {
  const month = Math.floor(at)
  const rng = monthRandom(world, life.index, month)
  const before = momentOf(world, life, at - 1)
  const { voluntary, involuntary } = hazardsWith(before, life.effects ?? [], at - 1)
  const [leaves, fails] = [rng.next() < voluntary, rng.next() < involuntary]
  if (leaves || fails) {
    crm.leave(record, life, { reason: reasonOf(before, { unpaid: !leaves, why: rng.next() }), today })
    rememberCustomer(crm.memory, customer, { ...life, left: at })
    return 'left'
  }
  const due = before.agreement.renewal
  const renewed = due !== null && due <= dayOf(world, at)
  const drift = drifted(world, life, before, { months: at, renewed, rng: rng.fork('drift') })
  const effects = (life.effects ?? []).filter(({ until }) => until > at)
  const next: Life = { ...life, drift, ...(effects.length > 0 || life.effects ? { effects } : {}) }
  const after = momentOf(world, next, at)
  const stand = { agreement: inCalendar(world, after.agreement, at, today), today }
  const seen = seenOf(sightAt(world, life, after, month))
  const usage = usageAfter(crm.usage(record), seen, after.truth.engagement)
  crm.report(record, { ...seen, avg_daily_usage_min: usage }, stand)
  const deal = renewed ? crm.signNext(record, life, stand) : crm.moveRenewal(record, life, stand)
  rememberCustomer(crm.memory, customer, { ...next, deal })
  return renewed ? 'renewed' : null
}

/** With its dates on the clock's calendar, which the world's is ahead of. */
function inCalendar(world: World, agreement: Agreement, months: number, today: number): Agreement {
  const shift = Math.round(dayOf(world, months) - today)
  const { start, renewal } = agreement
  return { ...agreement, start: start - shift, renewal: renewal === null ? null : renewal - shift }
}

/** Last month's use, changed as the trend says and pulled to what the engagement gives. */
function usageAfter(before: number | null, seen: Seen, engagement: number): number | null {
  const fresh = seen.avg_daily_usage_min
  if (fresh === null) return null
  if (before === null || !(before > 0)) return Number(fresh)
  const typical = 130 * engagement ** 1.4
  const trend = 1 + Number(seen.usage_trend ?? 0)
  const usage = (before * trend) ** 0.5 * typical ** 0.3 * Math.max(0.1, Number(fresh)) ** 0.2
  return Math.round(usage * 10) / 10
}

function reasonOf({ truth }: Moment, { unpaid, why }: { unpaid: boolean; why: number }): Reason {
  if (unpaid) return 'payment'
  if (why < 0.25) return 'unknown'
  return truth.engagement < 0.35 ? 'not_used' : truth.shock ? 'features' : 'price'
}

/** @returns how many came */
function welcome({ crm, world, today }: Scene, staying: number, from: number, to: number): number {
  const origin = originOf(crm.memory)
  if (origin === null) return 0
  // The step's own chance: the same steps bring the same people.
  const rng = monthRandom(world, -2 - Math.floor(from / STEP), Math.floor(from)).fork('newcomers')
  const count = poisson(rng, staying * GROWTH * (to - from))
  for (let i = 0; i < count; i++) {
    const sight = newcomer(world, origin.next + i, to)
    const agreement = inCalendar(world, sight.agreement, to, today)
    crm.add({ ...world, asOf: today }, { ...sight, agreement }, to)
  }
  rememberOrigin(crm.memory, { ...origin, next: origin.next + count })
  return count
}
