/** The policy in plain words: which one serves and since when, what bounds it, and what it believes an action is worth. */
import { z } from 'zod'
import type { PolicyBundle } from '../../models/onnx/bundle-contents.ts'
import { price } from '../../models/policy/reprice.ts'
import { hazardOfState, STATE_SIZE, writeState } from '../../models/policy/state.ts'
import type { TenantId } from '../contracts/ids.ts'
import { minorDigits } from '../contracts/money.ts'
import { actionsOf, pricingOf, reportingCurrency } from '../settings/planning.ts'
import type { ServiceSettings } from '../settings/service.ts'
import type { Database, Transaction } from '../store/database.ts'
import { listPolicies, policyInCharge, shippedSince } from '../store/policies.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { openPolicy } from './models.ts'
import { pauseFacts } from './pauses.ts'
import { trainingOf } from './policy-terms.ts'
import type { Engines } from './services.ts'
import { solvedPolicy } from './solved-policy.ts'

export interface PolicyPage {
  readonly serving: {
    readonly origin: 'shipped' | 'own'
    readonly name: string
    readonly version: string
    readonly hash: string
    /** Null: since the beginning. */
    readonly since: Date | null
  }
  /** What was solved and does not serve. */
  readonly challengers: readonly {
    readonly hash: string
    readonly solvedAt: Date
    readonly settingsVersion: number
    readonly state: 'refused' | 'replaced'
    readonly problems: readonly string[]
  }[]
  readonly gate: { readonly threshold: number; readonly sentence: string }
  readonly exploration: {
    readonly share: number
    readonly actions: readonly string[]
    readonly sentence: string
  }
  /** Rules that come before every value, as the settings have them. */
  readonly rules: readonly PolicyRule[]
  /** A paragraph that a person could read aloud. */
  readonly explanation: string
  /** What it was trained on, and what it cannot know. */
  readonly limits: readonly string[]
}

export interface PolicyRule {
  /** The field of the settings that sets it. */
  readonly setting: string
  readonly sentence: string
}

/**
 * @example
 * const { explanation, rules } = await policyPage(tx)
 */
export async function policyPage(tx: Transaction): Promise<PolicyPage> {
  const { settings } = await currentSettings(tx)
  const shipped = await shippedPolicy()
  const known = await listPolicies(tx)
  const own = known.find(({ inCharge }) => inCharge)
  const { killed } = await pauseFacts(tx)
  const actions = actionsOf(settings)
  return {
    serving:
      own === undefined
        ? {
            origin: 'shipped',
            name: shipped.name,
            version: shipped.version,
            hash: shipped.hash,
            since: await shippedSince(tx),
          }
        : {
            origin: 'own',
            name: 'For your own actions and beliefs',
            version: `of the settings ${own.settingsVersion}`,
            hash: own.hash,
            since: own.since,
          },
    challengers: known
      .filter(({ inCharge }) => !inCharge)
      .map(({ hash, solvedAt, settingsVersion, problems }) => ({
        hash,
        solvedAt,
        settingsVersion,
        problems,
        state: problems.length > 0 ? 'refused' : 'replaced',
      })),
    gate: {
      threshold: settings.gate.threshold,
      sentence: `An action is considered only when it does more good than harm with a probability of at least ${percent(settings.gate.threshold)}, given how unsure its effect is.`,
    },
    exploration: explorationOf(settings),
    rules: [
      ...(killed
        ? [{ setting: 'kill switch', sentence: 'The kill switch is on: no action is chosen for anybody.' }]
        : []),
      ...rulesOf(settings),
    ],
    explanation: `For each customer the policy says what each of ${actions.length - 1} actions is worth against doing nothing: margin that is kept, less what the action costs, over the months in which it works. Rules shut out what may not be done, the gate shuts out what is too unsure, and the rest competes for the budget and for places; most customers are left in peace. ${
      settings.exploration.share > 0
        ? `${percent(settings.exploration.share)} of the choice is left to a draw, so that the next policy can learn what really helps.`
        : 'Nothing is left to a draw, so nothing new is learned.'
    }`,
    limits: limitsOf(shipped),
  }
}

