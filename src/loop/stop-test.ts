/**
 * Whether more people turn away from what was sent than chance explains: pure, numbers in, numbers out.
 *
 * One-sided exact binomial test of the answers against the usual rate. Looked at again and again over some tens of
 * actions and channels, so chance is allowed little.
 */
import type { AutomationSettings } from '../settings/automation.ts'
import type { SentCounts, TurnedAway } from '../store/stop-counts.ts'

type StopSettings = AutomationSettings['stop']

/** Probability below which it is no chance any more. */
const ALPHA = 1e-4
/** What the settings call usual weighs as much as this many messages. */
const PRIOR_MESSAGES = 500
/** What grows slowly must not become usual by that. */
const MOST_TIMES = 2

/** What was seen, as it is kept with the pause. */
export interface Jump {
  readonly what: TurnedAway
  /** Messages answered so within the window. */
  readonly answers: number
  /** Messages that could have been. */
  readonly messages: number
  /** Share that was expected at most. */
  readonly usual: number
  /** Probability of as many or more by chance. */
  readonly chance: number
}

export interface Stop {
  readonly scope: 'action' | 'channel'
  readonly name: string
  readonly jump: Jump
}

const WAYS: readonly TurnedAway[] = ['complaints', 'bounces', 'optOuts']

/**
 * Actions that stand out are stopped by themselves; a channel only where what is left of it stands out as well.
 *
 * @param paused `<scope> <name>` of what is paused already: it tells nothing new
 * @example
 * stopsOf(counts, settings.automation.stop, new Set()) // [{ scope: 'action', name: 'sms', jump: { what: 'optOuts', … } }]
 */
export function stopsOf(
  counts: readonly SentCounts[],
  settings: StopSettings,
  paused: ReadonlySet<string>,
): readonly Stop[] {
  const stops: Stop[] = []
  for (const [actionKey, of] of Map.groupBy(counts, (one) => one.actionKey)) {
    if (paused.has(`action ${actionKey}`)) continue
    const jump = jumpOf(of, settings)
    if (jump !== null) stops.push({ scope: 'action', name: actionKey, jump })
  }
  const stopped = new Set([...paused, ...stops.map(({ scope, name }) => `${scope} ${name}`)])
  for (const [channel, of] of Map.groupBy(counts, (one) => one.channel)) {
    if (stopped.has(`channel ${channel}`)) continue
    const rest = of.filter(({ actionKey }) => !stopped.has(`action ${actionKey}`))
    const jump = jumpOf(rest, settings)
    if (jump !== null) stops.push({ scope: 'channel', name: channel, jump })
  }
  return stops
}

/** The first way in which it stands out, the worst first; null: in none. */
function jumpOf(counts: readonly SentCounts[], settings: StopSettings): Jump | null {
  const sum = (of: (one: SentCounts) => number) => counts.reduce((all, one) => all + of(one), 0)
  const messages = sum((one) => one.exposed)
  const before = sum((one) => one.before)
  for (const what of WAYS) {
    const answers = sum((one) => one.recent[what])
    if (answers < settings.fewest) continue
    const stated = settings[what]
    const known = (stated * PRIOR_MESSAGES + sum((one) => one.usual[what])) / (PRIOR_MESSAGES + before)
    const usual = Math.min(known, stated * MOST_TIMES)
    const chance = binomialTail(answers, messages, usual)
    if (chance < ALPHA) return { what, answers, messages, usual, chance }
  }
  return null
}

/**
 * P(X >= k) of n tries that each succeed with probability p.
 *
 * The first term by the log-gamma function (Stirling's series, DLMF 5.11.1), the others from one another.
 *
 * @example
 * binomialTail(3, 10, 0.1) // 0.0702
 */
export function binomialTail(k: number, n: number, p: number): number {
  if (k <= 0) return 1
  if (k > n || p <= 0) return 0
  if (p >= 1) return 1
  // From the middle down the sum would be long, and it is no jump.
  if (k <= n * p) return 1 - lowerTail(k - 1, n, p)
  let term = density(k, n, p)
  let sum = 0
  for (let i = k; i <= n && term > sum * 1e-16; i++) {
    sum += term
    term *= ((n - i) / (i + 1)) * (p / (1 - p))
  }
  return Math.min(1, sum)
}

/** P(X <= k) for a k below the middle. */
function lowerTail(k: number, n: number, p: number): number {
  let term = density(k, n, p)
  let sum = 0
  for (let i = k; i >= 0 && term > sum * 1e-16; i--) {
    sum += term
    term *= (i / (n - i + 1)) * ((1 - p) / p)
  }
  return Math.min(1, sum)
}

const density = (k: number, n: number, p: number): number =>
  Math.exp(
    logFactorial(n) - logFactorial(k) - logFactorial(n - k) + k * Math.log(p) + (n - k) * Math.log1p(-p),
  )

function logFactorial(n: number): number {
  if (n < 20) {
    let product = 1
    for (let i = 2; i <= n; i++) product *= i
    return Math.log(product)
  }
  const x = n + 1
  const x2 = x * x
  return (
    (x - 0.5) * Math.log(x) -
    x +
    0.5 * Math.log(2 * Math.PI) +
    (1 - (1 / 30 - 1 / (105 * x2)) / x2) / (12 * x)
  )
}
