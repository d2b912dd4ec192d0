/** Everything that the first page says, in one answer: what is at risk, what changed, whom to care for, what Holdfast does. */
import type { LevelSetting } from '../../../models/churn/levels.ts'
import { customerFilter } from '../../contracts/customer-filter.ts'
import type { TenantId } from '../../contracts/ids.ts'
import { storedThresholds } from '../../loop/book-levels.ts'
import { pauseFacts } from '../../loop/pauses.ts'
import { allows, type Caller } from '../../security/access.ts'
import { budgetLimitOf } from '../../settings/budget-limit.ts'
import { actionNames, periodEnd, periodOf, periodStart } from '../../settings/planning.ts'
import { readPause } from '../../store/act-context.ts'
import { listConnections, type Connection } from '../../store/connections.ts'
import type { Database, Transaction } from '../../store/database.ts'
import { championOf, type RegisteredModel } from '../../store/models.ts'
import { readPauses } from '../../store/pauses.ts'
import { bookChanges, firstScoredAt } from '../../store/reads/book-changes.ts'
import { trendMoves, type TrendMove } from '../../store/reads/book-trend.ts'
import { watchConnections, type ConnectionView } from '../../store/reads/connections.ts'
import { watchCrms } from '../../store/reads/crm-connections.ts'
import { resolveFilter } from '../../store/reads/customer-filter.ts'
import { listCustomers, type CustomerLine } from '../../store/reads/customers.ts'
import { decidedGroups } from '../../store/reads/decided-groups.ts'
import { lineExtras } from '../../store/reads/line-extras.ts'
import { bookMark, outboxMark } from '../../store/reads/marks.ts'
import { periodInterventions } from '../../store/reads/period-interventions.ts'
import { readTotals } from '../../store/reads/totals.ts'
import { currentSettings } from '../../store/settings-versions.ts'
import { readTenant } from '../../store/tenants.ts'
import { keptByBook, type ReadKept } from '../kept-by-book.ts'
import { summariseDecisions } from '../words/decided.ts'
import { formatsFor, type Formats } from '../words/formats.ts'
import { isStale, noticesOf, type Notice } from '../words/notices.ts'
import { outboxCounts } from '../outbox-counts.ts'
import { partNotices } from '../words/pause-notices.ts'
import { route, type Route } from '../route.ts'
import type { RouteServices } from '../services.ts'
import { readBudget } from './budget.ts'
import { binsOf, bookOf, changesOf, levelSentence, RENEW_DAYS, trendFrom, trendOf } from './overview-book.ts'
import { funnelOf } from './overview-funnel.ts'
import { overviewAnswer, type OverviewAnswer } from './overview-shapes.ts'
import { rows } from './rows.ts'
import { basisOf } from './score-basis.ts'
import { customerNameFor, responsibleFor } from './shown.ts'

const DAY = 86_400_000
const WEEK = 7 * DAY
/** Customers that the page names. */
const FIRST = 8

interface KeptReads {
  readonly book: ReadKept<Asked, Book>
  readonly trend: ReadKept<Asked, Trend>
}

/** What goes over the whole book is kept as long as its database is open. */
export function overviewRoute(): Route {
  const reads = new WeakMap<Database, KeptReads>()
  return route({
    method: 'get',
    path: '/v1/overview',
    summary: 'The book at a glance',
    description:
      'What is at risk in money and customers, what changed since a week ago, how risk is distributed and moved, whom to care for first, what Holdfast did and would do in this period, the budget, and what needs a look. Each count says which list shows its rows.',
    tag: 'Overview',
    access: { scope: 'read', role: 'viewer' },
    answers: { 200: { description: 'The overview', schema: overviewAnswer } },
    handle: async ({ tenant, caller }, services) => {
      const kept = reads.get(services.database) ?? keptReads(services.database)
      reads.set(services.database, kept)
      return { status: 200, body: await overviewOf(services, kept, { tenant, caller }) }
    },
  })
}

function keptReads(database: Database): KeptReads {
  const clock = (): number => performance.now()
  return {
    book: keptByBook((of, asked) => readBook(database, of, asked), clock),
    trend: keptByBook((of, asked) => readTrend(database, of, asked), clock),
  }
}

interface Asked {
  readonly now: Date
  readonly period: { readonly name: string; readonly start: Date; readonly end: Date }
  readonly connections: readonly ConnectionView[]
}

type Book = Awaited<ReturnType<typeof readBook>>
type Trend = readonly TrendMove[]

function readBook(database: Database, tenant: TenantId, { now, period, connections }: Asked) {
  const since = weekBefore(now)
  return database.withTenant(tenant, async (tx) => ({
    totals: await readTotals(tx),
    decided: summariseDecisions(
      await decidedGroups(tx, { connections: connections.map(({ id }) => id), period: period.name }),
    ),
    interventions: await periodInterventions(tx, period),
    first: await firstScoredAt(tx),
    today: await trendMoves(tx, { from: midnight(now), to: new Date(midnight(now).getTime() + DAY) }),
    since,
    changes: await bookChanges(tx, { since, now, renewDays: RENEW_DAYS }),
  }))
}

