/** How a connection fares, in one answer: fresh or not, signed in or not, what is in the way and what to do about it. */
import { z } from 'zod'
import { maskName } from '../../security/masking.ts'
import type { ConnectionHealth } from '../../store/reads/connection-health.ts'
import { COUNTED_HINTS } from '../../store/reads/connection-health.ts'
import type { ConnectionView } from '../../store/reads/connections.ts'
import { COUNTED, type CrmView } from '../../store/reads/crm-connections.ts'
import { nextRun } from '../../store/schedule.ts'
import * as shape from './shapes.ts'

const many = z.int()

export const checkShape = z.object({
  name: z.string().meta({ description: 'As a heading; empty for the connection as a whole' }),
  status: z.enum(['ok', 'off', 'warning', 'failed']).meta({ description: 'off: a choice, with the reason' }),
  message: z.string().meta({ description: 'What was found, what it means, what to do' }),
  used: z
    .object({ many: z.number(), of: z.number(), until: z.string().nullable() })
    .optional()
    .meta({ description: 'Of a limit: how much of it is used' }),
})

export const checkedShape = z.object({
  at: shape.time,
  by: z.string(),
  checks: z.array(checkShape),
})

const problem = z.object({
  about: z
    .enum([
      'sign_in',
      'step',
      'record',
      'activity',
      'consent',
      'intervention',
      'approval',
      'workflow',
      'mapping',
      'events',
    ])
    .meta({ description: 'record: writing to records. mapping: a property that cannot be read' }),
  step: z.string().nullable().meta({ description: 'Of a step: which one' }),
  message: z.string().meta({ description: 'What happened, what it means, what to do' }),
  count: many.meta({ description: 'How many things; 1 where there is only one' }),
  since: shape.time.nullable(),
  again: z.boolean().meta({ description: 'Whether it is tried again by itself' }),
  customer: z
    .object({ id: shape.customerId, name: z.string().nullable() })
    .nullable()
    .meta({ description: 'One of the customers, to look at' }),
})

export const healthShape = {
  system: z.enum(['HubSpot', 'Salesforce', 'File']),
  externalId: z.string().nullable().meta({ description: 'Portal or org as the CRM names it; null: a file' }),
  object: z.string().nullable().meta({ description: 'Whose records are customers: companies, Account' }),
  builtIn: z.boolean().meta({ description: 'The sandbox of this installation' }),
  trouble: z.boolean().meta({ description: 'Somebody has to do something: it does not go on by itself' }),
  freshness: z.object({
    state: z.enum(['fresh', 'reading', 'stale', 'never', 'stopped']).meta({
      description:
        'reading: a sync runs. stale: the last one is longer ago than it should be. never: none was done yet. stopped: it is paused, disconnected or needs a sign-in',
    }),
    syncedAt: shape.time.nullable().meta({ description: 'When the last sync was done' }),
    nextAt: shape.time.nullable().meta({ description: 'When the next one is due; null: not by itself' }),
    waiting: many.meta({
      description: `Changes that the CRM told of and that are still to be read; ${COUNTED_HINTS} is as many or more`,
    }),
    waitingSince: shape.time.nullable(),
  }),
  signIn: z.object({
    how: z.string().nullable().meta({
      description: 'private_app, oauth, web, jwt, client_credentials; null: it needs none',
    }),
    state: z.enum(['valid', 'needed', 'missing', 'none']).meta({
      description:
        'needed: the CRM does not take it any more. missing: it was forgotten. none: it needs none',
    }),
    since: shape.time.nullable().meta({ description: 'Signed in or renewed' }),
  }),
  events: z.object({
    how: z.enum(['webhooks', 'stream', 'journal', 'none']).meta({
      description: 'journal: read from what HubSpot keeps of the last three days, besides webhooks',
    }),
    lastAt: shape.time.nullable().meta({ description: 'When the CRM last told of a change by itself' }),
    problem: z.string().nullable(),
  }),
  made: z
    .object({ tasks: many, activities: many })
    .meta({ description: `Tasks on lists and entries on timelines; ${COUNTED} is as many or more` }),
  problems: z.array(problem),
  quota: z
    .object({ used: z.number(), of: z.number(), until: z.string().nullable(), at: shape.time })
    .nullable()
    .meta({
      description: 'Calls of the day, as of the last check; null: the CRM does not say, or nobody asked',
    }),
  check: checkedShape.nullable().meta({ description: 'The last one; POST …/check makes another' }),
} as const
const healthObject = z.object(healthShape)
type Health = z.input<typeof healthObject>

const SYSTEMS: Readonly<Record<string, Health['system']>> = { hubspot: 'HubSpot', salesforce: 'Salesforce' }

/** Minutes after the time at which a sync should have begun; until then it is only late. */
const GRACE_MINUTES = 20

/**
 * @param options.names whether names of customers are shown in full
 */
