/**
 * Queries and their pages.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_query.htm
 */
import type { SandboxAnswer } from '../../sandbox/http.ts'
import { refused } from './problems.ts'
import { DATA, type SandboxContext, type SandboxRequest, type SandboxRoute } from './route.ts'
import { run, type Found } from './soql-query.ts'
import type { Row } from './tables.ts'

/** A result that has more pages: what was found stays as it was, its values are those of when they are fetched. */
interface Cursor {
  readonly found: Found
  readonly rows: readonly Row[]
  readonly all: boolean
  readonly size: number
  readonly madeAt: number
}

/** By org: a user has at most ten results open, and each for two days. */
const cursors = new WeakMap<SandboxContext, Map<string, Cursor>>()
const OPEN_CURSORS = 10
const CURSOR_LIFE = 2 * 86_400_000

const openCursors = (context: SandboxContext): Map<string, Cursor> => {
  let open = cursors.get(context)
  if (!open) cursors.set(context, (open = new Map()))
  return open
}

const query = (path: string, all: boolean): SandboxRoute => ({
  method: 'GET',
  path: `${DATA}/${path}`,
  kind: 'call',
  handle(request) {
    const soql = request.query.get('q')
    if (soql === null || soql === '')
      throw refused(400, 'MALFORMED_QUERY', 'A query string has to be specified')
    const found = run(soql, { source: request.context.source, base: request.base, all })
    if (!found.rows) {
      return { status: 200, body: { totalSize: found.total, done: true, records: found.results } }
    }
    const cursor = { found, rows: found.rows, all, size: sizeOf(request), madeAt: request.at.getTime() }
    if (found.rows.length <= cursor.size) return page(request, cursor, '', 0)
    const open = openCursors(request.context)
    const id = request.context.secret('cursor')
    open.set(id, cursor)
    for (const oldest of open.keys()) {
      if (open.size <= OPEN_CURSORS) break
      open.delete(oldest)
    }
    return page(request, cursor, id, 0)
  },
})

const more = (path: string): SandboxRoute => ({
  method: 'GET',
  path: `${DATA}/${path}/:locator`,
  kind: 'call',
  handle(request) {
    const [, id, from] = /^(.+)-(\d+)$/.exec(request.params.locator) ?? []
    const cursor = id === undefined ? undefined : openCursors(request.context).get(id)
    if (!cursor || request.at.getTime() > cursor.madeAt + CURSOR_LIFE) {
      throw refused(400, 'INVALID_QUERY_LOCATOR', 'invalid query locator')
    }
    return page(request, cursor, id, Number(from))
  },
})

/** `Sforce-Query-Options: batchSize=500`, between 200 and 2,000; no promise of so many. */
function sizeOf({ headers, context }: SandboxRequest): number {
  const asked = Number(/batchSize=(\d+)/i.exec(String(headers['sforce-query-options'] ?? ''))?.[1] ?? 2_000)
  return Math.min(context.settings.pageSize, Math.max(200, Math.min(2_000, asked)))
}

function page(request: SandboxRequest, cursor: Cursor, id: string, from: number): SandboxAnswer {
  const { found, rows, size, all } = cursor
  const end = from + size
  const { source } = request.context
  const records = rows
    .slice(from, end)
    .filter((row) => !row.purged && (all || row.deletedAt === 0) && source.canSee(row))
    .map(found.show)
  const done = end >= rows.length
  const next = done ? {} : { nextRecordsUrl: `${request.base}/query/${id}-${end}` }
  return { status: 200, body: { totalSize: found.total, done, ...next, records } }
}

export const queryRoutes: readonly SandboxRoute[] = [
  query('query', false),
  query('queryAll', true),
  query('tooling/query', false),
  more('query'),
  more('queryAll'),
  more('tooling/query'),
]
