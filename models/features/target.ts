/** Who left, out of a column: the values that mean so, or a clear question which they are. */
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { ColumnProfile, ColumnRequest, ColumnValues } from '../../src/contracts/table.ts'
import { headerMatches } from './header.ts'
import { valueKey, words } from './words.ts'

export interface Target {
  readonly column: string
  /** Values that mean "left", as they stand in the file. */
  readonly positive: readonly string[]
  readonly negative: readonly string[]
  /** Customers who left and who stayed; absent where the profile does not list all values. */
  readonly positives?: number
  readonly negatives?: number
  /** Rows without a value: they are not used, and the caller says how many. */
  readonly missing: number
  /** How to read the column; {@link labels} understands the codes. */
  readonly request: ColumnRequest
}

const leftWords = new Set(
  [
    'yes',
    'true',
    '1',
    'y',
    't',
    'ja',
    'oui',
    'si',
    'sim',
    'churn',
    'churned',
    'churner',
    'left',
    'exited',
    'exit',
    'lost',
    'gone',
    'attrited',
    'attrited customer',
    'attrition',
    'cancelled',
    'canceled',
    'cancel',
    'terminated',
    'closed',
    'inactive',
    'former',
    'former customer',
    'deactivated',
    'unsubscribed',
    'expired',
    'ended',
    'defected',
    'not renewed',
    'leaver',
    'lapsed',
    'quit',
    'dropped',
    'dropped out',
    'withdrawn',
    'lost customer',
    'churned customer',
    'closed lost',
    'inaktiv',
    'beendet',
    'resilie',
    'baja',
    'abgewandert',
    'gekundigt',
  ].map(valueKey),
)
const keptWords = new Set(
  [
    'no',
    'false',
    '0',
    '-1',
    'n',
    'f',
    'nein',
    'non',
    'nao',
    'stayed',
    'stay',
    'kept',
    'retained',
    'existing',
    'existing customer',
    'active',
    'current',
    'current customer',
    'loyal',
    'not churned',
    'non churned',
    'active customer',
    'loyal customer',
    'retain',
    'remain',
    'in force',
    'closed won',
    'not churn',
    'no churn',
    'non churn',
    'nonchurn',
    'non churner',
    'customer',
    'subscribed',
    'renewed',
    'open',
    'remained',
    'geblieben',
    'aktiv',
  ].map(valueKey),
)

/** States of customers who are there, although not all is well or old with them. */
const presentWords = new Set(
  [
    'joined',
    'past due',
    'unpaid',
    'paused',
    'on hold',
    'suspended',
    'in trial',
    'trial',
    'trialing',
    'non renewing',
    'at risk',
  ].map(valueKey),
)

/** Headers whose Yes means that the customer stayed. */
const stayingWords = new Set([
  'retained',
  'retention',
  'renewed',
  'renewal',
  'active',
  'stayed',
  'kept',
  'loyal',
  'loyalty',
  'alive',
  'current',
])

/**
 * Reads a target column's two classes.
 *
 * A pair that plainly says so is understood: Yes/No, 1/0, true/false, 1/-1, Churned/Stayed, "Attrited
 * Customer"/"Existing Customer". So are more states than two where each is known: Stayed, Joined, Churned. In a
 * column of leaving dates a date is who left and a blank is who stayed. Anything else needs `positive`. Other
 * rows without a value are dropped and counted: a customer whose outcome is unknown can teach nothing.
 *
 * @param options.positive values that mean "left" (as in the file, case aside); all others then mean "stayed"
 * @throws HoldfastError `target_missing` (all blank), `target_one_class` or `target_classes`
 * @example
 * parseTarget(profile.columns[20]).positive // ['Yes']
 */
