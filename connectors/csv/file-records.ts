/** Rows of a customer file as customers and their recipients. */
import type { TableBatch, TableSource } from '../../src/contracts/table.ts'
import type { CustomerRecord, Properties, PropertyValue, Recipient } from '../connector.ts'
import type { FileColumns } from './file-columns.ts'
import { idReader } from './ids.ts'
import { countryOf, languageOf, zoneOf } from './recipient-cells.ts'

/** The one kind of record that a file has. */
export const FILE_OBJECT = 'rows'

/** @throws HoldfastError id_missing, id_duplicate, naming the line */
export async function idsOf(table: TableSource, column: string): Promise<ReadonlySet<string>> {
  const next = idReader(table, column, 0, 'name another column with "idColumn" of the connection')
  const ids = new Set<string>()
  for await (const batch of table.read([{ column, as: 'text' }]))
    for (const id of await next(batch)) ids.add(id)
  return ids
}

/** @param batch all columns as text, in the order of `headers` */
export function recordsOf(
  { rows, columns: values }: TableBatch,
  headers: readonly string[],
  columns: FileColumns,
  idColumn: string,
): readonly CustomerRecord[] {
  const cells = values as readonly (readonly (string | null)[])[]
  return Array.from({ length: rows }, (_, row) => {
    const properties: Record<string, PropertyValue> = {}
    for (let i = 0; i < headers.length; i++) properties[headers[i]] = cells[i][row]
    const text = (header: string | null): string | null => textOf(properties, header)
    const names = columns.name.map(text).filter((part) => part !== null)
    const [owner, ownerEmail] = [text(columns.responsible.name), text(columns.responsible.email)]
    const address = ownerEmail ?? (owner?.includes('@') === true ? owner : null)
    return {
      object: FILE_OBJECT,
      id: text(idColumn) ?? '',
      name: names.length === 0 ? null : names.join(' '),
      properties,
      topParentId: text(columns.parent),
      responsible:
        owner === null && address === null
          ? null
          : { id: address ?? owner!, name: owner === address ? null : owner, email: address },
      agreements: null,
      updatedAt: null,
    }
  })
}

/** The customer is its own contact; one who cannot be reached at all is none. */
export function recipientOf(
  { id, name, properties }: CustomerRecord,
  columns: FileColumns,
): Recipient | null {
  const text = (header: string | null): string | null => textOf(properties, header)
  const [email, phone] = [text(columns.email), text(columns.phone)]
  if (email === null && phone === null) return null
  const status = (channel: 'email' | 'sms' | 'call') => {
    const column = columns.consent[channel]
    const cell = text(column?.column ?? null)
    return column === null || cell === null ? 'unknown' : column.status(cell)
  }
  return {
    customerId: id,
    id,
    name,
    role: null,
    email,
    phone,
    language: languageOf(text(columns.language)),
    zone: zoneOf(text(columns.zone)),
    country: countryOf(text(columns.country)),
    consent: { email: status('email'), sms: status('sms'), call: status('call'), changedAt: null },
  }
}

function textOf(properties: Properties, header: string | null): string | null {
  const cell = header === null ? null : properties[header]
  return typeof cell === 'string' && cell.trim() !== '' ? cell.trim() : null
}
