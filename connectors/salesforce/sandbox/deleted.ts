/**
 * What was deleted and changed within a span of time.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_getdeleted.htm
 * @see https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_getdeleted.htm
 */
import { formatInstant, parseInstant } from './instants.ts'
import { refused } from './problems.ts'
import { DATA, typeOf, type SandboxRequest, type SandboxRoute } from './route.ts'

/** Further back nothing is known. */
const KEPT = 15 * 86_400_000
/** More than so many ids are no answer. */
const MOST_IDS = 600_000
/** Seconds count, but spans are cut to minutes. */
const MINUTE = 60_000

function spanOf({ query, at }: SandboxRequest): readonly [from: number, to: number] {
  const [from, to] = ['start', 'end'].map((name) => {
    // A plus sign that was not encoded came as a space.
    const given = (query.get(name) ?? '').replace(/ (\d\d:?\d\d)$/, '+$1')
    const instant = parseInstant(given)
    if (Number.isNaN(instant)) {
      throw refused(400, 'INVALID_FIELD', `${name} is not a valid date/time: ${given}`)
    }
    return Math.floor(instant / MINUTE) * MINUTE
  })
  if (to <= from)
    throw refused(
      400,
      'INVALID_REPLICATION_DATE',
      'startDate before endDate must be at least one minute apart',
    )
  if (from < at.getTime() - 30 * 86_400_000) {
    throw refused(
      400,
      'INVALID_REPLICATION_DATE',
      'startDate before org replication enabled date, or more than 30 days ago',
    )
  }
  return [from, to]
}

const deleted: SandboxRoute = {
  method: 'GET',
  path: `${DATA}/sobjects/:type/deleted`,
  kind: 'call',
  handle(request) {
    const type = typeOf(request)
    const [from, to] = spanOf(request)
    const now = request.at.getTime()
    const table = request.context.source.table(type)
    const rows = (table?.rows() ?? []).filter(
      ({ deletedAt }) => deletedAt > now - KEPT && deletedAt >= from && deletedAt < to,
    )
    const purged = [...request.state.entries(`purged_${type}`)]
      .map(([id, at]) => ({ id, deletedAt: Number(at) }))
      .filter(({ deletedAt }) => deletedAt > now - KEPT && deletedAt >= from && deletedAt < to)
    const all = [...rows, ...purged]
    if (all.length > MOST_IDS) {
      throw refused(400, 'EXCEEDED_ID_LIMIT', 'The number of ids exceeds the limit: ask for a shorter span.')
    }
    return {
      status: 200,
      body: {
        deletedRecords: all.map(({ id, deletedAt }) => ({ deletedDate: formatInstant(deletedAt), id })),
        earliestDateAvailable: formatInstant(now - KEPT),
        // What was deleted in the last moments may be noted a little later.
        latestDateCovered: formatInstant(Math.min(to, Math.floor(now / MINUTE) * MINUTE)),
      },
    }
  },
}

/** @see https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_getupdated.htm */
const updated: SandboxRoute = {
  method: 'GET',
  path: `${DATA}/sobjects/:type/updated`,
  kind: 'call',
  handle(request) {
    const [from, to] = spanOf(request)
    const { source } = request.context
    const rows = source.table(typeOf(request))?.rows() ?? []
    const ids = rows
      .filter((row) => row.deletedAt === 0 && row.stamp >= from && row.stamp < to && source.canSee(row))
      .map(({ id }) => id)
    if (ids.length > MOST_IDS) {
      throw refused(400, 'EXCEEDED_ID_LIMIT', 'The number of ids exceeds the limit: ask for a shorter span.')
    }
    return {
      status: 200,
      body: {
        ids,
        latestDateCovered: formatInstant(Math.min(to, Math.floor(request.at.getTime() / MINUTE) * MINUTE)),
      },
    }
  },
}

export const deletedRoutes: readonly SandboxRoute[] = [deleted, updated]
