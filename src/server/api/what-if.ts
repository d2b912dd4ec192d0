/** What if: the whole book decided on under other costs, durations, limits or another gate, beside the plan as it is. */
import { z } from 'zod'
import { HoldfastError } from '../../contracts/errors.ts'
import { minorDigits } from '../../contracts/money.ts'
import { changeSettings, type WhatIfChange, type WhatIfOutcome } from '../../loop/what-if.ts'
import { maskName, seesPeople } from '../../security/masking.ts'
import type { Caller } from '../../security/access.ts'
import type { TenantId } from '../../contracts/ids.ts'
import { actionsOf, reportingCurrency } from '../../settings/planning.ts'
import { parseServiceSettings, type ServiceSettings } from '../../settings/service.ts'
import { customerNames } from '../../store/reads/customer-names.ts'
import type { Page } from '../../store/reads/paging.ts'
import type { HeldBook, WhatIf } from '../../what-if/service.ts'
import { route, type Route } from '../route.ts'
import type { RouteServices } from '../services.ts'
import { csvFile, everyPage, type CsvColumns } from './csv-file.ts'
import * as shape from './shapes.ts'
import {
  change,
  sweep,
  sweepAnswer,
  whatIfAnswer,
  whatIfRow,
  type Change,
  type Sweep,
  type SweepAnswer,
  type WhatIfAnswer,
  type WhatIfRowAnswer,
} from './what-if-shapes.ts'

const ASSUMPTIONS = [
  'Expected margin is what the policy expects, from the churn model and from what the settings believe of each action: nobody measured it on these customers. Only a holdout does.',
  'Everybody is decided on anew today, with the whole budget and all places of a period. Who was contacted lately is still left in peace.',
  'A changed cost is counted for what is done now; what may be done in later months is valued as before.',
] as const

const DESCRIPTION =
  'The same code that decides, over the whole book, with nothing written. The first question reads the book, which takes seconds for a large one; it is then held for some minutes, and each answer takes a fraction of a second.'

const common = { tag: 'Policy', access: { scope: 'read', role: 'viewer' } } as const

/** @throws HoldfastError `conflict` in a process that holds no books */
function whatIfOf({ whatIf }: RouteServices): WhatIf {
  if (whatIf) return whatIf
  throw new HoldfastError('conflict', 'This process answers no "what if". Ask one that serves pages.')
}

export const whatIfRoutes: readonly Route[] = [
  route({
    ...common,
    method: 'post',
    path: '/v1/what-if',
    summary: 'What if something cost, lasted or was limited differently',
    description: DESCRIPTION,
    body: shape.body({
      change,
      fresh: z.boolean().default(false).meta({ description: 'Read the book anew' }),
    }),
    answers: { 200: { description: 'The plan as it is, and as it would be', schema: whatIfAnswer } },
    handle: async ({ tenant, body }, services) => {
      const book = await whatIfOf(services).open(tenant, { fresh: body.fresh })
      const changed = settingsWith(book.settings, body.change)
      const { outcomes, ms } = await book.compare([{ label: 'then', settings: changed }])
      return { status: 200, body: comparisonOf(book, body.change, { outcomes, ms }) }
    },
  }),
  route({
    ...common,
    method: 'post',
    path: '/v1/what-if/sweep',
    summary: 'The same for a row of values, as for a chart',
    description: DESCRIPTION,
    body: shape.body({ change, sweep }),
    answers: { 200: { description: 'A point a value', schema: sweepAnswer } },
    handle: async ({ tenant, body }, services) => {
      const book = await whatIfOf(services).open(tenant)
      const changes = body.sweep.values.map((value) => ({
        label: String(value),
        settings: settingsWith(book.settings, swept(body.change, body.sweep, value, book.settings)),
      }))
      const { outcomes, ms } = await book.compare(changes)
      return { status: 200, body: sweepOf(book, body.sweep, outcomes.slice(1), ms) }
    },
  }),
  route({
    ...common,
    method: 'post',
    path: '/v1/what-if/customers',
    summary: 'Customers whose action would be another',
    description: `${DESCRIPTION} In CSV all of them, without pages.`,
    query: z.strictObject({ ...shape.pageQuery, format: z.enum(['json', 'csv']).default('json') }),
    body: shape.body({
      change,
      from: shape.actionGiven.optional(),
      to: shape.actionGiven.optional(),
      all: z.boolean().default(false).meta({ description: 'Also those whose action stays' }),
    }),
    answers: { 200: { description: 'In the order of their numbers', schema: shape.pageOf(whatIfRow) } },
    handle: async ({ tenant, body, query, caller }, services) => {
      const book = await whatIfOf(services).open(tenant)
      const changed = settingsWith(book.settings, body.change)
      const keys = actionsOf(book.settings).map(({ key }) => key)
      const at = (key: string | undefined): number | null => {
        if (key === undefined) return null
        if (keys.includes(key)) return keys.indexOf(key)
        throw new HoldfastError(
          'request_invalid',
          `There is no action "${key}". Actions: ${keys.join(', ')}.`,
        )
      }
      const filter = { moved: !body.all, from: at(body.from), to: at(body.to) }
      const page = async (cursor: string | null, size: number): Promise<Page<WhatIfRowAnswer>> => {
        const after = cursor === null ? 0 : cursorOf(cursor)
        const rows = await book.rowsOf(changed, { ...filter, after, limit: size + 1 })
        const shown = rows.slice(0, size)
        return {
          items: await namedRows(services, { tenant, caller, book, keys, rows: shown }),
          next: rows.length > size ? String(shown.at(-1)!.customer) : null,
        }
      }
      if (query.format === 'csv')
        return csvFile(
          'what-if.csv',
          CSV,
          everyPage((cursor) => page(cursor, CSV_PAGE)),
        )
      return { status: 200, body: await page(query.cursor ?? null, query.limit) }
    },
  }),
]