export function healthOf(
  view: ConnectionView,
  crm: CrmView | null,
  health: ConnectionHealth,
  { now, names }: { readonly now: Date; readonly names: boolean },
): Health {
  const { kind } = view
  const problems = problemsOf(view, crm, names)
  const quota = health.check?.checks.find(({ used }) => used !== undefined)?.used
  return {
    system: SYSTEMS[kind] ?? 'File',
    externalId: crm?.externalId ?? null,
    object: crm?.object ?? null,
    builtIn: crm?.builtIn ?? false,
    trouble: isTroubled(view),
    freshness: freshnessOf(view, health, now),
    signIn: signInOf(view, crm, health),
    events: eventsOf(view, crm),
    made: { tasks: crm?.tasks ?? 0, activities: crm?.logged ?? 0 },
    problems,
    quota:
      health.check === null || quota === undefined
        ? null
        : { used: quota.many, of: quota.of, until: quota.until, at: iso(health.check.at) },
    check:
      health.check === null
        ? null
        : { at: iso(health.check.at), by: health.check.by, checks: [...health.check.checks] },
  }
}

const iso = (at: Date): string => at.toISOString()
const isoOr = (at: Date | null): string | null => at?.toISOString() ?? null

/** The same as `TROUBLED` of store/reads/live.ts says in SQL; a test holds them together. */
function isTroubled({ status, steps }: ConnectionView): boolean {
  if (status === 'needs_reconnect') return true
  return status === 'active' && steps.some(givenUp)
}

const givenUp = ({ error, dueAt, running }: ConnectionView['steps'][number]): boolean =>
  error !== null && dueAt === null && !running

function freshnessOf(
  { id, status, steps }: ConnectionView,
  { waiting, waitingSince }: ConnectionHealth,
  now: Date,
): Health['freshness'] {
  const sync = steps.find(({ step }) => step === 'sync')
  const syncedAt = sync?.lastDoneAt ?? null
  const told = {
    syncedAt: isoOr(syncedAt),
    nextAt: status === 'active' ? isoOr(sync?.dueAt ?? null) : null,
    waiting,
    waitingSince: isoOr(waitingSince),
  }
  if (status !== 'active') return { ...told, state: 'stopped' }
  if (sync?.running === true) return { ...told, state: 'reading' }
  if (syncedAt === null) return { ...told, state: 'never' }
  const schedule = sync?.schedule ?? null
  const expected = schedule === null ? null : nextRun(schedule, syncedAt, id)
  const late = expected !== null && now.getTime() - expected.getTime() > GRACE_MINUTES * 60_000
  return { ...told, state: late ? 'stale' : 'fresh' }
}

function signInOf(
  { kind, status }: ConnectionView,
  crm: CrmView | null,
  { auth, signedInAt }: ConnectionHealth,
): Health['signIn'] {
  if (SYSTEMS[kind] === undefined || crm === null) return { how: null, state: 'none', since: null }
  const since = isoOr(signedInAt)
  if (status === 'needs_reconnect') return { how: auth, state: 'needed', since }
  return { how: auth, state: signedInAt === null ? 'missing' : 'valid', since }
}

function eventsOf({ kind }: ConnectionView, crm: CrmView | null): Health['events'] {
  if (crm === null) return { how: 'none', lastAt: null, problem: null }
  const isRead = crm.eventsAt !== null
  const how = kind === 'salesforce' ? 'stream' : isRead ? 'journal' : 'webhooks'
  return { how, lastAt: isoOr(crm.lastHintAt), problem: crm.eventsProblem }
}

function problemsOf(view: ConnectionView, crm: CrmView | null, names: boolean): Health['problems'] {
  const { status, statusReason, steps } = view
  const plain = { step: null, count: 1, since: null, again: false, customer: null }
  const signIn =
    status === 'needs_reconnect'
      ? [
          {
            ...plain,
            about: 'sign_in' as const,
            message: `${(statusReason ?? 'The CRM does not take the sign-in any more.').replace(/\.?$/, '.')} Sign in again; until then nothing is read or written, and customers stay as they were.`,
          },
        ]
      : []
  const ofSteps = steps.flatMap((one) =>
    one.error === null || status !== 'active'
      ? []
      : [
          {
            ...plain,
            about: 'step' as const,
            step: one.step,
            message: one.error.message,
            since: isoOr(one.lastRun?.finishedAt ?? null),
            again: !givenUp(one),
          },
        ],
  )
  if (crm === null) return [...signIn, ...ofSteps]
  const refused = crm.refusals.map(({ what, message, count, again, customer }) => ({
    ...plain,
    about: what,
    message,
    count,
    again,
    customer:
      customer === null
        ? null
        : {
            id: customer.id,
            name: names || customer.name === null ? customer.name : maskName(customer.name),
          },
  }))
  const notes = crm.notes.map(({ message, since }) => ({
    ...plain,
    about: 'mapping' as const,
    message,
    since,
  }))
  const events =
    crm.eventsProblem === null
      ? []
      : [{ ...plain, about: 'events' as const, message: crm.eventsProblem, again: true }]
  return [...signIn, ...ofSteps, ...notes, ...refused, ...events]
}
