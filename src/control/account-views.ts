/** A look into what a connection is of, with the sign-in that it has. */
import type { AccountView, Membership } from '../../connectors/account-view.ts'
import { viewFile } from '../../connectors/csv/account-view.ts'
import { viewPortal } from '../../connectors/hubspot/account-view.ts'
import { parseHubSpotConfig } from '../../connectors/hubspot/config.ts'
import { openCrmMemory } from '../../connectors/memory.ts'
import { parseSalesforceConfig } from '../../connectors/salesforce/config.ts'
import type { TenantId } from '../contracts/ids.ts'
import { memberOf } from '../loop/population.ts'
import type { Service } from '../service.ts'
import type { Connection, Population } from '../store/connections.ts'

/**
 * Hands a view to `work`, and closes what it stands on.
 *
 * @throws HoldfastError what opening the connection throws
 * @example
 * await withAccountView(service, tenant, connection, (view) => view.count(null))
 */
export async function withAccountView<T>(
  service: Service,
  tenant: TenantId,
  { id, kind, config: stored }: Pick<Connection, 'id' | 'kind' | 'config'>,
  work: (view: AccountView) => Promise<T>,
): Promise<T> {
  const { clock } = service
  const place = { tenant, id, kind, config: stored }
  if (kind === 'hubspot')
    return work(
      viewPortal({
        client: await service.hubspot.clientOf(place),
        config: parseHubSpotConfig(stored),
        clock,
      }),
    )
  if (kind === 'salesforce') {
    const { openContext } = await import('../../connectors/salesforce/context.ts')
    const { viewOrg } = await import('../../connectors/salesforce/account-view.ts')
    const client = await service.salesforce.clientOf(place)
    const config = parseSalesforceConfig(stored)
    return work(viewOrg(openContext({ client, config, clock, memory: openCrmMemory({ clock }) })))
  }
  const connector = await service.connectors.open(place)
  try {
    return await work(viewFile(connector, (membership) => memberOf(populationOf(membership))))
  } finally {
    await connector.close()
  }
}

export const populationOf = (membership: Membership): Population => membership ?? { kind: 'everyone' }

export const membershipOf = (population: Population): Membership =>
  population.kind === 'everyone' ? null : population
