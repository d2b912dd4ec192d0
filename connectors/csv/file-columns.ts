/** Which columns of a customer file say who a customer is and how it is reached. */
import { z } from 'zod'
import type { TableProfile } from '../../src/contracts/table.ts'
import type { ConsentStatus } from '../connector.ts'

const header = z.string().min(1).exactOptional()

/** Columns that somebody stated; what is absent is found. */
export const namedColumns = {
  idColumn: header,
  /** Several are joined by a blank: first and last name. */
  nameColumn: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]).exactOptional(),
  emailColumn: header,
  phoneColumn: header,
  languageColumn: header,
  zoneColumn: header,
  countryColumn: header,
  parentColumn: header,
  responsibleColumn: header,
  responsibleEmailColumn: header,
  emailConsentColumn: header,
  smsConsentColumn: header,
  callConsentColumn: header,
}

const namedSchema = z.object(namedColumns)
export type NamedColumns = Readonly<z.infer<typeof namedSchema>>

export interface ConsentColumn {
  readonly column: string
  /** What a cell that is not missing says. */
  status(cell: string): ConsentStatus
}

/** Headers; null where the file has no such column. */
export interface FileColumns {
  readonly id: string | null
  readonly name: readonly string[]
  readonly email: string | null
  readonly phone: string | null
  readonly language: string | null
  readonly zone: string | null
  readonly country: string | null
  /** The account above, by which groups are drawn. */
  readonly parent: string | null
  readonly responsible: { readonly name: string | null; readonly email: string | null }
  readonly consent: Readonly<Record<'email' | 'sms' | 'call', ConsentColumn | null>>
}

/** Knows how columns go by many names; handed in, since the connector knows of none. */
export type FindColumns = (profile: TableProfile, named: NamedColumns) => FileColumns

/** Every column that a configuration names, with the key that names it. */
export function* statedColumns(named: NamedColumns): Generator<readonly [key: string, header: string]> {
  for (const key of Object.keys(namedColumns) as (keyof NamedColumns)[]) {
    for (const column of [named[key] ?? []].flat()) yield [key, column]
  }
}
