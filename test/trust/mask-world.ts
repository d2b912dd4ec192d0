/** Random settings and random customers, as plain as what an admin types and what the store holds. */
import { referenceActions } from '../../actions/catalogue.ts'
import { random, type Random } from '../../models/random.ts'

/** A contact of a customer, with what is known of the two addresses; null: there is none. */
export interface Contact {
  readonly id: number
  readonly email: Answer | null
  readonly sms: Answer | null
  readonly call: Answer | null
  readonly language: string | null
  readonly country: string | null
  /** Of what went to the same person under other records. */
  readonly elsewhere: { readonly daysAgo: number; readonly inPeriod: number } | null
}

export type Answer = 'suppressed' | 'refused' | 'unknown' | 'granted'

export interface Customer {
  readonly id: number
  readonly object: string
  readonly level: 'HIGH' | 'MEDIUM' | 'LOW'
  readonly group: string
  /** A month, in the currency of the records; NaN unknown. */
  readonly recurring: number
  readonly hazard: number
  /** As scores keep it: absent is unknown. */
  readonly context: Readonly<Record<string, number>>
  /** First in rank first. */
  readonly contacts: readonly Contact[]
  readonly holds: readonly ('replied' | 'complained' | 'dispute' | 'negotiation' | 'by_hand')[]
  readonly past: readonly PastAction[]
  /** All of its people object to being profiled. */
  readonly objects: boolean
}

export interface PastAction {
  readonly action: string
  /** Days before now, of those that went out. */
  readonly sent: readonly number[]
  /** Begun and not ended. */
  readonly open: number
}

/** What a person stopped. */
export interface Stops {
  readonly actions: readonly string[]
  readonly channels: readonly string[]
  readonly killed: boolean
}

export interface World {
  /** As an admin types them. */
  readonly settings: Record<string, unknown>
  readonly now: Date
  /** Whether the CRM can be given tasks. */
  readonly tasks: boolean
  readonly stops: Stops
  /** What earlier decisions left, in major units and places; null: nothing was used yet. */
  readonly left: {
    readonly budget: number | null
    readonly capacity: Readonly<Record<string, number>>
  } | null
  readonly customers: readonly Customer[]
}

/**
 * @example
 * randomWorld(1, 100).customers.length // 100
 */
export function randomWorld(seed: number, customers: number): World {
  const chance = random(seed)
  const draw = drawing(chance)
  const settings = randomSettings(draw)
  const elsewhere = draw.of([0, 0.15])
  return {
    settings,
    now: new Date(Date.UTC(2026, draw.whole(0, 11), draw.whole(1, 28), draw.whole(0, 23))),
    tasks: draw.of([true, true, true, false]),
    stops: draw.maybe(0.15)
      ? {
          actions: draw.some(KEYS, 0.2),
          channels: draw.some(['email', 'sms', 'task'], 0.2),
          killed: draw.maybe(0.1),
        }
      : { actions: [], channels: [], killed: false },
    left: draw.maybe(0.3)
      ? {
          budget: draw.of([null, 0, 40, 900]),
          capacity: Object.fromEntries(draw.some(KEYS, 0.3).map((key) => [key, draw.of([0, 1, 3])])),
        }
      : null,
    // Some books have nobody whom another record knows.
    customers: Array.from({ length: customers }, (_, at) => randomCustomer(draw, at + 1, elsewhere)),
  }
}

const KEYS = [...referenceActions.slice(1).map(({ key }) => key), 'update_payment']
const NUMBERS = ['tenureMonths', 'engagement', 'paymentFailures', 'discountInForce', 'monthlyAmount']
const LEVELS = ['HIGH', 'MEDIUM', 'LOW'] as const
const LANGUAGES = [null, 'en', 'de-AT', 'fr', 'es-MX']
const COUNTRIES = [null, 'AT', 'DE', 'US']

type Draw = ReturnType<typeof drawing>

function drawing(chance: Random) {
  const maybe = (probability: number): boolean => chance.next() < probability
  const whole = (from: number, to: number): number => from + chance.integer(to - from + 1)
  return {
    maybe,
    whole,
    of: <T>(list: readonly T[]): T => list[chance.integer(list.length)],
    some: <T>(list: readonly T[], probability: number): T[] => list.filter(() => maybe(probability)),
    share: (): number => Math.round(chance.next() * 100) / 100,
    uniform: (): number => chance.next(),
  }
}

