/** Records of the org as customers: named, with typed properties, their responsible and their top parent. */
import type { CustomerRecord, PastValue, Properties, PropertyValue, Reading } from '../connector.ts'
import { openParents } from '../parents.ts'
import type { SalesforceContext } from './context.ts'
import { versionOf } from './cursor.ts'
import { historyOf } from './history.ts'
import { id18 } from './ids.ts'
import { describable, readableOf, refuseMissing, type Readable } from './readable.ts'
import { responsiblesOf } from './responsible.ts'
import { idIn, rowsOf, textIn, type Row } from './rows.ts'
import { fitsAddress, select } from './soql.ts'
import { readTime, readValue } from './values.ts'

export type CustomerObject = SalesforceContext['config']['object']

/** What a record is known by. */
export interface Known {
  /** Of 18 characters. */
  readonly id: string
  readonly stamp: Date
  readonly row: Row
}

export interface RecordReader {
  readonly object: CustomerObject
  readonly reading: Reading
  /** What a query has to ask for, so that {@link RecordReader.customers} can be made of its rows; as of today. */
  fields(): readonly string[]
  known(row: Row): Known
  version(one: Known): string
  /** In any order, wide ones too; what is not there, or not shown to our user, is left out. */
  byIds(ids: readonly string[]): Promise<readonly Known[]>
  customers(records: readonly Known[], how: Handing): Promise<readonly CustomerRecord[]>
  /**
   * Salesforce does not know a field: everything is described again.
   *
   * @throws HoldfastError `column_missing` when a field that is mapped went
   */
  renew(): Promise<void>
}

export interface Handing {
  /** Ids of those that meet the condition; null: no condition was asked for. */
  readonly members: ReadonlySet<string> | null
  /** Ids of those whose past values are wanted. */
  readonly past?: ReadonlySet<string>
  /** Because of something around them. */
  readonly related?: boolean
  /** By id, those that were merged into it. */
  readonly merged?: ReadonlyMap<string, readonly string[]>
}

/** What the records themselves are asked for, beside what is mapped. */
const OWN: Readonly<Record<CustomerObject, readonly string[]>> = {
  Account: ['Name', 'ParentId'],
  Contact: ['FirstName', 'LastName', 'Email', 'AccountId'],
}
const ALWAYS = ['Id', 'SystemModstamp', 'CreatedDate', 'LastModifiedById'] as const

/**
 * @param reading properties null: all that {@link describable} lets through
 * @throws HoldfastError `column_missing` for a mapped field that is not there, `connector_configuration` for an object
 *   that is not there
 * @example
 * const reader = await openRecordReader(context, reading)
 * await reader.customers(await reader.byIds(ids), { members: null })
 */
