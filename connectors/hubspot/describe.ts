/** The properties that a portal has today, with figures of a sample: what a mapping is proposed from. */
import type { ColumnProfile, TableProfile } from '../../src/contracts/table.ts'
import type { ObjectDescription, PropertyValue } from '../connector.ts'
import { describedColumn } from '../described-columns.ts'
import type { CustomerObject } from './records.ts'
import { describable } from './records.ts'
import type { Objects } from './objects.ts'
import type { Property } from './properties.ts'
import { readValue } from './values.ts'

export interface DescribeSource {
  readonly objects: Objects
  readonly object: CustomerObject
  readonly portal: string
  readonly properties: ReadonlyMap<string, Property>
}

/**
 * The sample: the records that were modified last, at most 200. One call.
 *
 * @example
 * (await describeObject(source)).profile.columns.find(({ header }) => header === 'lifecyclestage')
 */
export async function describeObject({
  objects,
  object,
  portal,
  properties,
}: DescribeSource): Promise<ObjectDescription> {
  const names = describable(properties)
  const { records } = await objects.search(object, {
    filters: [],
    properties: names,
    // The latest first: those that are in use, and not the leads of years ago.
    sort: object === 'contacts' ? '-lastmodifieddate' : '-hs_lastmodifieddate',
  })
  const columns = names.map((name) => {
    const property = properties.get(name)!
    const values = records.map((record) => readValue(property.type, record.properties[name]))
    return columnOf(property, values)
  })
  const profile: TableProfile = {
    path: `hubspot:${portal}/${object}`,
    format: 'crm',
    rows: records.length,
    columns,
  }
  return { object, label: object, profile }
}

function columnOf(property: Property, values: readonly PropertyValue[]): ColumnProfile {
  const { name, label, type, multiple, owner } = property
  // Users are chosen by their ids.
  const options = owner ? [] : property.options
  return describedColumn({ name, label, type, options, identifying: multiple || owner }, values)
}
