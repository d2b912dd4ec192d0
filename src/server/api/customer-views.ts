/** Views of the customers' list: those that are built in, those of the company and one's own. */
import { z } from 'zod'
import { customerList } from '../../contracts/customer-filter.ts'
import { BUILT_IN_VIEWS, CUSTOMER_COLUMNS } from '../../contracts/customer-views.ts'
import { HoldfastError } from '../../contracts/errors.ts'
import { ROLES, type Caller, type SessionCaller } from '../../security/access.ts'
import { recordAudit } from '../../store/audit.ts'
import {
  addView,
  changeView,
  chooseDefault,
  defaultViewOf,
  deleteView,
  readView,
  viewsFor,
  type SavedView,
} from '../../store/customer-views.ts'
import type { Transaction } from '../../store/database.ts'
import { route, type Route } from '../route.ts'
import type { RouteServices } from '../services.ts'
import * as shape from './shapes.ts'

/** Filters and order as texts by name, as the address of the list has them; what does not fit it is named. */
const query = z
  .record(z.string().max(40), z.string().max(5000))
  .check(({ value, issues }) => {
    const read = customerList.safeParse(value)
    for (const issue of read.error?.issues ?? [])
      issues.push({ code: 'custom', input: value, path: issue.path, message: issue.message })
  })
  .meta({
    description: 'Filters and order, as the query of GET /v1/customers',
    example: { level: 'HIGH', renewsWithin: '60', sort: 'renewal' },
  })

const name = shape.text(60).meta({ description: 'As the list of views shows it', example: 'My renewals' })
const columns = z
  .array(z.enum(CUSTOMER_COLUMNS))
  .max(CUSTOMER_COLUMNS.length)
  .refine((all) => new Set(all).size === all.length, 'names a column twice')
  .meta({ description: 'Besides the name, in this order' })

export const customerView = z.object({
  id: z.string().meta({ description: 'A UUID, or the key of one that is built in' }),
  name: z.string(),
  scope: z.enum(['built_in', 'company', 'own']),
  query: z.record(z.string(), z.string()),
  columns: z.array(z.string()),
  mayChange: z.boolean(),
  problem: z.string().nullable().meta({ description: 'Why it cannot be opened as it is; null: it can' }),
  updatedAt: shape.time.nullable().meta({ description: 'null: built in' }),
})
export type CustomerViewAnswer = z.infer<typeof customerView>

export const customerViews = z.object({
  items: z.array(customerView).meta({ description: 'Built in, of the company, own' }),
  default: z.string().meta({ description: 'The one that the list opens with' }),
})
export type CustomerViewsAnswer = z.infer<typeof customerViews>

const params = z.strictObject({ id: z.uuid('takes the id of a view as GET /v1/customer-views lists it') })
const view = { 200: { description: 'The view', schema: customerView } }

