/**
 * Past values of fields whose history an org tracks: for features as of a day that is gone.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_associated_objects_history.htm
 */
import type { PastValue, PropertyValue } from '../connector.ts'
import type { SalesforceContext } from './context.ts'
import { isId } from './ids.ts'
import type { Field, ObjectFields } from './object-fields.ts'
import type { Known } from './records.ts'
import { groupedBy, idIn, rowsOf, textIn, type Row } from './rows.ts'
import { oneOf } from './soql.ts'
import { readTime, readValue } from './values.ts'

const HISTORIES = {
  Account: { object: 'AccountHistory', parent: 'AccountId' },
  Contact: { object: 'ContactHistory', parent: 'ContactId' },
} as const

/**
 * Salesforce notes each change with the value before and after it, for 18 to 24 months. What stood before the first one
 * that is noted is taken to have stood since the record came.
 *
 * @param fields whose past is wanted; those that the org does not track have none
 * @returns an entry for each record, oldest first; none at all where the org keeps no history
 * @example
 * (await historyOf(context, records, [type])).get(id) // [{ property: 'Type', value: 'Prospect', from }, …]
 */
export async function historyOf(
  context: SalesforceContext,
  records: readonly Known[],
  fields: readonly Field[],
): Promise<ReadonlyMap<string, readonly PastValue[]>> {
  const { object, parent } = HISTORIES[context.config.object]
  const history = await context.describe(object)
  if (history === null) return new Map()
  const names = fields
    .map((field) => [historyName(field), field] as const)
    .filter(([name]) => isListed(history, name))
  if (names.length === 0) return new Map(records.map(({ id }) => [id, []]))
  const rows = await rowsOf(context, {
    fields: [parent, 'Field', 'OldValue', 'NewValue', 'CreatedDate'],
    from: object,
    by: parent,
    ids: records.map(({ id }) => id),
    where: oneOf(
      'Field',
      names.map(([name]) => name),
    ),
  })
  const byRecord = groupedBy(rows, (row) => idIn(row, parent))
  return new Map(
    records.map(({ id, row }) => {
      const created = readTime(row['CreatedDate'])
      const changes = groupedBy(byRecord.get(id) ?? [], (one) => textIn(one, 'Field'))
      return [id, names.flatMap(([name, field]) => pastValues(field, changes.get(name) ?? [], created))]
    }),
  )
}

/** A history lists the fields that it can have rows of, and takes no others. */
export function isListed({ fields }: ObjectFields, name: string): boolean {
  const known = fields.get('Field')?.picklistValues ?? []
  return known.length === 0 || known.some(({ value }) => value === name)
}

/** Of a lookup the history has the name without its "Id": `Owner`, and custom fields by their own. */
function historyName({ name, type, relationshipName }: Field): string {
  return type === 'reference' && !name.endsWith('__c') && relationshipName !== null ? relationshipName : name
}

function pastValues(field: Field, rows: readonly Row[], created: Date | null): readonly PastValue[] {
  const property = field.name
  const changes = rows
    .flatMap((row) => {
      const at = readTime(row['CreatedDate'])
      const [before, after] = [valueOf(field, row['OldValue']), valueOf(field, row['NewValue'])]
      // A lookup is noted twice, by id and by name; a long text is noted without what it said.
      if (at === null || before === undefined || after === undefined) return []
      return before === null && after === null ? [] : [{ at, before, after }]
    })
    .sort((a, b) => a.at.getTime() - b.at.getTime())
  if (changes.length === 0) return []
  const [{ before, at }] = changes
  const first =
    created !== null && created < at && before !== null ? [{ property, value: before, from: created }] : []
  const rest = changes.map(({ after, at: from }) => ({ property, value: after, from }))
  return [...first, ...rest].filter(({ value }, i, all) => value !== (i === 0 ? null : all[i - 1].value))
}

/** @returns undefined for the row that has a lookup's name */
function valueOf({ type }: Field, raw: unknown): PropertyValue | undefined {
  const value = readValue(type, raw)
  return type === 'reference' && value !== null && !isId(String(value)) ? undefined : value
}
