/** Which of a CRM's properties are read: a portal or org has hundreds, and the loop looks at a few. */
import type { Reading } from '../../connectors/connector.ts'
import { canonical } from '../../models/features/dictionary.ts'
import type { MappedColumn, Mapping } from '../../models/features/mapping-file.ts'
import type { ServiceSettings } from '../settings/service.ts'
import type { Connection } from '../store/connections.ts'
import { mappingOf } from './mapping.ts'

/**
 * The properties that are asked of a CRM: those that feed features and masks, that which says who is a customer, and that
 * which says whose offer was taken.
 *
 * @param like columns of the model in charge, which may have names of their own
 */
export function readingOf(
  connection: Connection,
  today: number,
  { like, offers }: { readonly like: Mapping | undefined } & Pick<ServiceSettings, 'offers'>,
): Reading {
  const columns = neededColumns(connection, today, like)
  const { population } = connection
  const membership = population?.kind === 'property' ? [population.property] : []
  const names = (all: readonly MappedColumn[]): string[] => all.map(({ column }) => column)
  const sorted = (all: readonly string[]): string[] => [...new Set(all)].sort()
  return {
    properties: sorted([...names(columns), ...membership, ...redemptionColumns(connection, offers)]),
    history: sorted(names(columns.filter(({ use }) => use === 'feature'))),
    ...(population?.kind === 'condition' && { condition: population.condition }),
  }
}

/**
 * The property that holds the code of a taken offer (settings: offers.redemptionProperty). One that the CRM does not have
 * is not asked for: the answer would be that nothing at all can be read.
 */
export function redemptionColumns(
  { profile }: Pick<Connection, 'profile'>,
  { redemptionProperty }: ServiceSettings['offers'],
): readonly string[] {
  const found = profile?.columns.find(({ header }) => header === redemptionProperty)
  return found === undefined ? [] : [found.header]
}

/**
 * Columns that a model or a mask can look at. A portal or org has hundreds of properties more; each that is read is one more
 * whose changes bring records over.
 */
export function neededColumns(
  connection: Pick<Connection, 'kind' | 'profile' | 'mapping'>,
  today: number,
  like?: Mapping,
): readonly MappedColumn[] {
  const learnt = new Set(like?.columns.filter(isRead).map(({ column }) => column))
  const settled = new Set(connection.mapping?.columns.filter(isRead).map(({ column }) => column))
  return mappingOf(connection, { today, like }).columns.filter(
    (entry) =>
      isRead(entry) &&
      (settled.has(entry.column) || learnt.has(entry.column) || canonical(entry.feature ?? '') !== undefined),
  )
}

const isRead = ({ use }: MappedColumn): boolean => use === 'feature' || use === 'context'
