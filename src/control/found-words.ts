/** What a person is told of a CRM's records before anything is connected. */
import type { StageCounts } from '../../connectors/value-counts.ts'
import { canonical } from '../../models/features/dictionary.ts'
import { proposeMapping } from '../../models/features/mapping.ts'
import { isCustomerWord } from '../loop/population.ts'
import type { ColumnProfile, TableProfile } from '../contracts/table.ts'

/** Lines and values of a list; more of them say less. */
const MOST_LINES = 14
const MOST_VALUES = 8

/** What a CRM calls a property. */
export interface PropertyWord {
  readonly one: string
  readonly many: string
}
const PROPERTY: PropertyWord = { one: 'property', many: 'properties' }
export const FIELD: PropertyWord = { one: 'field', many: 'fields' }

/** A property that is taken for something that tells of churn. */
export interface Recognised {
  readonly feature: string
  readonly label: string
  readonly column: string
  /** 0 to 1. */
  readonly confidence: number
  /** Why it is taken for that. */
  readonly why: string
  /** Values of it as people read them; '' for none. */
  readonly sample: string
}

/** @param today days since 1970-01-01 */
export function recognised(profile: TableProfile, today: number): readonly Recognised[] {
  const asOf = new Date(today * 86_400_000).toISOString().slice(0, 10)
  return proposeMapping(profile, { asOf }).columns.flatMap(({ column, use, feature, confidence, why }) => {
    const entry = feature === undefined ? undefined : canonical(feature)
    const values = profile.columns.find(({ header }) => header === column)
    if (use === 'ignore' || entry === undefined || values === undefined) return []
    return [{ feature: entry.name, label: entry.label, column, confidence, why, sample: sampleOf(values) }]
  })
}

/**
 * Which property would feed what, with values of a sample, so that a wrong guess is seen before it scores anybody.
 *
 * @param word what the CRM calls a property: "property", "field"
 * @param today days since 1970-01-01
 */
export function mappingLines(
  profile: TableProfile,
  today: number,
  word: PropertyWord = PROPERTY,
): readonly string[] {
  const found = recognised(profile, today)
  if (found.length === 0)
    return [
      `No ${word.one} was recognised as one that tells of churn. Scores would know next to nothing: map ${word.many} before relying on them.`,
    ]
  const shown = found.toSorted((a, b) => b.confidence - a.confidence).slice(0, MOST_LINES)
  return [
    `Found in ${count(profile.columns.length)} ${word.many}, as they look in a sample of ${count(profile.rows)} records:`,
    ...shown.map(
      ({ label, column, sample, confidence }) =>
        `  ${label} from ${column}${sample === '' ? '' : ` (${sample})`}${confidence < 0.7 ? ', unsure' : ''}`,
    ),
    ...(found.length > shown.length ? [`  and ${found.length - shown.length} more`] : []),
  ]
}

/** Values of a column as people read them, a few of them. */
export function sampleOf({ values, range, kind }: ColumnProfile): string {
  if (kind === 'number' && range !== undefined && values.length > 3)
    return `${short(range.min)} to ${short(range.max)}`
  return values
    .slice(0, 3)
    .map(({ value }) => (/^\d{4}-\d{2}-\d{2}T/.test(value) ? value.slice(0, 10) : value))
    .map((value) => (value.length > 20 ? `${value.slice(0, 20)}…` : value))
    .join(', ')
}

const short = (value: number): string => String(Math.round(value * 100) / 100)

/**
 * @example
 * populationLines('companies', stages) // ['Companies by Lifecycle Stage (lifecyclestage): customer 812, lead 403, …']
 */
export function populationLines(object: string, stages: readonly StageCounts[]): readonly string[] {
  const what = `${object.slice(0, 1).toUpperCase()}${object.slice(1)}`
  return stages.map(({ property, label, values }) => {
    const shown = values.slice(0, MOST_VALUES).map(({ value, records }) => `${value} ${count(records)}`)
    const more = values.length > MOST_VALUES ? `, and ${values.length - MOST_VALUES} more values` : ''
    return `${what} by ${label} (${property}): ${shown.join(', ')}${more}`
  })
}

/** The first property that has values which mean "customer"; null: none tells customers from others. */
export function proposedStage(
  stages: readonly StageCounts[],
): { readonly property: string; readonly values: readonly string[]; readonly records: string } | null {
  for (const { property, values } of stages) {
    const found = values.filter(({ value, label }) => isCustomerWord(value) || isCustomerWord(label))
    if (found.length > 0)
      return {
        property,
        values: found.map(({ value }) => value),
        records: count(found.reduce((sum, { records }) => sum + records, 0)),
      }
  }
  return null
}

/**
 * @param crm as people say it: "HubSpot"
 * @param allowed those that an admin named
 */
export function sensitiveLines(
  crm: string,
  found: readonly string[],
  allowed: readonly string[],
  word: PropertyWord = PROPERTY,
): readonly string[] {
  const left = found.filter((name) => !allowed.includes(name))
  if (left.length === 0) return []
  const names = left.slice(0, MOST_VALUES).join(', ')
  return [
    `${count(left.length)} ${left.length === 1 ? `${word.one} is` : `${word.many} are`} marked as sensitive in ${crm} and left out: ${names}${left.length > MOST_VALUES ? ', …' : ''}. Whoever may decide that can name them with --sensitive.`,
  ]
}

export const count = (value: number): string => value.toLocaleString('en')
