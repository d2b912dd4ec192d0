/** Holds: nothing automatic happens for a customer until a person has looked. */
import { z } from 'zod'
import { HoldfastError } from '../../contracts/errors.ts'
import { recordAudit } from '../../store/audit.ts'
import type { Caller } from '../../security/access.ts'
import { seesPeople } from '../../security/masking.ts'
import {
  customerToHold,
  holdCustomer,
  holdsOf,
  listHolds,
  releaseHolds,
  type Hold,
  type HoldLine,
} from '../../store/holds.ts'
import { route, type Route } from '../route.ts'
import { LARGEST_PAGE, type PageRequest } from '../../store/reads/paging.ts'
import { csvFile, everyPage, listFormat, type CsvColumns } from './csv-file.ts'
import { lineFor } from './shown.ts'
import * as shape from './shapes.ts'

const kind = z.enum(['replied', 'complained', 'dispute', 'negotiation', 'by_hand']).meta({
  description: 'What holds: an answer or a complaint of the person, or what somebody stated',
})

const hold = z.object({
  id: z.int(),
  customer: shape.customerId,
  kind,
  reason: z.string(),
  actor: z.string(),
  createdAt: shape.time,
  until: shape.time.nullable().meta({ description: 'null: until somebody ends it' }),
})

const holdLine = hold.extend({
  customerName: z.string().nullable(),
  customerObject: shape.customerObject,
  person: shape.mayBePerson,
})
export type HoldLineAnswer = z.infer<typeof holdLine>

const params = z.strictObject({ id: shape.customerInText })
const holds = z.object({ items: z.array(hold).meta({ description: 'What runs now, oldest first' }) })

/** Who answered or complained is named in the reason. */
const heldFor = <One extends Hold>(caller: Caller, one: One): One =>
  seesPeople(caller) || (one.kind !== 'replied' && one.kind !== 'complained')
    ? one
    : { ...one, reason: one.kind === 'replied' ? 'A recipient answered.' : 'A recipient complained.' }

const CSV: CsvColumns<HoldLine> = {
  customer: ({ customer }) => customer,
  customerName: ({ customerName }) => customerName,
  kind: ({ kind }) => kind,
  reason: ({ reason }) => reason,
  actor: ({ actor }) => actor,
  createdAt: ({ createdAt }) => createdAt,
  until: ({ until }) => until,
}

export const holdRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/v1/holds',
    summary: 'Customers for whom nothing automatic happens until a person has looked, newest first',
    tag: 'Holds',
    access: { scope: 'read', role: 'viewer' },
    query: z.strictObject({ ...shape.pageQuery, kind: kind.optional(), format: listFormat }),
    answers: {
      200: {
        description: 'A page of what runs now',
        schema: shape.pageOf(holdLine),
      },
    },
    handle: async ({ tenant, query: { format, ...query }, caller }, { database }) => {
      const read = async (page: PageRequest) => {
        const found = await database.withTenant(tenant, (tx) => listHolds(tx, { ...query, ...page }))
        return { ...found, items: found.items.map((one) => heldFor(caller, lineFor(caller, one))) }
      }
      if (format === 'csv')
        return csvFile(
          'holds.csv',
          CSV,
          everyPage((cursor) => read({ limit: LARGEST_PAGE, cursor })),
        )
      return { status: 200, body: await read({}) }
    },
  }),
  route({
    method: 'get',
    path: '/v1/customers/{id}/holds',
    summary: 'What holds a customer back now',
    tag: 'Holds',
    access: { scope: 'read', role: 'viewer' },
    params,
    answers: { 200: { description: 'The holds', schema: holds } },
    handle: async ({ tenant, params, caller }, { database }) => ({
      status: 200,
      body: await database.withTenant(tenant, async (tx) => {
        const found = await holdsOf(tx, [await customerToHold(tx, params.id)])
        return { items: found.map((one) => heldFor(caller, one)) }
      }),
    }),
  }),
  route({
    method: 'post',
    path: '/v1/customers/{id}/holds',
    summary: 'Holds everything automatic back for a customer',
    description:
      'What has not begun to be sent waits, and decisions choose no action. One of a kind runs at a time: a second one lets the first reason stand, and of two ends the later one.',
    tag: 'Holds',
    access: { scope: 'write', role: 'operator' },
    params,
    body: shape.body({
      kind: z.enum(['dispute', 'negotiation', 'by_hand']).default('by_hand'),
      reason: shape.text(500).meta({ description: 'A sentence, shown wherever somebody wonders' }),
      until: shape.moment.optional().meta({ description: 'Default: until somebody ends it' }),
    }),
    answers: { 200: { description: 'What holds the customer now', schema: holds } },
    handle: async ({ tenant, params, body, caller, requestId }, { database, clock }) => {
      const until = body.until === undefined ? undefined : new Date(body.until)
      if (until !== undefined && until <= clock())
        throw new HoldfastError('request_invalid', '"until" has to be a time that is still to come.')
      return {
        status: 200,
        body: await database.withTenant(tenant, async (tx) => {
          const customer = await customerToHold(tx, params.id)
          const { kind, reason } = body
          const given = { customer, kind, reason, actor: caller.actor }
          await holdCustomer(tx, until === undefined ? given : { ...given, until })
          const detail = { kind: body.kind, until: body.until ?? null }
          await recordAudit(tx, {
            actor: caller.actor,
            action: 'customer.hold',
            object: String(customer),
            detail,
            requestId,
          })
          return { items: await holdsOf(tx, [customer]) }
        }),
      }
    },
  }),
  route({
    method: 'post',
    path: '/v1/customers/{id}/holds/release',
    summary: 'Ends everything that holds a customer back',
    description: 'What waited for it is looked at again at once.',
    tag: 'Holds',
    access: { scope: 'write', role: 'operator' },
    params,
    answers: {
      200: { description: 'How many ended', schema: z.object({ released: z.int() }) },
    },
    handle: async ({ tenant, params, caller, requestId }, { database, queue }) => ({
      status: 200,
      body: await database.withTenant(tenant, async (tx) => {
        const customer = await customerToHold(tx, params.id)
        const released = await releaseHolds(tx, customer, caller.actor)
        if (released > 0)
          await recordAudit(tx, {
            actor: caller.actor,
            action: 'customer.release',
            object: String(customer),
            detail: { released },
            requestId,
          })
        if (queue !== null) tx.afterCommit(() => queue.wake())
        return { released }
      }),
    }),
  }),
]
