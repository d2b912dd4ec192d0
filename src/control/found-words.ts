/** What a person is told of a CRM's records before anything is connected. */
import { canonical } from '../../models/features/dictionary.ts'
import { proposeMapping } from '../../models/features/mapping.ts'
import type { ColumnProfile, TableProfile } from '../contracts/table.ts'

/** Lines of a list; more of them say less. */
const MOST_LINES = 14

/** What a CRM calls a property. */
export interface PropertyWord {
  readonly one: string
  readonly many: string
}
const PROPERTY: PropertyWord = { one: 'property', many: 'properties' }
export const FIELD: PropertyWord = { one: 'field', many: 'fields' }

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
  const asOf = new Date(today * 86_400_000).toISOString().slice(0, 10)
  const found = proposeMapping(profile, { asOf }).columns.flatMap(({ column, use, feature, confidence }) => {
    const entry = feature === undefined ? undefined : canonical(feature)
    const values = profile.columns.find(({ header }) => header === column)
    if (use === 'ignore' || entry === undefined || values === undefined) return []
    return [{ label: entry.label, column, confidence, sample: sampleOf(values) }]
  })
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

function sampleOf({ values, range, kind }: ColumnProfile): string {
  if (kind === 'number' && range !== undefined && values.length > 3)
    return `${short(range.min)} to ${short(range.max)}`
  return values
    .slice(0, 3)
    .map(({ value }) => (/^\d{4}-\d{2}-\d{2}T/.test(value) ? value.slice(0, 10) : value))
    .map((value) => (value.length > 20 ? `${value.slice(0, 20)}…` : value))
    .join(', ')
}

const short = (value: number): string => String(Math.round(value * 100) / 100)

export const count = (value: number): string => value.toLocaleString('en')
