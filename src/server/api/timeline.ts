/** What happened with a customer, newest first: each entry a plain sentence with its kind and its data. */
import { z } from 'zod'
import { asCustomer } from '../../contracts/ids.ts'
import { actionNames } from '../../settings/planning.ts'
import { seesPeople } from '../../security/masking.ts'
import type { Caller } from '../../security/access.ts'
import type { Transaction } from '../../store/database.ts'
import type { CustomerId } from '../../contracts/ids.ts'
import type { Page, PageRequest } from '../../store/reads/paging.ts'
import { readTimeline, type TimelineEntry } from '../../store/reads/timeline.ts'
import { currentSettings } from '../../store/settings-versions.ts'
import { connectionOf } from '../../store/reads/customer.ts'
import { formatsFor } from '../words/formats.ts'
import { route } from '../route.ts'
import { connectionReading, type ConnectionReading } from './connection-reading.ts'
import * as shape from './shapes.ts'
import { timelineSentence, type TimelineWords } from './timeline-words.ts'

export const TIMELINE_KINDS = [
  'level',
  'property',
  'status',
  'decision',
  'intervention',
  'feedback',
  'call',
  'redeemed',
  'consent',
  'suppression',
  'hold',
  'release',
  'written',
] as const satisfies readonly TimelineEntry['kind'][]

const about: Readonly<Record<TimelineEntry['kind'], string>> = {
  level: 'the level of risk changed',
  property: 'something that the model or the policy looks at changed',
  status: 'the customer left',
  decision: 'what was decided',
  intervention: 'an action moved on',
  feedback: 'what was heard of a message',
  call: 'what became of a task',
  redeemed: 'an offer was taken',
  consent: 'somebody agreed or refused',
  suppression: 'an address is written to no more',
  hold: 'the customer is left alone',
  release: 'it no longer is',
  written: 'the record in the CRM was written',
}

const entry = z.object({
  at: shape.time,
  kind: z.enum(TIMELINE_KINDS).meta({
    description: TIMELINE_KINDS.map((kind) => `${kind}: ${about[kind]}`).join('. '),
  }),
  key: z.string().meta({ description: "With the kind it is an entry's own" }),
  sentence: z.string().meta({ example: 'Risk rose to 41 %, from 17 %: high now.' }),
  data: z.record(z.string(), z.unknown()).meta({ description: 'What is known of it, by its kind' }),
})

export const timelineAnswer = shape.pageOf(entry)
export type TimelineAnswer = z.infer<typeof timelineAnswer>

export const timelineRoutes = [
  route({
    method: 'get',
    path: '/v1/customers/{id}/timeline',
    summary: 'What happened with a customer, newest first',
    description:
      'Levels, properties that matter, decisions, actions and what was heard of them, consent, holds, and what was written to the CRM, in one list. Viewers see no people, and nothing that somebody wrote.',
    tag: 'Customers',
    access: { scope: 'read', role: 'viewer' },
    params: z.strictObject({ id: shape.customerInText }),
    query: z.strictObject({ ...shape.pageQuery }),
    answers: { 200: { description: 'A page of the timeline', schema: timelineAnswer } },
    handle: async ({ tenant, params, query, caller }, { database, clock }) => {
      const customer = asCustomer(params.id)
      const connection = await database.withTenant(tenant, (tx) => connectionOf(tx, customer))
      const reading = await connectionReading(database, tenant, connection)
      return {
        status: 200,
        body: await database.withTenant(tenant, (tx) =>
          timelineOf(tx, { customer, reading, caller, now: clock(), page: query }),
        ),
      }
    },
  }),
] as const

export async function timelineOf(
  tx: Transaction,
  {
    customer,
    reading,
    caller,
    now,
    page,
  }: {
    readonly customer: CustomerId
    readonly reading: ConnectionReading
    readonly caller: Caller
    readonly now: Date
    readonly page: PageRequest
  },
): Promise<TimelineAnswer> {
  const { settings } = await currentSettings(tx)
  const { titles, connection } = reading
  const found = await readTimeline(tx, { ...page, customer, properties: [...titles.keys()] })
  const words: TimelineWords = {
    caller,
    formats: formatsFor({ now, zone: 'UTC', action: actionNames(settings) }),
    source: CRMS[connection.kind] ?? connection.name,
    title: (property) => titles.get(property) ?? property,
  }
  return entriesOf(found, words)
}

const CRMS: Readonly<Record<string, string>> = { hubspot: 'HubSpot', salesforce: 'Salesforce' }

function entriesOf({ items, next }: Page<TimelineEntry>, words: TimelineWords): TimelineAnswer {
  return {
    items: items.map((one) => ({
      at: one.at.toISOString(),
      kind: one.kind,
      key: one.key,
      sentence: timelineSentence(one, words),
      data: shown(one, words.caller),
    })),
    next,
  }
}

/** People, and what people wrote. */
const PERSONAL: ReadonlySet<string> = new Set(['recipient', 'reason', 'outcome', 'actor'])

function shown({ data }: TimelineEntry, caller: Caller): Record<string, unknown> {
  const known = Object.entries(data)
  return Object.fromEntries(seesPeople(caller) ? known : known.filter(([name]) => !PERSONAL.has(name)))
}