function randomSettings(draw: Draw): Record<string, unknown> {
  const { maybe, of, some, whole } = draw
  const when = (probability: number, field: object): object => (maybe(probability) ? field : {})
  const override = (key: string): object => ({
    ...when(0.15, { enabled: of([true, false]) }),
    ...when(0.2, { fixedCost: of([0, 0.5, 12]) }),
    ...when(0.2, { share: of([0, 0.02, 0.4]) }),
    ...when(0.2, { durationMonths: of([1, 3, 12]) }),
    ...when(key === 'call_discount_30' ? 0.5 : 0.15, { capacity: of([null, 0, 1, 5]) }),
    ...when(0.3, { leadMonths: of([0, 1, 3, 12, 60]) }),
    ...when(0.25, { eligibility: eligibility(draw) }),
  })
  const own = Array.from({ length: of([0, 0, 0, 1, 2]) }, (_, at) => ({
    key: `own_${at}`,
    name: `Own ${at}`,
    channel: of(['email', 'sms', 'task']),
    enabled: !maybe(0.1),
    fixedCost: of([0, 1]),
    discount: of([0, 0, 0.15]),
    leadMonths: of([0, 12]),
    effect: { mean: 0.1, sd: 0.05 },
  }))
  return {
    currency: of([
      {},
      { file: 'EUR' },
      { file: 'USD', reporting: 'JPY', rate: 155.2 },
      { file: 'EUR', reporting: 'USD', rate: 1.08 },
    ]),
    period: of(['month', 'month', 'week', 'quarter']),
    budget: of([null, null, 0, 30, 5000]),
    margin: { gross: of([0.2, 0.6, 1]), floor: of([0, 0, 0.15, 0.5]) },
    discounts: { deepest: of([0, 0.1, 0.3, 0.3, 1, 1]), perYear: of([null, 0, 1, 2]) },
    contact: {
      cooldownDays: of([0, 0, 7, 14, 60]),
      perPeriod: of([null, null, 0, 1, 2, 5]),
      requireConsent: maybe(0.3),
    },
    gate: { threshold: of([0, 0.3, 0.6]) },
    exploration: of([
      {},
      { share: 0 },
      { share: 0.2, floor: 0.1, actions: ['no_action', ...some(['email', 'sms', 'discount_20'], 0.7)] },
    ]),
    catalogue: Object.fromEntries(some(KEYS, 0.5).map((key) => [key, override(key)])),
    actions: { own },
    guard: { languageFallback: of([null, null, 'en', 'de']) },
    sender: { language: of(['en', 'de', 'it']) },
    offers: {
      fulfilment: Object.fromEntries(
        some(['discount_10', 'discount_20', 'call_discount_30', 'own_0'], 0.5).map((key) => [
          key,
          of([{ by: 'person' }, { by: 'billing' }, { by: 'pool', pool: 'spring' }]),
        ]),
      ),
    },
    delivery: { mode: of(['dry_run', 'sandbox']) },
    groups: { holdout: whole(0, 5) / 10 },
  }
}

function eligibility({ maybe, of, some }: Draw): object {
  const range = (): object =>
    of<object>([
      { atLeast: of([0, 0.1, 1, 6, 37.5]) },
      { atMost: of([0, 0.1, 12, 80]) },
      { atLeast: 0, atMost: 50 },
    ])
  return {
    ...(maybe(0.3) ? { levels: some(LEVELS, 0.6) } : {}),
    ...(maybe(0.2) ? { objects: some(['companies', 'contacts'], 0.6) } : {}),
    ...(maybe(0.3) ? { countries: some(['AT', 'DE', 'US'], 0.6) } : {}),
    ...(maybe(0.5) ? { where: Object.fromEntries(some(NUMBERS, 0.4).map((name) => [name, range()])) } : {}),
  }
}

function randomCustomer(draw: Draw, id: number, elsewhere: number): Customer {
  const { maybe, of, whole, share, uniform, some } = draw
  const known = (probability: number, name: string, value: () => number): object =>
    maybe(probability) ? { [name]: value() } : {}
  const flag = (probability: number, name: string): object =>
    known(0.4, name, () => (maybe(probability) ? 1 : 0))
  return {
    id,
    object: of(['companies', 'contacts']),
    level: of(LEVELS),
    group: of([...Array<string>(12).fill('policy'), 'holdout', 'usual', 'exempt']),
    recurring: of([
      NaN,
      -3,
      0,
      0.01,
      whole(5, 40),
      whole(1000, 90_000) / 100,
      whole(1000, 90_000) / 100,
      4000,
    ]),
    hazard: 0.001 + 0.1 * uniform(),
    context: {
      ...known(0.5, 'emailConsent', () => of([0, 1, 1])),
      ...known(0.4, 'smsConsent', () => of([0, 1])),
      ...known(0.4, 'callConsent', () => of([0, 1, 1])),
      ...flag(0.05, 'openDispute'),
      ...flag(0.05, 'openNegotiation'),
      ...flag(0.05, 'runningSequence'),
      ...flag(0.05, 'vulnerable'),
      ...known(0.1, 'urgentTicket', () => of([0, 0, 1, 3])),
      ...known(0.05, 'profilingConsent', () => of([0, 1])),
      ...known(0.4, 'paymentFailures', () => of([0, 0, 0, 1, 2])),
      ...known(0.2, 'discountInForce', () => of([0, 0.1, 0.3])),
      ...known(0.5, 'daysSinceContact', () => of([0, 6.5, 13.5, 14, 40, 59.5, 200])),
      ...known(0.5, 'monthsToNotice', () => of([0, 0.5, 3, 11, 59])),
      ...known(0.7, 'tenureMonths', () => whole(0, 90)),
      ...known(0.5, 'engagement', () => 100 * share()),
    },
    contacts: Array.from({ length: of([0, 1, 1, 1, 2, 3]) }, (_, at) =>
      contact(draw, 10 * id + at, elsewhere),
    ),
    holds: maybe(0.06)
      ? some(['replied', 'complained', 'dispute', 'negotiation', 'by_hand'] as const, 0.4)
      : [],
    objects: maybe(0.02),
    past: maybe(0.3)
      ? some([...KEYS, 'own_0'], 0.3).map((action) => ({
          action,
          sent: Array.from({ length: of([0, 1, 1, 3]) }, () => of([2, 13, 30, 59, 100, 340])),
          open: of([0, 0, 0, 1]),
        }))
      : [],
  }
}

function contact({ of, maybe, whole }: Draw, id: number, elsewhere: number): Contact {
  const answer = (): Answer => of(['suppressed', 'refused', 'unknown', ...Array<Answer>(6).fill('granted')])
  const phone = maybe(0.7)
  return {
    id,
    email: maybe(0.85) ? answer() : null,
    sms: phone ? answer() : null,
    call: phone ? answer() : null,
    language: of(LANGUAGES),
    country: of(COUNTRIES),
    elsewhere: maybe(elsewhere) ? { daysAgo: of([1, 10, 20]), inPeriod: whole(0, 3) } : null,
  }
}