export const customerViewRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/v1/customer-views',
    summary: 'Views of the list of customers',
    tag: 'Customers',
    access: { scope: null, role: 'viewer' },
    answers: { 200: { description: 'The views', schema: customerViews } },
    handle: async ({ caller }, { database }) => ({
      status: 200,
      body: await readCustomerViews(person(caller), database),
    }),
  }),
  route({
    method: 'post',
    path: '/v1/customer-views',
    summary: 'Saves a view, for oneself or for the company',
    tag: 'Customers',
    access: { scope: null, role: 'viewer' },
    body: shape.body({
      name,
      shared: z.boolean().default(false).meta({ description: "Everybody's; takes the role operator" }),
      query,
      columns,
    }),
    answers: { 201: { description: 'The view', schema: customerView } },
    handle: async ({ tenant, caller, body, requestId }, { database }) => {
      const { subject, actor } = person(caller)
      const { shared, ...given } = body
      if (shared) demandOperator(caller)
      const added = await database.withTenant(tenant, async (tx) => {
        const one = await addView(tx, { ...given, owner: shared ? null : subject, actor })
        await note(tx, one, { actor, action: 'customer_view.add', requestId })
        return one
      })
      return { status: 201, body: shown(added, caller) }
    },
  }),
  route({
    method: 'patch',
    path: '/v1/customer-views/{id}',
    summary: 'Renames a view, or changes what it shows',
    tag: 'Customers',
    access: { scope: null, role: 'viewer' },
    params,
    body: shape.body({ name: name.optional(), query: query.optional(), columns: columns.optional() }),
    answers: view,
    handle: async ({ tenant, caller, params: { id }, body, requestId }, { database }) => {
      const { subject, actor } = person(caller)
      const changed = await database.withTenant(tenant, async (tx) => {
        demandOwn(await readView(tx, id, subject), caller)
        const one = await changeView(tx, id, body)
        await note(tx, one, { actor, action: 'customer_view.change', requestId })
        return one
      })
      return { status: 200, body: shown(changed, caller) }
    },
  }),
  route({
    method: 'delete',
    path: '/v1/customer-views/{id}',
    summary: 'Deletes a view',
    tag: 'Customers',
    access: { scope: null, role: 'viewer' },
    params,
    answers: { 204: { description: 'It is gone' } },
    handle: async ({ tenant, caller, params: { id }, requestId }, { database }) => {
      const { subject, actor } = person(caller)
      await database.withTenant(tenant, async (tx) => {
        const one = await readView(tx, id, subject)
        demandOwn(one, caller)
        await deleteView(tx, id)
        await note(tx, one, { actor, action: 'customer_view.delete', requestId })
      })
      return { status: 204 }
    },
  }),
  route({
    method: 'put',
    path: '/v1/customer-view-default',
    summary: 'Chooses the view that the list opens with for oneself',
    tag: 'Customers',
    access: { scope: null, role: 'viewer' },
    body: shape.body({
      view: z
        .union([z.enum(BUILT_IN_VIEWS.map(({ id }) => id)), z.uuid()], 'takes the id of a view, or null')
        .nullable()
        .meta({ description: 'null: the first one' }),
    }),
    answers: { 204: { description: 'It is chosen' } },
    handle: async ({ tenant, caller, body }, { database }) => {
      const { subject } = person(caller)
      await database.withTenant(tenant, (tx) => chooseDefault(tx, subject, body.view))
      return { status: 204 }
    },
  }),
]

/** Those that somebody may open, and which one their list opens with. */
export async function readCustomerViews(
  caller: SessionCaller,
  database: RouteServices['database'],
): Promise<CustomerViewsAnswer> {
  const { tenant, subject } = caller
  const [saved, chosen] = await database.withTenant(tenant, async (tx) => [
    await viewsFor(tx, subject),
    await defaultViewOf(tx, subject),
  ])
  const items = [...BUILT_IN, ...saved.map((one) => shown(one, caller))]
  const opens = items.find(({ id }) => id === chosen) ?? items[0]
  return { items, default: opens.id }
}

const BUILT_IN: readonly CustomerViewAnswer[] = BUILT_IN_VIEWS.map(
  ({ id, name: called, query: asks, columns: has }) => ({
    id,
    name: called,
    scope: 'built_in',
    query: { ...asks },
    columns: [...has],
    mayChange: false,
    problem: null,
    updatedAt: null,
  }),
)

function shown(
  { id, owner, name: called, query: asks, columns: has, updatedAt }: SavedView,
  caller: Caller,
): CustomerViewAnswer {
  const read = customerList.safeParse(asks)
  return {
    id,
    name: called,
    scope: owner === null ? 'company' : 'own',
    query: asks,
    columns: [...has],
    mayChange: owner !== null || isOperator(caller),
    problem: read.success
      ? null
      : 'It asks for something that lists of customers do not know any more. Change its filters, or delete it.',
    updatedAt: updatedAt.toISOString(),
  }
}

/** Keys do not open these routes. */
function person(caller: Caller): SessionCaller {
  if (caller.kind === 'session') return caller
  throw new HoldfastError('forbidden', 'Views are for people. Sign in as a person.')
}

const isOperator = (caller: Caller): boolean =>
  caller.kind === 'session' && ROLES.indexOf(caller.role) >= ROLES.indexOf('operator')

function demandOperator(caller: Caller): void {
  if (!isOperator(caller))
    throw new HoldfastError(
      'forbidden',
      'Views of the company need the role operator. Save it for yourself, or ask somebody who has the role.',
    )
}

/** What is everybody's is changed by those who answer for something. */
function demandOwn({ owner }: SavedView, caller: Caller): void {
  if (owner === null) demandOperator(caller)
}

/** What is only one's own is nobody else's affair. */
async function note(
  tx: Transaction,
  { owner, name: called }: SavedView,
  entry: { readonly actor: string; readonly action: string; readonly requestId: string },
): Promise<void> {
  if (owner === null) await recordAudit(tx, { ...entry, object: called })
}
