/** Which connector serves which kind of connection. */
import type { Connector } from '../../connectors/connector.ts'
import { openFileConnector } from '../../connectors/csv/connector.ts'
import { HoldfastError } from '../contracts/errors.ts'
import { findFileColumns } from './file-columns.ts'
import type { ConnectionPlace, Connectors } from './services.ts'

/** Opens one kind of connector at a place; parses the config that is stored there. */
export type OpenConnector = (place: ConnectionPlace) => Connector | Promise<Connector>

/** A customer file, whose columns are found by the feature dictionary. */
export const openFile: OpenConnector = ({ config }) =>
  openFileConnector({ config, findColumns: findFileColumns })

/**
 * @example
 * const connectors = openConnectors({ csv: openFile })
 * const connector = await connectors.open({ tenant, id, kind: 'csv', config: { path: 'customers.csv' } })
 */
export function openConnectors(kinds: Readonly<Record<string, OpenConnector>>): Connectors {
  return {
    async open(place) {
      if (Object.hasOwn(kinds, place.kind)) return kinds[place.kind](place)
      throw new HoldfastError(
        'connector_configuration',
        `There is no connector of the kind "${place.kind}". Known kinds: ${Object.keys(kinds).join(', ')}.`,
      )
    },
  }
}