function readTrend(database: Database, tenant: TenantId, { now }: Asked): Promise<Trend> {
  return database.withTenant(tenant, (tx) => trendMoves(tx, { from: trendFrom(now), to: midnight(now) }))
}

const midnight = (at: Date): Date => new Date(Math.floor(at.getTime() / DAY) * DAY)

/** Midnight a week ago, so that all of a day say the same. */
const weekBefore = (now: Date): Date => midnight(new Date(now.getTime() - WEEK))

async function overviewOf(
  services: RouteServices,
  kept: KeptReads,
  { tenant, caller }: { readonly tenant: TenantId; readonly caller: Caller },
): Promise<OverviewAnswer> {
  const { database } = services
  const now = services.clock()
  const read = await database.withTenant(tenant, async (tx) => {
    const { settings } = await currentSettings(tx)
    const connections = await listConnections(tx)
    const customers = await firstOf(tx, now)
    return {
      settings,
      tenant: await readTenant(tx, tenant),
      pause: await readPause(tx),
      killed: (await pauseFacts(tx)).killedReason,
      pauses: (await readPauses(tx)).running,
      outbox: await outboxCounts(tx, { database, tenant }),
      views: await watchConnections(tx),
      crms: await watchCrms(tx),
      connections,
      models: new Map(
        await Promise.all(
          connections.map(
            async ({ id }) => [id, await championOf(tx, id)] as [string, RegisteredModel | null],
          ),
        ),
      ),
      marks: [await bookMark(tx), await outboxMark(tx)],
      customers,
      extras: await lineExtras(
        tx,
        customers.map(({ id }) => id),
        now,
      ),
      budget: await readBudget(tx, settings, now),
    }
  })
  const { settings, views, customers, extras } = read
  const formats = formatsFor({ now, zone: 'UTC', action: actionNames(settings) })
  const rates = budgetLimitOf(settings)
  const period = {
    name: periodOf(settings.period, now),
    start: periodStart(settings.period, now),
    end: periodEnd(settings.period, now),
  }
  const today = now.toISOString().slice(0, 10)
  const asked = { now, period, connections: views }
  const running = views.some(({ steps }) => steps.some((step) => step.running))
  const ids = views.map(({ id }) => id)
  const {
    totals,
    decided,
    interventions,
    today: moved,
    first,
    since,
    changes,
  } = await kept.book(tenant, {
    stamp: JSON.stringify([period.name, today, read.marks, ids]),
    running,
    asked,
  })
  // Days that are over change no more: they are read once a day, and the rest does not wait for it.
  const before = await within(TREND_WAIT_MS, kept.trend(tenant, { stamp: today, running: false, asked }))
  const acting = read.tenant.activatedAt !== null && settings.delivery.mode !== 'off'
  const levels = await levelingOf(services, tenant, { ...read, formats })
  const notices = [
    ...partNotices(read.pauses, formats),
    ...noticesOf({ ...read, now, formats }, views, totals.customers, read.crms),
  ]
  const comparable = first !== null && first < since
  return {
    at: now.toISOString(),
    currency: rates.currency,
    book: bookOf(totals, rates),
    flags: {
      starter: levels.some(({ model }) => model?.starter === true),
      snapshot: levels.some(({ kind }) => kind === 'snapshot'),
      lowData: { customers: totals.lowData, rows: rows('customers', { lowData: 'true' }) },
      stale: views.some((view) => isOutOfDate(view, now)),
      dryRun: !acting || settings.delivery.mode === 'dry_run' || read.pause !== null || read.killed !== null,
    },
    changes: comparable ? changesOf(changes, { since, rates }) : null,
    comparedFrom: comparable || first === null ? null : dayOf(new Date(first.getTime() + WEEK + DAY)),
    distribution: { bins: binsOf(totals), levels },
    trend: trendOf(totals, before === null ? null : [...before, ...moved], { now, first, rates }),
    first: customers.map((line) => ({
      ...line,
      name: customerNameFor(caller, { customerName: line.name, person: line.person }),
      responsible: responsibleFor(caller, line.responsible),
      reasons: [...line.reasons],
      levelSince: line.levelSince?.toISOString() ?? null,
      scoredAt: line.scoredAt?.toISOString() ?? null,
      decision: line.decision && { ...line.decision, decidedAt: line.decision.decidedAt.toISOString() },
      intervention: line.intervention && {
        ...line.intervention,
        updatedAt: line.intervention.updatedAt.toISOString(),
      },
      was: extras.get(line.id)?.before ?? null,
      renewalDate: extras.get(line.id)?.renewalDate ?? null,
    })),
    funnel: funnelOf(decided, interventions, { settings, rates, scored: totals.customers, acting, now }),
    budget: read.budget,
    connections: views.map((view) => freshnessOf(view, now)),
    notices: notices.map((notice) => noticeFor(caller, notice)),
  }
}

