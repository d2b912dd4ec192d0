/** Which connector serves which kind of connection. */
import type { Connector } from '../../connectors/connector.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { ConnectionPlace, Connectors } from './services.ts'

/** Opens one kind of connector at a place; parses the config that is stored there. */
export type OpenConnector = (place: ConnectionPlace) => Promise<Connector>

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