export function parseTarget(
  column: ColumnProfile,
  options: { readonly positive?: readonly string[] } = {},
): Target {
  const { header, values, distinct } = column
  const list = values.slice(0, 8).map(({ value, count }) => `"${value}" (${count.toLocaleString('en')})`)
  const shown =
    list.join(', ') + (distinct > list.length ? `, … (${distinct.toLocaleString('en')} in all)` : '')
  if (distinct === 0)
    throw new HoldfastError(
      'target_missing',
      `The target "${header}" is empty in every row. Name a column that says who left with --target.`,
    )
  if (isLeavingDay(column) && options.positive === undefined) return leavingDay(column)
  if (column.kind === 'number' && distinct > 20 && options.positive === undefined) {
    throw new HoldfastError(
      'target_classes',
      `The target "${header}" holds numbers, ${distinct.toLocaleString('en')} different ones, such as ${list.slice(0, 3).join(', ')}. A target says who left in two values. Name another column with --target.`,
    )
  }
  if (distinct > values.length) {
    throw new HoldfastError(
      'target_classes',
      `The target "${header}" has ${distinct.toLocaleString('en')} different values, such as ${list.slice(0, 3).join(', ')}. A target has two: left or stayed. Name another column with --target.`,
    )
  }
  const positive = options.positive
    ? namedValues(column, options.positive, shown)
    : knownValues(column, shown)
  const negative = values.map(({ value }) => value).filter((value) => !positive.includes(value))
  if (positive.length === 0 || negative.length === 0) {
    const who = positive.length === 0 ? 'no customer who left' : 'no customer who stayed'
    throw new HoldfastError(
      'target_one_class',
      `The target "${header}" has ${who}: its values are ${shown}. A model needs customers of both kinds; use a file that has them.`,
    )
  }
  const count = (some: readonly string[]): number =>
    values.reduce((sum, entry) => sum + (some.includes(entry.value) ? entry.count : 0), 0)
  return {
    column: header,
    positive,
    negative,
    positives: count(positive),
    negatives: count(negative),
    missing: column.missing,
    request: { column: header, as: 'category', categories: [...negative, ...positive] },
  }
}

/**
 * Labels of a batch read by `target.request`: 1 left, 0 stayed, NaN unknown.
 *
 * @param out at least as long as the batch; written from 0
 */
export function labels(target: Target, values: ColumnValues, out: Float64Array): Float64Array {
  if (target.request.as === 'text') {
    for (let row = 0; row < values.length; row++) out[row] = values[row] === null ? 0 : 1
    return out
  }
  const stayed = target.negative.length
  for (let row = 0; row < values.length; row++) {
    const code = Number(values[row])
    out[row] = code >= 0 ? (code >= stayed ? 1 : 0) : NaN
  }
  return out
}

function knownValues({ header, values }: ColumnProfile, shown: string): string[] {
  const left = values.filter(({ value }) => leftWords.has(valueKey(value))).map(({ value }) => value)
  const likely = left[0] ?? values.find(({ value }) => soundsLikeLeaving.test(value))?.value
  const ask = `Say which of them mean that the customer left with --positive${likely === undefined ? '' : `, such as --positive "${likely}"`}.`
  const classes = new Set(values.map(({ value }) => valueKey(value)))
  if (classes.size > 2) {
    const plain = values.every(({ value }) => {
      const word = valueKey(value)
      return !isAnswer.test(value) && (leftWords.has(word) || keptWords.has(word) || presentWords.has(word))
    })
    if (plain && left.length > 0 && left.length < values.length) return left
    throw new HoldfastError(
      'target_classes',
      `The target "${header}" has ${classes.size} classes, ${shown}; a model needs two. ${ask}`,
    )
  }
  const understood = values.every(
    ({ value }) => leftWords.has(valueKey(value)) !== keptWords.has(valueKey(value)),
  )
  const oneClass = left.length === 0 || left.length === values.length
  if (!understood || (oneClass && classes.size > 1)) {
    throw new HoldfastError(
      'target_classes',
      `It is not clear which value of the target "${header}" means that a customer left: ${shown}. ${ask}`,
    )
  }
  const staying = words(header).some((word) => stayingWords.has(word))
  if (staying && values.every(({ value }) => isAnswer.test(value))) {
    throw new HoldfastError(
      'target_classes',
      `The target "${header}" seems to say who stayed, and its values are ${shown}. ${ask}`,
    )
  }
  return left
}

const isAnswer = /^(?:yes|no|true|false|[01ynft]|-1)$/iu
const soundsLikeLeaving = /churn|cancel|left|lost|exit|attrit|terminat|inactive|former|lapse|expire|closed/iu

/** A day on which customers left: dates, a header that says so, and blanks for those who are still there. */
function isLeavingDay({ header, kind, missing }: ColumnProfile): boolean {
  return kind === 'date' && missing > 0 && headerMatches(header)[0]?.entry.name === 'churnReason'
}

function leavingDay({ header, missing, distinct, values }: ColumnProfile): Target {
  const left = values.reduce((sum, { count }) => sum + count, 0)
  return {
    column: header,
    positive: ['any date'],
    negative: ['no date'],
    ...(values.length === distinct && { positives: left, negatives: missing }),
    missing: 0,
    request: { column: header, as: 'text' },
  }
}

function namedValues({ header, values }: ColumnProfile, names: readonly string[], shown: string): string[] {
  return names.flatMap((name) => {
    const found = values.filter(({ value }) => value === name || valueKey(value) === valueKey(name))
    if (found.length > 0) return found.map(({ value }) => value)
    throw new HoldfastError(
      'target_classes',
      `The target "${header}" has no value "${name}". Its values: ${shown}. Name one of them with --positive.`,
    )
  })
}
