/**
 * Rows of AccountHistory and its like: what a tracked field was and what it became.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_accounthistory.htm
 */
import type { Values } from './entries.ts'
import { isCustom, isLong, type FieldDefinition, type Value } from './field.ts'

const DATA_TYPES: Partial<Record<FieldDefinition['type'], string>> = {
  boolean: 'Boolean',
  currency: 'Currency',
  date: 'DateOnly',
  datetime: 'DateTime',
  double: 'Double',
  int: 'Double',
  percent: 'Percent',
  picklist: 'DynamicEnum',
  multipicklist: 'MultiEnum',
  reference: 'EntityId',
  email: 'EMail',
  phone: 'PhoneNumber',
  url: 'Url',
}

/** @param nameOf what a record is called: a lookup gives a second row, in words */
export function historyRows(
  field: FieldDefinition,
  before: Value,
  after: Value,
  nameOf: (id: string) => string | null,
): Values[] {
  const lookup = field.type === 'reference'
  const name = lookup && !isCustom(field.name) ? field.name.replace(/Id$/, '') : field.name
  // Of long texts, picklists with several values and encrypted fields only that they changed.
  const told = !isLong(field) && field.type !== 'multipicklist' && !field.encrypted
  const row = (DataType: string, OldValue: Value, NewValue: Value): Values => ({
    Field: name,
    DataType,
    OldValue: told ? OldValue : null,
    NewValue: told ? NewValue : null,
  })
  const rows = [row(DATA_TYPES[field.type] ?? 'Text', before, after)]
  const words = (id: Value): Value => (typeof id === 'string' ? nameOf(id) : null)
  if (lookup) rows.unshift(row('Text', words(before), words(after)))
  return rows
}