function cursorOf(text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw new HoldfastError('request_invalid', 'The cursor is not one of this list. Begin with the first page.')
}

/** @throws HoldfastError `settings_invalid` when the change makes no sense, naming where */
function settingsWith(settings: ServiceSettings, asked: Change): ServiceSettings {
  const minor = 10 ** minorDigits(reportingCurrency(settings))
  const { budgetMinor, cooldownDays, contactsPerPeriod, gateThreshold } = asked
  const contact = {
    ...(cooldownDays === undefined ? {} : { cooldownDays }),
    ...(contactsPerPeriod === undefined ? {} : { perPeriod: contactsPerPeriod }),
  }
  const changed: WhatIfChange = {
    label: 'then',
    costTimes: payable(settings, asked.costTimes),
    durations: asked.durationMonths,
    capacities: asked.capacity,
    settings: {
      contact,
      ...(budgetMinor === undefined ? {} : { budget: budgetMinor === null ? null : budgetMinor / minor }),
      ...(gateThreshold === undefined ? {} : { gate: { threshold: gateThreshold } }),
    },
  }
  return changeSettings(settings, changed, parseServiceSettings)
}

/** An action costs at most the whole recurring amount: a factor that goes beyond it stops there. */
function payable(settings: ServiceSettings, costTimes: Change['costTimes']): Change['costTimes'] {
  const shares = new Map(actionsOf(settings).map(({ key, cost }) => [key, cost.share]))
  return Object.fromEntries(
    Object.entries(costTimes).map(([key, times]) => {
      const share = shares.get(key) ?? 0
      return [key, share * times <= 1 ? times : Math.floor(1e6 / share) / 1e6]
    }),
  )
}

/** What of a change was not tried as it was asked for. */
function stopped(settings: ServiceSettings, { costTimes }: Change): string[] {
  const tried = payable(settings, costTimes)
  return actionsOf(settings).flatMap(({ key, name }) =>
    tried[key] === costTimes[key]
      ? []
      : [
          `${name} cannot cost more than all that a customer pays: it was tried at ${tried[key].toFixed(1)} times its cost, not ${costTimes[key]}.`,
        ],
  )
}

function swept(base: Change, of: Sweep, value: number, settings: ServiceSettings): Change {
  const each = (action: string | undefined): Record<string, number> =>
    Object.fromEntries(
      actionsOf(settings)
        .slice(1)
        .flatMap(({ key }) => (action === undefined || action === key ? [[key, value]] : [])),
    )
  if (of.of === 'cost') return { ...base, costTimes: { ...base.costTimes, ...each(of.action) } }
  if (of.of === 'duration') return { ...base, durationMonths: { ...base.durationMonths, ...each(of.action) } }
  if (of.of === 'capacity') return { ...base, capacity: { ...base.capacity, [of.action]: value } }
  return of.of === 'budget' ? { ...base, budgetMinor: value } : { ...base, gateThreshold: value }
}

const minorOf = (settings: ServiceSettings) => {
  const scale = 10 ** minorDigits(reportingCurrency(settings))
  return (amount: number): number => Math.round(amount * scale)
}

function aboutOf({ asOf, rows, settings, settingsVersion }: HeldBook, ms: number) {
  return {
    asOf,
    customers: rows,
    currency: reportingCurrency(settings),
    settingsVersion,
    assumptions: [...ASSUMPTIONS],
    ms: Math.round(ms * 10) / 10,
  }
}

