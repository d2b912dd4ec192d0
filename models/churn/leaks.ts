/**
 * Columns that would make a model look far better than it will ever be: what was written after the customer
 * left, the target under another name, ids. They are found before training, and judged by lower confidence
 * bounds, so that a lucky column of a small file is not accused.
 */
import { stratifiedSample } from './folds.ts'
import { evidenceOf, type Evidence } from './leak-evidence.ts'

export type LeakKind = 'predicts_alone' | 'filled_after_churn' | 'identifier' | 'constant' | 'suspicious'

export interface LeakFinding {
  readonly column: string
  readonly kind: LeakKind
  /** AUC of the column alone for the leaks, share of distinct values for an identifier or constant. */
  readonly figure: number
  /** `exclude`: leave it out unless a person insists. `warn`: tell, and train with it. */
  readonly action: 'exclude' | 'warn'
  /** For people: what was found and why it matters; for a warning also what to do. */
  readonly sentence: string
}

export interface LeakColumn {
  /** Header as in the file. */
  readonly name: string
  readonly kind: 'number' | 'category'
  /** Numbers (dates as days) or category codes, one a row; NaN is missing. */
  readonly values: ArrayLike<number>
  /** What the codes stand for, for the sentence. */
  readonly categories?: readonly string[]
}

export interface LeakInput {
  readonly columns: readonly LeakColumn[]
  /** 1 churned, 0 kept; both must occur. */
  readonly labels: Uint8Array
  readonly seed?: number
}

/**
 * AUC whose lower bound says: nothing honest predicts this well alone. The best honest column of the public
 * files reaches about .9; billing periods and logins that stop when a customer leaves reach .95 to .98.
 */
const CERTAIN = 0.945
const STRONG = 0.9
/** Far above all others: so good, and so much better than the next best column. */
const OUTSTANDING = 0.85
const GAP = 0.12
/** From here on a name that speaks of churn settles it. */
const NAMED = 0.75
/** Rows that rankings are measured on; more would only take longer. */
const SAMPLE = 20_000

/**
 * At most one finding a column, in the order of the columns.
 *
 * @example
 * findLeaks({ columns: [{ name: 'Churn Reason', kind: 'category', values: codes }], labels })
 * // [{ column: 'Churn Reason', kind: 'filled_after_churn', action: 'exclude', … }]
 */
export function findLeaks({ columns, labels, seed = 42 }: LeakInput): LeakFinding[] {
  const rows = stratifiedSample(labels, SAMPLE, seed)
  const evidence = columns.map(({ kind, values }) => evidenceOf(kind, values, labels, rows))
  const baseRate = labels.reduce((sum, label) => sum + label, 0) / labels.length
  return columns.flatMap((column, i) => {
    const nextBest = Math.max(0.5, ...evidence.filter((_, other) => other !== i).map((e) => e.auc))
    const finding = judge(column, evidence[i], { rows: labels.length, baseRate, nextBest })
    return finding === null ? [] : [{ column: column.name, ...finding }]
  })
}

type Verdict = Omit<LeakFinding, 'column'>

interface Context {
  readonly rows: number
  readonly baseRate: number
  readonly nextBest: number
}

function judge(column: LeakColumn, e: Evidence, context: Context): Verdict | null {
  const { name } = column
  return (
    constant(name, e, context) ??
    filledAfterChurn(name, e, context) ??
    predictsAlone(name, e) ??
    standsStill(name, e, context) ??
    identifier(column, e) ??
    suspicious(column, e, context)
  )
}

function constant(name: string, e: Evidence, { rows }: Context): Verdict | null {
  if (e.filled > 0 && (e.distinct > 1 || e.filled < rows)) return null
  const what = e.filled === 0 ? 'has no value at all' : 'has the same value for every customer'
  return {
    kind: 'constant',
    figure: e.distinct / rows,
    action: 'exclude',
    sentence: `"${name}" ${what}, so it tells nothing. It is left out.`,
  }
}

