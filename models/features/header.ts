/** What a header may mean: candidates out of the dictionary, by the header's words alone. */
import type { ColumnProfile } from '../../src/contracts/table.ts'
import type { Alias } from './dictionary.ts'
import { aliasKeys, aliasesOf, canonical, dictionary, findAlias } from './dictionary.ts'
import { unitWords } from './units.ts'
import { isOneEditApart, key, words } from './words.ts'

export interface HeaderMatch extends Alias {
  /** 0 to 1, how well the names agree. */
  readonly score: number
  /** As the start of a sentence: "named like …". */
  readonly why: string
}

/** Words that say whose a column is, not what it is. */
const owners = new Set(
  'customer customers client cust account subscription subscriber user member person company contact deal opportunity contract hs sf stripe properties attributes current'.split(
    ' ',
  ),
)

/** Owners that are no persons: the age of an account is nobody's age. */
const things = new Set(['account', 'subscription', 'contract', 'company', 'deal', 'opportunity'])

const zones = new Set(['utc', 'gmt'])

const fillers = new Set([
  'avg',
  'average',
  'mean',

  'in',
  'of',
  'the',
  'a',
  'number',
  'num',
  'nr',
  'no',
  'count',
  'flag',
  'is',
  'has',
  'value',
  'total',
])

/** Salesforce's own fields that mean something else than such a name in a file: what they are is known. */
const standard: Readonly<
  Record<string, { readonly name: string; readonly unit: string; readonly why: string }>
> = {
  // The due date of the last task or event that is done: what we did, not what the customer did.
  LastActivityDate: {
    name: 'daysSinceContact',
    unit: 'date',
    why: 'Salesforce’s own field, the day of the last call, mail or meeting',
  },
}

const bySortedWords = new Map<string, Alias>()
for (const entry of dictionary) {
  for (const alias of aliasesOf(entry)) {
    const sorted = sortedWords(words(alias.text))
    if (!bySortedWords.has(sorted)) bySortedWords.set(sorted, alias)
  }
}

/**
 * The dictionary's candidates for a header, best first.
 *
 * @example
 * headerMatches('tenure_years')[0].entry.name // 'tenureMonths'
 */
export function headerMatches(header: string): HeaderMatch[] {
  const found: HeaderMatch[] = []
  const add = (alias: Alias | undefined, score: number, why: string, unit?: string): void => {
    if (!alias || found.some((match) => match.entry === alias.entry)) return
    const stated = alias.unit ?? unit
    found.push({ ...alias, score, why, ...(stated === undefined ? {} : { unit: stated }) })
  }
  const all = words(header).filter((word, i) => i === 0 || !zones.has(word))
  const { rest, unit } = withoutUnit(all)
  add(findAlias(key(header)) ?? findAlias(all.join('')), 0.98, 'known by this name', unit)
  if (unit !== undefined) add(findAlias(rest.join('')), 0.95, `named like ${quoted(rest)} in ${unit}`, unit)

  for (const [tokens, statedUnit] of [
    [all, undefined],
    [rest, unit],
  ] as const) {
    for (let drop = 1; drop < tokens.length && owners.has(tokens[drop - 1]); drop++) {
      const short = tokens.slice(drop)
      const alias = findAlias(short.join(''))
      const ofThing = tokens.slice(0, drop).some((word) => things.has(word))
      if (ofThing && (alias?.entry.role === 'protected' || alias?.entry.role === 'household')) continue
      add(alias, 0.9, `named like ${quoted(short)}`, statedUnit)
    }
  }
  for (const mark of markedBy(all))
    add({ entry: mark, weak: false, inverted: false }, 0.9, 'its name says so')
  if (all.length > 1) add(bySortedWords.get(sortedWords(all)), 0.85, `named like ${quoted(all)}`)
  if (unit !== undefined && rest.length > 1)
    add(bySortedWords.get(sortedWords(rest)), 0.8, `named like ${quoted(rest)}`, unit)
  if (all.length > 2) {
    const core = all.filter((word) => !fillers.has(word))
    if (core.length > 1 && core.length < all.length)
      add(bySortedWords.get(sortedWords(core)), 0.75, `named like ${quoted(core)}`)
  }
  if (found.length === 0) {
    const near = misspelt(key(header))
    if (near !== undefined) add(findAlias(near), 0.75, 'named almost like a known column')
  }
  return found
}

/**
 * The same for a column that people see under another name than its own: a CRM's `custom_17` that is shown as
 * "Monthly charges". Of equal meanings the surer name counts.
 *
 * @example
 * columnMatches({ header: 'custom_17', label: 'Monthly charges' })[0].entry.name // 'recurringAmount'
 */