function baseOf(settings: ServiceSettings): WhatIfAnswer['base'] {
  const { period, budget, contact, gate } = settings
  return {
    period,
    budgetMinor: budget === null ? null : minorOf(settings)(budget),
    cooldownDays: contact.cooldownDays,
    contactsPerPeriod: contact.perPeriod,
    gateThreshold: gate.threshold,
    actions: actionsOf(settings)
      .slice(1)
      .map(({ key, name, cost, capacity }) => ({
        key,
        name,
        fixedMinor: cost.fixedMinor,
        share: cost.share,
        durationMonths: cost.durationMonths,
        capacity,
      })),
  }
}

function comparisonOf(
  book: HeldBook,
  change: Change,
  { outcomes, ms }: { outcomes: readonly WhatIfOutcome[]; ms: number },
): WhatIfAnswer {
  const minor = minorOf(book.settings)
  const [now, then] = outcomes
  const totalsOf = ({ summary }: WhatIfOutcome): WhatIfAnswer['now'] => ({
    acted: summary.funnel.chosen,
    spendMinor: minor(summary.plannedSpend),
    expectedMinor: minor(summary.expectedValue),
    budgetMinor: summary.budget === null ? null : minor(summary.budget),
    funnel: summary.funnel,
  })
  const sideOf = ({ summary }: WhatIfOutcome, at: number) => ({
    customers: summary.actions[at].count,
    spendMinor: minor(summary.actions[at].plannedSpend),
    expectedMinor: minor(summary.actions[at].expectedValue),
  })
  const { actions } = now.summary
  return {
    ...aboutOf(book, ms),
    base: baseOf(book.settings),
    now: totalsOf(now),
    changed: totalsOf(then),
    moved: then.against.moved,
    actions: actions.map(({ key, name }, at) => ({
      key,
      name,
      now: sideOf(now, at),
      changed: sideOf(then, at),
    })),
    flow: actions.flatMap(({ key: from }, a) =>
      actions.flatMap(({ key: to }, b) => {
        const customers = then.against.flow[a][b]
        return a === b || customers === 0 ? [] : [{ from, to, customers }]
      }),
    ),
    warnings: [...stopped(book.settings, change), ...then.summary.alarms.map(({ sentence }) => sentence)],
  }
}

function sweepOf(
  book: HeldBook,
  { values }: Sweep,
  outcomes: readonly WhatIfOutcome[],
  ms: number,
): SweepAnswer {
  const minor = minorOf(book.settings)
  return {
    ...aboutOf(book, ms),
    points: outcomes.map(({ summary, against }, at) => ({
      value: values[at],
      acted: summary.funnel.chosen,
      moved: against.moved,
      spendMinor: minor(summary.plannedSpend),
      expectedMinor: minor(summary.expectedValue),
      actions: summary.actions.map(({ key, count }) => ({ key, customers: count })),
    })),
  }
}

interface PageRows {
  readonly tenant: TenantId
  readonly caller: Caller
  readonly book: HeldBook
  readonly keys: readonly string[]
  readonly rows: Awaited<ReturnType<HeldBook['rowsOf']>>
}

/** Who is gone since the book was read is left out. */
async function namedRows(
  { database }: RouteServices,
  { tenant, caller, book, keys, rows }: PageRows,
): Promise<WhatIfRowAnswer[]> {
  const minor = minorOf(book.settings)
  const unknown = (amount: number): number | null => (Number.isNaN(amount) ? null : minor(amount))
  const names = await database.withTenant(tenant, (tx) =>
    customerNames(
      tx,
      rows.map(({ customer }) => customer),
    ),
  )
  return rows.flatMap((row) => {
    // Erased since the book was read.
    const found = names.get(row.customer)
    if (found === undefined) return []
    const { connection, externalId, name } = found
    return [
      {
        customer: row.customer,
        connection,
        externalId,
        name: name === null || seesPeople(caller) ? name : maskName(name),
        from: keys[row.from],
        to: keys[row.to],
        costNowMinor: minor(row.costNow),
        costThenMinor: minor(row.costThen),
        expectedNowMinor: unknown(row.expectedNow),
        expectedThenMinor: unknown(row.expectedThen),
      },
    ]
  })
}

const CSV_PAGE = 5000

const CSV: CsvColumns<WhatIfRowAnswer> = {
  customer: ({ customer }) => customer,
  externalId: ({ externalId }) => externalId,
  name: ({ name }) => name,
  from: ({ from }) => from,
  to: ({ to }) => to,
  costNowMinor: ({ costNowMinor }) => costNowMinor,
  costThenMinor: ({ costThenMinor }) => costThenMinor,
  expectedNowMinor: ({ expectedNowMinor }) => expectedNowMinor,
  expectedThenMinor: ({ expectedThenMinor }) => expectedThenMinor,
}