let shippedBefore: Promise<PolicyBundle> | null = null

function shippedPolicy(): Promise<PolicyBundle> {
  shippedBefore ??= openPolicy()
  shippedBefore.catch(() => (shippedBefore = null))
  return shippedBefore
}

const percent = (share: number): string => `${Number((share * 100).toFixed(1))} %`

function limitsOf({ card }: PolicyBundle): readonly string[] {
  const parsed = z.object({ limits: z.array(z.string()) }).safeParse(card)
  return parsed.success ? parsed.data.limits : []
}

function explorationOf(settings: ServiceSettings): PolicyPage['exploration'] {
  const { share, floor, actions } = settings.exploration
  const own = settings.actions.own.flatMap(({ key, explore }) => (explore ? [key] : []))
  const explored = [...actions, ...own]
  const named = new Map(actionsOf(settings).map(({ key, name }) => [key, name]))
  return {
    share,
    actions: explored,
    sentence:
      share === 0
        ? 'Exploration is off: what the policy thinks best is always done, and nothing is learned of the rest.'
        : `With a probability of ${percent(share)} the choice is left to a draw among ${explored.map((key) => named.get(key) ?? key).join(', ')}, each with at least ${percent(floor)}. Each draw can be checked later.`,
  }
}

function rulesOf(settings: ServiceSettings): readonly PolicyRule[] {
  const { contact, discounts, margin, budget, groups } = settings
  const currency = reportingCurrency(settings)
  const times = (n: number, one: string, many: string): string =>
    n === 1 ? `once ${one}` : `${n} times ${many}`
  const rules: (PolicyRule | null)[] = [
    contact.cooldownDays === 0
      ? null
      : {
          setting: 'contact.cooldownDays',
          sentence: `Nobody is contacted within ${contact.cooldownDays} days of the last contact.`,
        },
    contact.perPeriod === null
      ? null
      : {
          setting: 'contact.perPeriod',
          sentence:
            contact.perPeriod === 0
              ? 'Nobody is contacted at all.'
              : `Nobody is contacted more than ${times(contact.perPeriod, `a ${settings.period}`, `a ${settings.period}`)}.`,
        },
    {
      setting: 'contact.requireConsent',
      sentence: contact.requireConsent
        ? 'Without consent to a channel nothing is planned by it.'
        : 'Without consent to a channel nothing is sent by it; it may be planned while consent is unknown.',
    },
    { setting: 'discounts.deepest', sentence: `No discount is deeper than ${percent(discounts.deepest)}.` },
    discounts.perYear === null
      ? null
      : {
          setting: 'discounts.perYear',
          sentence:
            discounts.perYear === 0
              ? 'No discount is given.'
              : `Nobody gets a discount more than ${times(discounts.perYear, 'in 12 months', 'in 12 months')}, and none while another one runs.`,
        },
    margin.floor === 0
      ? null
      : {
          setting: 'margin.floor',
          sentence: `At least ${percent(margin.floor)} of the recurring amount is left of the margin while an action lasts.`,
        },
    budget === null
      ? null
      : {
          setting: 'budget',
          sentence:
            budget === 0
              ? 'The budget is 0: nothing that costs is done.'
              : `At most ${budget.toLocaleString('en')} ${currency} are planned a ${settings.period}.`,
        },
    ...actionsOf(settings).flatMap(({ key, name, capacity }): PolicyRule[] =>
      capacity === null
        ? []
        : [
            {
              setting: `catalogue.${key}.capacity`,
              sentence:
                capacity === 0
                  ? `${name} is off: it has no places.`
                  : `${name}: at most ${capacity.toLocaleString('en')} a ${settings.period}.`,
            },
          ],
    ),
    {
      setting: 'groups',
      sentence: `Customers of the holdout (${percent(groups.holdout)}) and of business as usual (${percent(groups.usual)}) are left to themselves, so that what the policy earns can be measured.`,
    },
    {
      setting: 'always',
      sentence:
        'Never: an open dispute, an objection to profiling, a person in need of protection, a suppressed address, a failed payment (but to ask for a new payment method), an action already under way.',
    },
  ]
  return rules.filter((rule) => rule !== null)
}