export function columnMatches({ header, label }: Pick<ColumnProfile, 'header' | 'label'>): HeaderMatch[] {
  if (Object.hasOwn(standard, header)) return [standardMatch(header)]
  const own = headerMatches(header)
  if (label === undefined || key(label) === key(header)) return own
  const shown = headerMatches(label).map((match) => ({
    ...match,
    score: match.score * SHOWN,
    why: `shown as "${label}", which is ${match.why}`,
  }))
  const best = new Map<string, HeaderMatch>()
  for (const match of [...own, ...shown])
    if (match.score > (best.get(match.entry.name)?.score ?? 0)) best.set(match.entry.name, match)
  return [...best.values()].sort((a, b) => b.score - a.score)
}

function standardMatch(header: string): HeaderMatch {
  const { name, unit, why } = standard[header]
  return { entry: canonical(name)!, unit, why, weak: false, inverted: false, score: STANDARD }
}

/** A field that somebody made for it says more. */
const STANDARD = 0.9

/** A label is for people, and changed more lightly than the name of a property. */
const SHOWN = 0.97

function quoted(tokens: readonly string[]): string {
  return `"${tokens.join(' ')}"`
}

function withoutUnit(tokens: readonly string[]): { rest: string[]; unit?: string } {
  const last = tokens.at(-1)
  const unit = last !== undefined && Object.hasOwn(unitWords, last) ? unitWords[last] : undefined
  if (unit === undefined || tokens.length < 2) return { rest: [...tokens] }
  const rest = tokens.slice(0, -1)
  if (rest.at(-1) === 'in') rest.pop()
  return { rest, unit }
}

/** Words in one order and number, so that "charges_monthly" and "monthly charge" agree. */
function sortedWords(tokens: readonly string[]): string {
  return tokens
    .map((word) => (word.length > 3 && word.endsWith('s') && !word.endsWith('ss') ? word.slice(0, -1) : word))
    .sort()
    .join(' ')
}

function misspelt(headerKey: string): string | undefined {
  if (headerKey.length < 7) return undefined
  for (const alias of aliasKeys()) {
    if (alias.length >= 7 && isOneEditApart(alias, headerKey)) return alias
  }
  return undefined
}

const marks: readonly (readonly [name: string, marking: readonly string[], unless?: readonly string[]])[] = [
  ['gender', ['gender', 'sex', 'geschlecht', 'sexe', 'male', 'female']],
  ['seniorCitizen', ['senior'], ['manager', 'engineer', 'sales', 'level', 'rep']],
  ['maritalStatus', ['marital', 'married', 'divorced']],
  [
    'dependents',
    ['dependents', 'dependent', 'dependants', 'dependant', 'children', 'kids', 'hijos', 'enfants', 'kinder'],
  ],
  ['householdSize', ['household', 'hh'], ['happy']],
  ['ethnicity', ['ethnicity', 'ethnic', 'race', 'nationality', 'citizenship', 'immigrant']],
  ['religion', ['religion', 'religious', 'political']],
  ['health', ['disability', 'pregnant', 'pregnancy', 'diagnosis', 'medical'], ['plan', 'product']],
  ['age', ['birth', 'birthdate', 'birthday', 'dob']],
  ['zipCode', ['zip', 'zipcode', 'postcode', 'plz'], ['file', 'archive', 'files']],
  [
    'age',
    ['age', 'aged'],
    [
      'account',
      'contract',
      'subscription',
      'membership',
      'equipment',
      'device',
      'phone',
      'handset',
      'plan',
      'ticket',
      'vehicle',
      'car',
      'card',
      'invoice',
      'debt',
      'relationship',
      'company',
      'network',
      'of',
      'on',
      'days',
      'months',
    ],
  ],
]

const outcomeWords = new Set([
  'churn',
  'churned',
  'churner',
  'attrition',
  'attrited',
  'cancellation',
  'canceled',
  'cancelled',
  'terminated',
  'deactivated',
])
/** A cancelled order is no cancelled customer. */
const otherEnds = new Set([
  'order',
  'orders',
  'booking',
  'bookings',
  'trip',
  'trips',
  'num',
  'number',
  'count',
  'appointments',
])
const predictionWords = new Set([
  'score',
  'probability',
  'prob',
  'risk',
  'prediction',
  'predicted',
  'classifier',
  'likelihood',
  'propensity',
])

/** Entries that must never slip in because a header has a word more: `AgeHH1`, `gender_Male`, `churn_date_2`. */
function markedBy(tokens: readonly string[]) {
  const predicted = tokens.some((word) => predictionWords.has(word))
  const ends = tokens.some((word) => outcomeWords.has(word))
  const outcome =
    ends && predicted
      ? ['churnScore']
      : ends && !tokens.some((word) => otherEnds.has(word))
        ? ['churnReason']
        : []
  const marked = marks
    .filter(
      ([, marking, unless]) =>
        tokens.some((word) => marking.includes(word)) && !tokens.some((word) => unless?.includes(word)),
    )
    .map(([name]) => name)
  // A classifier that lists its inputs in its name is first of all a classifier.
  const names = [...outcome, ...marked]
  return names.map((name) => canonical(name)).filter((entry) => entry !== undefined)
}
