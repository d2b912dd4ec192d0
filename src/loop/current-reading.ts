/** What is read of a connection's records at the moment, for whoever is not in the middle of reading them. */
import type { Reading } from '../../connectors/connector.ts'
import type { ConnectionId, TenantId } from '../contracts/ids.ts'
import { readConnection } from '../store/connections.ts'
import { championMapping } from '../store/models.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { readingOf } from './needed-properties.ts'
import type { LoopServices } from './services.ts'

const DAY = 86_400_000

/** @returns null: what its records have is not known before the first sync */
export async function currentReading(
  { database, clock }: Pick<LoopServices, 'database' | 'clock'>,
  { tenant, connection: id }: { readonly tenant: TenantId; readonly connection: ConnectionId },
): Promise<Reading | null> {
  return database.withTenant(tenant, async (tx) => {
    const connection = await readConnection(tx, id)
    if (connection.profile === null) return null
    const { settings } = await currentSettings(tx)
    const like = await championMapping(tx, id)
    const today = Math.floor(clock().getTime() / DAY)
    return readingOf(connection, today, { like, offers: settings.offers })
  })
}
