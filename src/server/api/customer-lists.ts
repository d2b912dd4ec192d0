/** Customers by filter: the list that tells whom to care for first, how many there are, of which kinds, and the file. */
import { z } from 'zod'
import {
  customerFilter,
  customerFilterFields,
  customerOrderFields,
  type CustomerFilter,
} from '../../contracts/customer-filter.ts'
import type { TenantId } from '../../contracts/ids.ts'
import type { Caller } from '../../security/access.ts'
import { maskName, seesPeople } from '../../security/masking.ts'
import { recordAudit } from '../../store/audit.ts'
import type { Transaction } from '../../store/database.ts'
import { countCustomers, facetsOf, MOST_RESPONSIBLES } from '../../store/reads/customer-counts.ts'
import { resolveFilter, type WantedCustomers } from '../../store/reads/customer-filter.ts'
import { listCustomers, type CustomerLine } from '../../store/reads/customers.ts'
import { route } from '../route.ts'
import type { RouteServices } from '../services.ts'
import { csvFile, everyPage } from './csv-file.ts'
import { CUSTOMER_CSV } from './customer-file.ts'
import { identity, scoreLine, status } from './customers.ts'
import * as shape from './shapes.ts'
import { responsibleFor } from './shown.ts'

const unscored = 'null: not scored yet'

export const customerLine = z.object({
  ...identity,
  responsible: z.string().nullable().meta({ description: 'Who owns the relationship' }),
  renewalDate: shape.date.nullable().meta({ description: 'The next one; null: none is known' }),
  ...scoreLine,
  probability: shape.probability.nullable().meta({ description: unscored }),
  level: shape.level.nullable().meta({ description: unscored }),
  levelSince: shape.time.nullable(),
  levelBefore: shape.level.nullable().meta({ description: 'null: it never changed' }),
  dataConfidence: z
    .number()
    .nullable()
    .meta({ description: 'Share of what matters to the model that is known' }),
  lowData: z.boolean().nullable().meta({ description: 'Too little is known for the score to be relied on' }),
  scoredAt: shape.time.nullable(),
  decision: z
    .object({
      id: shape.decisionId,
      period: z.string().meta({ example: '2026-11' }),
      actionKey: shape.actionKey,
      expectedValueMinor: shape.minor('Net expected gain over doing nothing'),
      currency: shape.currency,
      decidedAt: shape.time,
    })
    .nullable()
    .meta({ description: 'The newest one' }),
  intervention: z
    .object({
      id: shape.interventionId,
      actionKey: shape.actionKey,
      state: z.string(),
      updatedAt: shape.time,
    })
    .nullable()
    .meta({ description: 'The newest one' }),
})
export type CustomerLineAnswer = z.infer<typeof customerLine>

export const customerCount = z.object({
  customers: z.int().meta({ description: 'Where `exact` is false: there are at least so many' }),
  exact: z.boolean(),
  valueAtRisk: z
    .array(z.object({ currency: shape.currency, minor: z.int(), customers: z.int() }))
    .meta({ description: 'A year, by currency, in minor units; where `exact` is false at least this' }),
  unvalued: z.int().meta({ description: 'Customers whose value at risk is not known' }),
})
export type CustomerCountAnswer = z.infer<typeof customerCount>

const facet = <T extends z.ZodType>(value: T) =>
  z.array(z.object({ value: value.nullable().meta({ description: 'null: none' }), customers: z.int() }))

export const customerFacets = z.object({
  facets: z
    .object({
      level: facet(shape.level),
      action: facet(shape.actionKey),
      group: facet(shape.group),
      connection: facet(shape.connectionId),
      status: facet(status),
      responsible: z.array(
        z.object({ value: z.string().nullable(), name: z.string().nullable(), customers: z.int() }),
      ),
      moreResponsibles: z.int().meta({ description: `Beyond the ${MOST_RESPONSIBLES} with most customers` }),
    })
    .nullable()
    .meta({ description: 'null: it cannot be counted while somebody waits' }),
})
export type CustomerFacetsAnswer = z.infer<typeof customerFacets>

const ABOUT_FILTER =
  'Every filter that is given has to hold. GET /v1/customers/count, /v1/customers/facets and /v1/customers.csv take the same ones.'