export async function openRecordReader(context: SalesforceContext, reading: Reading): Promise<RecordReader> {
  const { config, ours } = context
  const { object, responsible } = config
  const lookup = 'field' in responsible ? [responsible.field] : []
  let readable: Readable
  let shown: readonly (readonly [name: string, type: string])[]
  let fields: readonly string[]

  async function look(): Promise<void> {
    readable = await readableOf(context, object)
    refuseMissing(reading, readable, ours.isOurs)
    const names = (reading.properties ?? describable(readable)).filter((name) => !ours.isOurs(name))
    shown = names.map((name) => [name, readable.fields.get(name)!.type] as const)
    const wanted = [...names, ...OWN[object], ...lookup].filter((name) => readable.fields.has(name))
    fields = [...new Set([...ALWAYS, ...wanted])]
  }
  await look()

  /** Those that have a parent, and those that are one: of all others there may be any number. */
  const kept = new Map<string, string | null>()

  async function parentsOf(ids: readonly string[]): Promise<Iterable<readonly [string, string | null]>> {
    const unknown = ids.filter((id) => !kept.has(id))
    const rows = await rowsOf(context, {
      fields: ['Id', 'ParentId'],
      from: 'Account',
      by: 'Id',
      ids: unknown,
    })
    for (const id of unknown) kept.set(id, null)
    for (const row of rows) kept.set(id18(String(row['Id'])), idIn(row, 'ParentId'))
    return ids.map((id) => [id, kept.get(id) ?? null] as const)
  }

  async function tops(records: readonly Known[]): Promise<(one: Known) => string | null> {
    if (object === 'Contact') return ({ row }) => idIn(row, 'AccountId')
    // Nobody is anybody's child where our user may not see who the parent is.
    if (!readable.fields.has('ParentId')) return () => null
    const page = records.map(({ id, row }) => [id, idIn(row, 'ParentId')] as const)
    for (const [id, parent] of page) if (parent !== null) kept.set(id, parent)
    const parents = openParents(parentsOf)
    parents.note(page)
    const found = await parents.tops(records.map(({ id }) => id))
    return ({ id }) => found.get(id) ?? null
  }

  /** In a loop: a list of pairs for each of 150,000 records would cost more memory than the records. */
  function propertiesOf(row: Row): Properties {
    const properties: Record<string, PropertyValue> = {}
    for (const [name, type] of shown) properties[name] = readValue(type, row[name])
    return properties
  }

  function known(row: Row): Known {
    return { id: id18(String(row['Id'])), stamp: readTime(row['SystemModstamp']) ?? new Date(0), row }
  }

  async function pastOf(
    records: readonly Known[],
    wanted: ReadonlySet<string> | undefined,
  ): Promise<ReadonlyMap<string, readonly PastValue[]>> {
    const asked = wanted === undefined ? [] : records.filter(({ id }) => wanted.has(id))
    const names = reading.history.filter((name) => !ours.isOurs(name))
    if (asked.length === 0 || names.length === 0) return new Map()
    return historyOf(
      context,
      asked,
      names.map((name) => readable.fields.get(name)!),
    )
  }

  return {
    object,
    reading,
    fields: () => fields,
    known,
    version: (one) =>
      versionOf(
        object,
        one.id,
        one.stamp,
        shown.map(([name, type]) => readValue(type, one.row[name])),
      ),
    byIds: async (ids) => (await readWide(context, object, fields, ids)).map(known),
    async customers(records, { members, past, related = false, merged }) {
      if (records.length === 0) return []
      const [topOf, responsibles, user, pasts] = await Promise.all([
        tops(records),
        responsiblesOf(
          context,
          records.map(({ id, row }) => ({
            id,
            userId: lookup.length === 0 ? null : idIn(row, lookup[0]),
          })),
        ),
        context.client.user(),
        pastOf(records, past),
      ])
      return records.map((one): CustomerRecord => {
        const { id, row, stamp } = one
        const into = merged?.get(id)
        const values = pasts.get(id)
        return {
          object,
          id,
          name: nameOf(object, row),
          properties: propertiesOf(row),
          topParentId: topOf(one),
          responsible: responsibles.get(id) ?? null,
          agreements: null,
          updatedAt: stamp,
          ...(into !== undefined && { merged: into }),
          ...(related && { related: true as const }),
          ...(idIn(row, 'LastModifiedById') === user.id && { own: true as const }),
          ...(members !== null && { member: members.has(id) }),
          ...(values !== undefined && { history: values }),
        }
      })
    },
    async renew() {
      context.memory.forget()
      await look()
    },
  }
}

/** Characters of field names that leave room for ids in an address. */
const NAMES = 8000

/** Hundreds of fields do not fit one address: they are asked for in several queries and put together. */
export async function readWide(
  context: SalesforceContext,
  from: string,
  fields: readonly string[],
  ids: readonly string[],
): Promise<readonly Row[]> {
  const found = new Map<string, Row>()
  for (const [i, group] of groupsOf(fields).entries()) {
    const asked = i === 0 ? ids : [...found.keys()]
    const rows = await rowsOf(context, { fields: group, from, by: 'Id', ids: asked })
    const there = new Map(rows.map((row) => [id18(String(row['Id'])), row]))
    if (i === 0) for (const [id, row] of there) found.set(id, row)
    else
      for (const [id, row] of found) {
        const more = there.get(id)
        // Gone between two queries. Changed between them: the older stamp, so that it is met again.
        if (more === undefined) found.delete(id)
        else found.set(id, { ...more, ...row })
      }
  }
  return [...found.values()]
}

function groupsOf(fields: readonly string[]): readonly (readonly string[])[] {
  const groups: string[][] = []
  let length = Infinity
  for (const field of fields) {
    if (length + field.length + 3 > NAMES) {
      groups.push(groups.length === 0 ? [] : ['Id', 'SystemModstamp'])
      length = 0
    }
    groups.at(-1)!.push(field)
    length += field.length + 3
  }
  return groups
}

/** Whether all the fields can be asked for at once in a query that has so much beside them. */
export const isNarrow = (from: string, fields: readonly string[], rest: string): boolean =>
  fitsAddress(select({ fields, from }) + rest)

/** People give contacts no name either: then what tells them apart. */
function nameOf(object: CustomerObject, row: Row): string | null {
  if (object === 'Account') return textIn(row, 'Name')
  const name = [textIn(row, 'FirstName'), textIn(row, 'LastName')].filter((part) => part !== null).join(' ')
  return name || textIn(row, 'Email')
}
