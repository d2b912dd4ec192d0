/** Which property of a connection feeds which feature: what people set, completed by what the properties suggest. */
import { asOfDay } from '../../models/features/as-of.ts'
import type { Mapping } from '../../models/features/mapping-file.ts'
import { proposeMapping } from '../../models/features/mapping.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { TableProfile } from '../contracts/table.ts'

export interface MappedConnection {
  /** `csv` is a file, which describes the newest of its own days; all others describe today. */
  readonly kind: string
  readonly profile: TableProfile | null
  /** Null: the proposal stands. */
  readonly mapping: Mapping | null
}

export interface MappingRequest {
  /** What columns were in the model's training, where nobody set a mapping. */
  readonly like?: Mapping | undefined
  /** Days since 1970-01-01. */
  readonly today: number
}

/**
 * The same for a file as `holdfast score` takes for it: the mapping that was set, else that of the model's card, and
 * a proposal for every column that neither names.
 *
 * @throws HoldfastError `connector_configuration` before the first sync, when no property is known yet
 * @example
 * mappingOf(connection, { today }).columns.find(({ feature }) => feature === 'tenureMonths')
 */
export function mappingOf(connection: MappedConnection, { like, today }: MappingRequest): Mapping {
  const { kind, profile } = connection
  if (profile === null)
    throw new HoldfastError(
      'connector_configuration',
      'Nothing is known of the customers yet. Sync the connection first.',
      { retryable: true },
    )
  const settled = connection.mapping ?? like
  const mapping = proposeMapping(profile, settled === undefined ? {} : { like: settled })
  if (kind === 'csv' && asOfDay(profile, mapping, today) !== null) return mapping
  if (mapping.asOf !== 'newest') return mapping
  return { ...mapping, asOf: new Date(today * 86_400_000).toISOString().slice(0, 10) }
}
