/** What a store would hold that folds the pages of a CRM together, and how that compares with a fresh reading. */
import type { Agreement, Connector, Cursor, CustomerRecord, Reading } from '../../connectors/connector.ts'

export interface Folded {
  /** By id, the version as text. */
  readonly customers: ReadonlyMap<string, string>
  readonly agreements: ReadonlyMap<string, string>
}

export interface FoldedStore extends Folded {
  /**
   * A pass from where the last one got to.
   *
   * @param pages after so many of them the process is killed; null: it lives
   * @param stored whether the last page was stored before that
   */
  sync(pages: number | null, stored: boolean, meanwhile?: () => void): Promise<void>
  counts(): { readonly repeated: number; readonly handed: number }
}

const versionOf = ({ updatedAt, properties }: CustomerRecord): string =>
  JSON.stringify([updatedAt, properties])

/**
 * @param options.connect a connector that remembers nothing: each pass has one of its own
 * @param options.isRepeated whether a record was handed over for nothing; `known` is the version that is stored
 */
export function openFoldedStore({
  connect,
  reading,
  isRepeated,
}: {
  connect: () => Connector
  reading: Reading
  isRepeated: (record: CustomerRecord, version: string, known: string | undefined) => boolean
}): FoldedStore {
  const customers = new Map<string, string>()
  const agreements = new Map<string, string>()
  let cursor: Cursor | null = null
  let repeated = 0
  let handed = 0

  return {
    customers,
    agreements,
    counts: () => ({ repeated, handed }),
    async sync(pages, stored, meanwhile = () => {}) {
      const connector = connect()
      const seen = new Set<string>()
      let number = 0
      for await (const page of connector.changes(cursor, reading)) {
        const killed = ++number === pages
        meanwhile()
        if (killed && !stored) break
        const about = await connector.agreements!(page.upserts.map(({ id }) => id))
        for (const record of page.upserts) {
          const version = versionOf(record)
          handed++
          if (isRepeated(record, version, customers.get(record.id))) repeated++
          customers.set(record.id, version)
          seen.add(record.id)
          agreements.set(record.id, JSON.stringify(about.get(record.id)))
        }
        const gone = page.complete === true ? [...customers.keys()].filter((id) => !seen.has(id)) : []
        for (const id of [...page.deleted, ...gone]) {
          customers.delete(id)
          agreements.delete(id)
        }
        cursor = JSON.parse(JSON.stringify(page.cursor)) as Cursor
        if (killed) break
      }
      await connector.close()
    },
  }
}

/** What somebody reads who comes anew. */
export async function readAfresh(connector: Connector, reading: Reading): Promise<Folded> {
  const customers = new Map<string, string>()
  const agreements = new Map<string, string>()
  for await (const { upserts } of connector.changes(null, reading)) {
    const about: ReadonlyMap<string, readonly Agreement[]> = await connector.agreements!(
      upserts.map(({ id }) => id),
    )
    for (const record of upserts) {
      customers.set(record.id, versionOf(record))
      agreements.set(record.id, JSON.stringify(about.get(record.id)))
    }
  }
  return { customers, agreements }
}

/** What one has and the other has not, or otherwise; the first few. */
export function differences(stored: ReadonlyMap<string, string>, there: ReadonlyMap<string, string>) {
  return [...new Set([...stored.keys(), ...there.keys()])]
    .filter((id) => stored.get(id) !== there.get(id))
    .map((id) => ({ id, stored: stored.get(id) ?? null, there: there.get(id) ?? null }))
    .slice(0, 10)
}

/** The time of a CRM, which goes on as a test says. */
export function virtualTime() {
  let at = Date.parse('2026-11-21T08:00:00.000Z')
  return { clock: () => new Date(at), now: () => at, pass: (ms: number) => void (at += ms) }
}