export const customerListRoutes = [
  route({
    method: 'get',
    path: '/v1/customers',
    summary: 'Customers by filter, those with the most to lose first',
    description: ABOUT_FILTER,
    tag: 'Customers',
    access: { scope: 'read', role: 'viewer' },
    query: z.strictObject({ ...shape.pageQuery, ...customerFilterFields, ...customerOrderFields }),
    answers: { 200: { description: 'A page of customers', schema: shape.pageOf(customerLine) } },
    handle: async ({ tenant, caller, query }, services) => {
      const { limit, cursor, sort, order, ...filter } = query
      const page = await wanting(services, { tenant, caller, filter }, (tx, wanted) =>
        listCustomers(tx, wanted, { limit, cursor, sort, order }),
      )
      return { status: 200, body: { ...page, items: page.items.map((line) => shownLine(line, caller)) } }
    },
  }),
  route({
    method: 'get',
    path: '/v1/customers/count',
    summary: 'How many customers a filter means, and their value at risk',
    description: `Exact, unless counting would take longer than somebody waits. ${ABOUT_FILTER}`,
    tag: 'Customers',
    access: { scope: 'read', role: 'viewer' },
    query: customerFilter,
    answers: { 200: { description: 'The count', schema: customerCount } },
    handle: async ({ tenant, caller, query: filter }, services) => ({
      status: 200,
      body: await wanting(services, { tenant, caller, filter }, (tx, wanted) =>
        countCustomers(tx, wanted, { interruptible: services.database.kind === 'served' }),
      ),
    }),
  }),
  route({
    method: 'get',
    path: '/v1/customers/facets',
    summary:
      'Of which levels, actions, groups, connections and responsibles the customers are that a filter means',
    description: ABOUT_FILTER,
    tag: 'Customers',
    access: { scope: 'read', role: 'viewer' },
    query: customerFilter,
    answers: { 200: { description: 'Customers by kind', schema: customerFacets } },
    handle: async ({ tenant, caller, query: filter }, services) => ({
      status: 200,
      body: {
        facets: await wanting(services, { tenant, caller, filter }, async (tx, wanted) => {
          const facets = await facetsOf(tx, wanted, { interruptible: services.database.kind === 'served' })
          if (facets === null) return null
          return { ...facets, responsible: facets.responsible.flatMap((one) => facetFor(caller, one)) }
        }),
      },
    }),
  }),
  route({
    method: 'get',
    path: '/v1/customers.csv',
    summary: 'Customers by filter as a file',
    description: `All of them, in the order that is asked for, read as they are sent. Cells that a spreadsheet would run as a formula begin with an apostrophe; amounts are minor units. ${ABOUT_FILTER}`,
    tag: 'Customers',
    access: { scope: 'read', role: 'viewer' },
    rate: 'costly',
    query: z.strictObject({ ...customerFilterFields, ...customerOrderFields }),
    answers: { 200: { description: 'The file', type: 'text/csv' } },
    handle: async ({ tenant, caller, query, requestId }, services) => {
      const { sort, order, ...filter } = query
      const list = { limit: 200, sort, order }
      // Once for the whole file: what "within 60 days" means does not change from page to page.
      const wanted = await wanting(services, { tenant, caller, filter }, async (tx, resolved) => {
        await recordAudit(tx, {
          actor: caller.actor,
          action: 'export',
          object: 'customers',
          // What was searched for may name somebody.
          detail: { sort, filters: Object.keys(filter) },
          requestId,
        })
        return resolved
      })
      const pages = everyPage(async (cursor) => {
        const page = await services.database.withTenant(tenant, (tx) =>
          listCustomers(tx, wanted, { ...list, cursor }),
        )
        return { ...page, items: page.items.map((line) => shownLine(line, caller)) }
      })
      return csvFile('customers.csv', CUSTOMER_CSV, pages)
    },
  }),
] as const

/** Works on what a caller's filter means, in a transaction of its own. */
function wanting<T>(
  { database, secrets, clock }: Pick<RouteServices, 'database' | 'secrets' | 'clock'>,
  { tenant, caller, filter }: { tenant: TenantId; caller: Caller; filter: CustomerFilter },
  work: (tx: Transaction, wanted: WantedCustomers) => Promise<T>,
): Promise<T> {
  return database.withTenant(tenant, async (tx) => {
    const people = seesPeople(caller)
    const byAddress = filter.q?.includes('@') === true && people
    const addressKey = byAddress ? await secrets.addressKey(tx) : null
    return work(tx, await resolveFilter(tx, filter, { now: clock(), addressKey, people }))
  })
}

function shownLine(line: CustomerLine, caller: Caller): CustomerLine {
  if (seesPeople(caller)) return line
  const name = line.person && line.name !== null ? maskName(line.name) : line.name
  return { ...line, name, responsible: responsibleFor(caller, line.responsible) }
}

/** Of files the id is often the name or the address itself: whoever is not shown it cannot filter by it either. */
function facetFor<Facet extends { readonly value: string | null; readonly name: string | null }>(
  caller: Caller,
  one: Facet,
): readonly Facet[] {
  const { value, name } = one
  if (!seesPeople(caller) && value !== null && (value === name || value.includes('@'))) return []
  return [{ ...one, name: responsibleFor(caller, name) }]
}
