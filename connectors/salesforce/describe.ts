/** The fields that an org has today, with figures of a sample: what a mapping is proposed from. */
import type { TableProfile } from '../../src/contracts/table.ts'
import type { ObjectDescription } from '../connector.ts'
import { describedColumn, type DescribedProperty } from '../described-columns.ts'
import type { SalesforceContext } from './context.ts'
import { id18 } from './ids.ts'
import type { Field } from './object-fields.ts'
import { describable, readableOf } from './readable.ts'
import { readWide } from './records.ts'
import { anyRow, type Row } from './rows.ts'
import { select } from './soql.ts'
import { readValue } from './values.ts'

const SAMPLE = 200

/**
 * The sample: the records that were modified last, at most 200. Two calls, more where the fields are many.
 *
 * @throws HoldfastError `connector_configuration` where our user may not read the object
 * @example
 * (await describeObject(context)).profile.columns.find(({ header }) => header === 'Industry')
 */
export async function describeObject(context: SalesforceContext): Promise<ObjectDescription> {
  const { object, org } = context.config
  const readable = await readableOf(context, object)
  const names = describable(readable)
  const rows = await sampleOf(context, object, names)
  const columns = names.map((name) => {
    const field = readable.fields.get(name)!
    return describedColumn(
      propertyOf(field),
      rows.map((row) => readValue(field.type, row[name])),
    )
  })
  const profile: TableProfile = {
    path: `salesforce:${org}/${object}`,
    format: 'crm',
    rows: rows.length,
    columns,
  }
  return { object, label: readable.object.plural, profile }
}

/** The latest first: those that are in use, and not the leads of years ago. */
async function sampleOf(
  context: SalesforceContext,
  from: string,
  names: readonly string[],
): Promise<readonly Row[]> {
  const soql = select({ fields: ['Id'], from, orderBy: ['SystemModstamp DESC'], limit: SAMPLE })
  const ids: string[] = []
  for await (const { records } of context.client.query(soql, anyRow))
    ids.push(...records.map((row) => id18(String(row['Id']))))
  return readWide(context, from, ['Id', 'SystemModstamp', ...names], ids)
}

function propertyOf({ name, label, type, picklistValues }: Field): DescribedProperty {
  const options = picklistValues.filter(({ active }) => active)
  const kind = { type: KINDS[type] ?? 'string', identifying: IDENTIFYING.has(type) }
  return { name, label, options, ...kind, percent: type === 'percent' }
}

const KINDS: Readonly<Record<string, DescribedProperty['type']>> = {
  int: 'number',
  long: 'number',
  double: 'number',
  currency: 'number',
  percent: 'number',
  boolean: 'bool',
  date: 'date',
  datetime: 'datetime',
  picklist: 'enumeration',
  multipicklist: 'enumeration',
  combobox: 'enumeration',
  reference: 'enumeration',
}

/** Several options at once, and ids of other records. */
const IDENTIFYING: ReadonlySet<string> = new Set(['multipicklist', 'reference'])
