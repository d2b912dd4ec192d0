/** Customers of a file put into the store as a sync would leave them, for what comes after it. */
import { readFileSync } from 'node:fs'
import { openTable } from '../../connectors/csv/open.ts'
import { parseRecords } from '../../connectors/csv/records.ts'
import type { Properties } from '../../connectors/connector.ts'
import type { ConnectionId, TenantId } from '../../src/contracts/ids.ts'
import { insertRows } from '../../src/store/bulk.ts'
import { createConnection, saveConnectionProfile } from '../../src/store/connections.ts'
import type { Database } from '../../src/store/database.ts'

const columns = {
  connection_id: 'uuid',
  object: 'text',
  external_id: 'text',
  name: 'text',
  properties: 'jsonb',
  properties_hash: 'text',
  group_key: 'text',
  group_name: 'text',
  score_due_at: 'timestamptz',
}

/** @param id the column that tells customers apart */
export async function storeCustomers(
  database: Database,
  tenant: TenantId,
  { path, id = 'customer_id', kind = 'csv' }: { path: string; id?: string; kind?: string },
): Promise<{ connection: ConnectionId; records: readonly Properties[] }> {
  const table = await openTable(path)
  const profile = await table.profile()
  await table.close()
  const [headers, ...cells] = parseRecords(readFileSync(path, 'utf8'), ',', true)
  const records = cells.map((row) => Object.fromEntries(headers.map((header, i) => [header, row[i]])))
  const connection = await database.withTenant(tenant, async (tx) => {
    const made = await createConnection(tx, {
      kind,
      name: 'A file',
      sandbox: false,
      config: {},
      population: { kind: 'everyone' },
    })
    await saveConnectionProfile(tx, made, profile)
    return made
  })
  for (let from = 0; from < records.length; from += 10_000)
    await database.withTenant(tenant, (tx) =>
      insertRows(
        tx,
        'customers',
        Object.entries(columns).map(([name, type]) => ({ name, type })),
        records.slice(from, from + 10_000).map((properties) => ({
          connection_id: connection,
          object: 'rows',
          external_id: properties[id],
          name: null,
          properties,
          properties_hash: 'as it came',
          group_key: properties[id],
          group_name: 'policy',
          score_due_at: '2026-05-20T10:00:00.123456Z',
        })),
      ),
    )
  return { connection, records }
}
