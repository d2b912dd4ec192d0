/** What is held of a person, place by place: counted, and read out. */
import type { Transaction } from '../database.ts'
import { PERSONAL_PLACES, type PersonalPlace } from './places.ts'
import type { Subject } from './subject.ts'
import { namingPattern } from './words.ts'

/** By the names of the places; those with nothing are left out. */
export type HeldCounts = Readonly<Record<string, number>>

/**
 * @example
 * await countHeld(tx, subject) // { recipients: 1, interventions: 3, consents: 2 }
 */
export async function countHeld(tx: Transaction, subject: Subject): Promise<HeldCounts> {
  const counts: Record<string, number> = {}
  for (const place of PERSONAL_PLACES) {
    const { text, values } = statement('select count(*) as many', place, subject, tx)
    const [{ many }] = await tx.query<{ many: number }>(text, values)
    if (many > 0) counts[place.name] = many
  }
  return counts
}

export interface HeldRows {
  readonly place: PersonalPlace
  readonly rows: readonly Readonly<Record<string, unknown>>[]
}

/** What means nothing outside of the database, or is ours alone. */
export const OURS = [
  'tenant_id',
  'lease_owner',
  'lease_until',
  'email_hash',
  'phone_hash',
  'address_hash',
  'properties_hash',
]

/** Everything, place by place; places with nothing are left out. */
export async function readHeld(tx: Transaction, subject: Subject): Promise<readonly HeldRows[]> {
  const held: HeldRows[] = []
  for (const place of PERSONAL_PLACES) {
    const shown = place.shown ?? `to_jsonb(t) - '{${OURS.join(',')}}'::text[]`
    const { text, values } = statement(`select ${shown} as held`, place, subject, tx)
    const rows = await tx.query<{ held: Readonly<Record<string, unknown>> }>(`${text} order by 1`, values)
    if (rows.length > 0) held.push({ place, rows: rows.map((row) => row.held) })
  }
  return held
}

/** Types of what conditions name. */
const TYPES: Readonly<Record<string, string>> = {
  customers: 'bigint[]',
  recipients: 'bigint[]',
  around: 'bigint[]',
  hashes: 'bytea[]',
  interventions: 'uuid[]',
  beside: 'uuid[]',
  emails: 'text[]',
  ids: 'text[]',
  connections: 'uuid[]',
  answered: 'jsonb[]',
  naming: 'text',
}

function statement(
  select: string,
  { table, where }: PersonalPlace,
  subject: Subject,
  { tenant }: Transaction,
): { readonly text: string; readonly values: readonly unknown[] } {
  const values: unknown[] = [tenant]
  const places = new Map<string, string>()
  const bound = (text: string): string =>
    text.replace(/(?<!:):([a-z]+)/g, (_, name: string) => {
      const known = places.get(name)
      if (known !== undefined) return known
      values.push(valueOf(name, subject))
      const place = `$${values.length}::${TYPES[name]}`
      places.set(name, place)
      return place
    })
  return {
    text: `${bound(select)} from ${table} t where t.tenant_id = $1 and (${bound(where)})`,
    values,
  }
}

function valueOf(name: string, subject: Subject): unknown {
  if (name === 'naming') return namingPattern(subject)
  if (name === 'ids') return subject.records.map(({ id }) => id)
  if (name === 'connections') return subject.records.map(({ connection }) => connection)
  if (name === 'answered') return subject.customers.map(String)
  return subject[name as keyof Subject]
}