/** A typical customer whose risk is varied. */
export interface ValueQuestion {
  readonly tenant: TenantId
  /** A month, minor units of the reporting currency. */
  readonly monthlyMinor: number
  /** NaN: unknown. */
  readonly contractMonths: number
  readonly tenureMonths: number
}

export interface ValueCurve {
  readonly key: string
  readonly name: string
  readonly points: readonly {
    /** Chance to leave in a month. */
    readonly monthlyRisk: number
    /** Net expected gain over doing nothing, minor units; null: the policy has no value for the action. */
    readonly netMinor: number | null
    /** P(it does more good than harm); null: not said. */
    readonly sure: number | null
  }[]
}

/** From half a per cent to a fifth a month, in equal steps of odds. */
const RISKS = Array.from({ length: 24 }, (_, at) => {
  const [low, high] = [0.005, 0.2].map((p) => Math.log(p / (1 - p)))
  return 1 / (1 + Math.exp(-(low + ((high - low) * at) / 23)))
})

/**
 * What each action is worth as the risk rises, for a customer of whom little else is known; before masks, gate and budget.
 *
 * @example
 * await valueCurves(services, { tenant, monthlyMinor: 10_000, contractMonths: 1, tenureMonths: NaN })
 */
export async function valueCurves(
  { database, engines }: { readonly database: Database; readonly engines: Engines },
  { tenant, monthlyMinor, contractMonths, tenureMonths }: ValueQuestion,
): Promise<readonly ValueCurve[]> {
  const { settings, policy } = await database.withTenant(tenant, async (tx) => ({
    settings: (await currentSettings(tx)).settings,
    policy: await policyInCharge(tx),
  }))
  const engine = await engines.get('shipped:subscription', solvedPolicy(database, tenant, policy))
  const digits = minorDigits(reportingCurrency(settings))
  const rows = RISKS.length
  const amount = monthlyMinor / 10 ** digits
  const states = new Float32Array(rows * STATE_SIZE)
  RISKS.forEach((monthlyHazard, row) =>
    writeState(states, row, {
      monthlyHazard,
      contractMonths,
      tenureMonths,
      monthlyCharge: amount,
      tier: NaN,
      interventions: 0,
      daysSinceContact: Infinity,
      responseRate: NaN,
      engagement: NaN,
      monthsToNotice: NaN,
    }),
  )
  const values = { rows, actions: engine.policy.actions.length, value: await engine.values(states, rows) }
  const hazard = Float64Array.from(RISKS, (_, row) => hazardOfState(states, row))
  const actions = actionsOf(settings)
  const customers = { hazard, recurring: new Float64Array(rows).fill(amount) }
  const priced = price(values, customers, digits, trainingOf(engine.policy), pricingOf(settings, actions))
  return actions.flatMap(({ key, name, remedy }, a): ValueCurve[] =>
    // What answers a failed payment is worth nothing to whom none failed.
    a === 0 || remedy === 'payment'
      ? []
      : [
          {
            key,
            name,
            points: RISKS.map((monthlyRisk, row) => {
              const at = row * actions.length + a
              const gain = priced.gain[at]
              return {
                monthlyRisk,
                netMinor: Number.isFinite(gain) ? Math.round(gain) : null,
                sure: priced.benefit === null || !Number.isFinite(gain) ? null : priced.benefit[at],
              }
            }),
          },
        ],
  )
}