function filledAfterChurn(name: string, e: Evidence, { rows, baseRate }: Context): Verdict | null {
  const missing = rows - e.filled
  // Where most have churned, a group of churned customers is nothing strange.
  const telling = baseRate <= 0.7
  const onlyChurned = telling && e.filled >= 10 && e.churnedOfFilledLow >= 0.9
  const onlyKept = telling && missing >= 10 && e.churnedOfMissingLow >= 0.9
  if (e.filledAucLow < 0.95 && !onlyChurned && !onlyKept) return null
  const shares = `filled for ${percent(e.filledOfChurned)} of the customers who churned and ${percent(e.filledOfKept)} of those who stayed`
  const why =
    e.filledOfChurned > e.filledOfKept
      ? 'so it was probably written after they left'
      : 'so it was probably emptied when they left'
  return {
    kind: 'filled_after_churn',
    figure: e.filledAuc,
    action: 'exclude',
    sentence: `"${name}" is ${shares}, ${why}. A model would read the answer from it.`,
  }
}

function predictsAlone(name: string, e: Evidence): Verdict | null {
  if (e.aucLow < CERTAIN) return null
  return {
    kind: 'predicts_alone',
    figure: e.auc,
    action: 'exclude',
    sentence: `"${name}" alone tells who churned almost perfectly (AUC ${e.auc.toFixed(3)}). Nothing known beforehand does that: it is the target under another name or was recorded afterwards.`,
  }
}

function standsStill(name: string, { auc, sureEnd }: Evidence, { baseRate }: Context): Verdict | null {
  if (sureEnd === null || baseRate > 0.7) return null
  const { end, count, churned, share } = sureEnd
  return {
    kind: 'predicts_alone',
    figure: auc,
    action: 'exclude',
    sentence: `Of ${count.toLocaleString('en')} customers with the ${end} values of "${name}", ${churned.toLocaleString('en')} churned, ${percent(share)} of all who did. Nothing known beforehand parts them like that: it was probably written when they left, or no longer afterwards.`,
  }
}

function identifier({ name, kind }: LeakColumn, e: Evidence): Verdict | null {
  if (e.filled < 20 || e.distinct < e.filled * 0.95) return null
  // Amounts may well be unique too: a number is an id only if whole, and numbered through or called one.
  const isId = kind === 'category' || (e.allIntegers && (e.span < e.filled * 1.5 || speaksOfIds(name)))
  if (!isId) return null
  return {
    kind: 'identifier',
    figure: e.distinct / e.filled,
    action: 'exclude',
    sentence: `"${name}" differs for ${e.distinct === e.filled ? 'every customer' : 'nearly every customer'}: it names them and cannot predict. It is left out; to carry it into the plan, name it as the id.`,
  }
}

function suspicious(column: LeakColumn, e: Evidence, { baseRate, nextBest }: Context): Verdict | null {
  const { name } = column
  const named = speaksOfChurn(name) && e.aucLow >= NAMED
  const outstanding = e.aucLow >= OUTSTANDING && e.auc >= nextBest + GAP
  if (named || outstanding || e.aucLow >= STRONG) {
    const next = `the next best column has ${nextBest.toFixed(2)}`
    const advice = named
      ? 'Its name says that it is about churn itself, so it is left out; include it only if it is known before customers leave.'
      : 'Check that its values were known before the customers left; if not, leave it out.'
    return {
      kind: 'suspicious',
      figure: e.auc,
      action: named ? 'exclude' : 'warn',
      sentence: `"${name}" alone predicts churn suspiciously well (AUC ${e.auc.toFixed(2)}; ${next}). ${advice}`,
    }
  }
  if (e.sureValue === null || baseRate > 0.7) return null
  const { value, count, churned } = e.sureValue
  return {
    kind: 'suspicious',
    figure: e.auc,
    action: speaksOfChurn(name) ? 'exclude' : 'warn',
    sentence: `Of ${count} customers with "${column.categories?.[value] ?? value}" in "${name}", ${churned} churned. Check that it was known before they left; if not, leave the column out.`,
  }
}

/** Words of a header: "customerID", "customer_id" and "Customer Id" are [customer, id]. */
function words(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
}

function speaksOfIds(name: string): boolean {
  const last = words(name).at(-1) ?? ''
  return /^(id|uuid|guid|key|number|nr|no)$|(customer|client|user|account|contact|company|subscriber|row)_?id$/.test(
    last,
  )
}

function speaksOfChurn(name: string): boolean {
  return words(name).some((word) =>
    /^(churn|cancel|terminat|attrit|exited|closed|deactivat|unsubscri|offboard|winback)/.test(word),
  )
}

function percent(share: number): string {
  const rounded = Math.round(share * 100)
  if (rounded === 0 && share > 0) return 'under 1 %'
  if (rounded === 100 && share < 1) return 'over 99 %'
  return `${rounded} %`
}