/** Whom to call first. Who is not scored yet is nobody's first. */
async function firstOf(tx: Transaction, now: Date): Promise<readonly CustomerLine[]> {
  const everybody = await resolveFilter(tx, customerFilter.parse({}), {
    now,
    addressKey: null,
    people: false,
  })
  const { items } = await listCustomers(tx, everybody, { sort: 'value', order: 'desc', limit: FIRST })
  return items.filter(({ level }) => level !== null)
}

const TREND_WAIT_MS = 500

/** Null: not in this time. What failed meanwhile is tried again by the next who asks. */
async function within<T>(milliseconds: number, work: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<null>((done) => {
    timer = setTimeout(done, milliseconds, null)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

const dayOf = (at: Date): string => at.toISOString().slice(0, 10)

/** What levels mean, by connection. A model that cannot be opened takes nothing away but what only it knows. */
function levelingOf(
  services: RouteServices,
  tenant: TenantId,
  {
    connections,
    models,
    settings,
    formats,
  }: {
    readonly connections: readonly Connection[]
    readonly models: ReadonlyMap<string, RegisteredModel | null>
    readonly settings: { readonly levels: LevelSetting }
    readonly formats: Pick<Formats, 'percent'>
  },
): Promise<OverviewAnswer['distribution']['levels']> {
  return Promise.all(
    connections.map(async ({ id, name, thresholds }) => {
      const model = models.get(id) ?? null
      const basis =
        model === null
          ? null
          : await basisOf(services, tenant, id).catch((error: unknown) => {
              services.log.warn({ error, connection: id }, 'the model of a connection cannot be opened')
              return null
            })
      const { meaning, population } = basis?.engine.churn ?? {}
      const inForce = basis?.thresholds ?? storedThresholds(thresholds)
      const baseRate = population?.baseRate ?? null
      return {
        connection: id,
        name,
        model:
          model === null
            ? null
            : { name: model.name, version: model.version, starter: model.location.startsWith('shipped:') },
        kind: meaning?.kind ?? null,
        horizonDays: meaning?.kind === 'horizon' ? meaning.days : null,
        baseRate,
        high: inForce?.high ?? null,
        medium: inForce?.medium ?? null,
        sentence:
          inForce === null
            ? 'Nobody is scored yet.'
            : levelSentence(inForce, settings.levels, baseRate, formats),
      }
    }),
  )
}

function freshnessOf(view: ConnectionView, now: Date): OverviewAnswer['connections'][number] {
  const { id, name, kind, sandbox, status, steps } = view
  const step = (wanted: string) => steps.find((one) => one.step === wanted)
  const done = (wanted: string): Readonly<Record<string, number>> | null => {
    const run = step(wanted)?.lastRun
    return run?.status === 'done' ? run.counts : null
  }
  const sync = done('sync')
  return {
    connection: id,
    name,
    kind,
    sandbox,
    status,
    readAt: step('sync')?.lastDoneAt?.toISOString() ?? null,
    running: steps.find(({ running }) => running)?.step ?? null,
    failed: steps.some(({ error, running }) => error !== null && !running),
    stale: isOutOfDate(view, now),
    changed: sync === null ? null : (sync['added'] ?? 0) + (sync['changed'] ?? 0) + (sync['deleted'] ?? 0),
    rescored: done('score')?.['scored'] ?? null,
    written: done('write_back')?.['written'] ?? null,
  }
}

function isOutOfDate({ status, steps }: ConnectionView, now: Date): boolean {
  const sync = steps.find(({ step }) => step === 'sync')
  return status === 'active' && sync !== undefined && isStale(sync, now)
}

/** With what the caller can do about it. */
function noticeFor(caller: Caller, { tone, title, text, remedy }: Notice): OverviewAnswer['notices'][number] {
  const may = (role: 'operator' | 'admin', scope: 'write' | 'admin'): boolean =>
    allows({ scope, role }, caller)
  const told = (): OverviewAnswer['notices'][number]['remedy'] => {
    if (remedy === null) return null
    switch (remedy.kind) {
      case 'run': {
        const { connection, step } = remedy
        return may('operator', 'write')
          ? { kind: 'run', connection: connection.id, name: connection.name, step }
          : null
      }
      case 'look':
        return { kind: 'look', label: remedy.label, at: { ...remedy.at } }
      case 'resume':
      case 'activate':
        return may('admin', 'admin') ? { kind: remedy.kind } : null
    }
  }
  return { severity: tone, title, text, remedy: told() }
}
