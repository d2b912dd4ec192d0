/** What a pass over a CRM hands over, for either. */
import type { ChangePage, Connector, Cursor, CustomerRecord, Reading } from '../../connectors/connector.ts'

/** All that a pass hands over, and the cursor behind it as the database gives it back. */
export async function passOver(connector: Connector, since: Cursor | null, reading?: Reading) {
  const pages: ChangePage[] = []
  for await (const page of connector.changes(since, reading)) pages.push(page)
  return {
    pages,
    records: pages.flatMap(({ upserts }) => upserts),
    deleted: pages.flatMap(({ deleted }) => deleted),
    cursor: JSON.parse(JSON.stringify(pages.at(-1)?.cursor ?? since)) as Cursor,
  }
}

export const idsOf = (records: readonly CustomerRecord[]): readonly string[] => records.map(({ id }) => id)
