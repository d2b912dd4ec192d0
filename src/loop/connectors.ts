/** Which connector serves which kind of connection. */
import type { Connector } from '../../connectors/connector.ts'
import { openFileConnector } from '../../connectors/csv/connector.ts'
import { HoldfastError } from '../contracts/errors.ts'
import { findFileColumns } from './file-columns.ts'
import type { Capability, ConnectionPlace, Connectors } from './services.ts'

/** Opens one kind of connector at a place; parses the config that is stored there. */
export type OpenConnector = (place: ConnectionPlace) => Connector | Promise<Connector>

/** How one kind of connection is served. */
export interface ConnectorKind {
  readonly open: OpenConnector
  /** The optional methods that its connectors have; default: none. */
  readonly can?: readonly Capability[]
}

/** A customer file, whose columns are found by the feature dictionary. */
export const openFile: OpenConnector = ({ config }) =>
  openFileConnector({ config, findColumns: findFileColumns })

/**
 * @param kinds by the name that `connections.kind` has; a function serves a kind that can nothing optional
 * @example
 * const connectors = openConnectors({ csv: openFile, hubspot: { open: openHubSpot, can: ['tasks', 'activities', 'consent'] } })
 * const connector = await connectors.open({ tenant, id, kind: 'csv', config: { path: 'customers.csv' } })
 */
export function openConnectors(kinds: Readonly<Record<string, OpenConnector | ConnectorKind>>): Connectors {
  const kindOf = (name: string): ConnectorKind | null => {
    if (!Object.hasOwn(kinds, name)) return null
    const kind = kinds[name]
    return typeof kind === 'function' ? { open: kind } : kind
  }
  return {
    can: (kind, capability) => kindOf(kind)?.can?.includes(capability) ?? false,
    async open(place) {
      const kind = kindOf(place.kind)
      if (kind !== null) return kind.open(place)
      throw new HoldfastError(
        'connector_configuration',
        `There is no connector of the kind "${place.kind}". Known kinds: ${Object.keys(kinds).join(', ')}.`,
      )
    },
  }
}
