/** Addresses of before the app, which stand in tasks of CRMs, in mails and in bookmarks. */
import { z } from 'zod'
import { route, type Route } from '../route.ts'

/** Where they lead says who may see it: nothing of a company is in an address. */
const moved = { tag: 'Pages', access: 'public', audience: 'page' } as const
const answers = { 303: { description: 'On to the page of the app' } } as const

const params = z.strictObject({ id: z.string().max(60) })

export const movedRoutes: readonly Route[] = [
  ...(
    [
      ['/', '/app'],
      ['/customers', '/app/customers'],
      ['/outbox', '/app/actions/list'],
      ['/sending', '/app/sending'],
      ['/preview', '/app/sending'],
    ] as const
  ).map(([path, to]) =>
    route({
      ...moved,
      method: 'get',
      path,
      summary: `On to ${to}`,
      answers,
      handle: async () => ({ redirect: to }),
    }),
  ),
  route({
    ...moved,
    method: 'get',
    path: '/customers/{id}',
    summary: 'On to the customer',
    params,
    answers,
    handle: async ({ params: { id } }) => ({ redirect: `/app/customers/${encodeURIComponent(id)}` }),
  }),
  route({
    ...moved,
    method: 'get',
    path: '/outbox/{id}',
    summary: 'On to the action',
    params,
    answers,
    handle: async ({ params: { id } }) => ({
      redirect: `/app/actions/list?open=${encodeURIComponent(id)}`,
    }),
  }),
]
