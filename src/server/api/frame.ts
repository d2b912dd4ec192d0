/** What stands round every page of the app: who looks, at which company, and how that company stands. */
import { z } from 'zod'
import { pauseFacts } from '../../loop/pauses.ts'
import { ROLES, allows, type Caller } from '../../security/access.ts'
import { csrfOf } from '../../security/csrf.ts'
import { actionsOf, reportingCurrency } from '../../settings/planning.ts'
import type { ServiceSettings } from '../../settings/service.ts'
import { readPause, type Pause } from '../../store/act-context.ts'
import { currentSettings } from '../../store/settings-versions.ts'
import { findPerson } from '../../store/people.ts'
import { readTenant, type Tenant } from '../../store/tenants.ts'
import { sessionToken } from '../cookies.ts'
import { QUEUES_ACCESS } from '../queues.ts'
import { DELIVERY } from '../words/notices.ts'
import { route } from '../route.ts'
import type { RouteServices } from '../services.ts'
import { badgesAnswer, readBadges } from './badges.ts'
import * as shape from './shapes.ts'

const named = z.object({ id: z.uuid(), name: z.string() })

export const frameAnswer = z.object({
  person: z.object({
    name: z.string(),
    role: z.enum(ROLES),
    installation: z.boolean().meta({ description: 'Holds the machine: sees the queues and every company' }),
  }),
  company: named,
  companies: z.array(named).meta({ description: 'Others that one may go on in; empty for most people' }),
  csrf: z
    .string()
    .nullable()
    .meta({ description: 'Of this session: sent back as X-CSRF-Token with whatever changes something' }),
  standing: z
    .object({ tone: z.enum(['bad', 'wait', 'live']), text: z.string() })
    .meta({ description: 'Whether anything is sent, in some words' }),
  counts: badgesAnswer,
  currency: shape.currency.meta({ description: 'Of budget and plan' }),
  zone: z.string().meta({ description: 'IANA; instants are shown in it' }),
  actions: z
    .array(z.object({ key: z.string(), name: z.string(), channel: z.string().nullable() }))
    .meta({ description: 'The catalogue in its order, as the admin named them' }),
  sandbox: z.object({ inbox: z.boolean(), texts: z.boolean() }),
  queues: z.boolean().meta({ description: 'Whether the board of the queues may be opened' }),
})

export type FrameAnswer = z.infer<typeof frameAnswer>

/** A tenant has no zone of its own yet. */
const ZONE = 'UTC'

/**
 * @param session token of the caller's session
 * @example
 * const frame = await readFrame(caller, services, sessionToken(origin, cookie))
 * frame.standing.text // 'Dry run: nothing is sent'
 */
export async function readFrame(
  caller: Extract<Caller, { kind: 'session' }>,
  services: Pick<RouteServices, 'database' | 'sessions' | 'inbox' | 'texts' | 'queue' | 'clock'>,
  session: string | null,
): Promise<FrameAnswer> {
  const { database, sessions, inbox, texts, queue } = services
  const { tenant, person, subject, role, installation } = caller
  const companies = await sessions.companiesOf(caller)
  // They show people in full.
  const operates = allows({ scope: null, role: 'operator' }, caller)
  const counts = await readBadges(tenant, services)
  return database.withTenant(tenant, async (tx) => {
    const { settings } = await currentSettings(tx)
    const company = await readTenant(tx, tenant)
    const pause = await readPause(tx)
    const { killedReason } = await pauseFacts(tx)
    const known = person === null ? null : await findPerson(tx, person)
    return {
      person: { name: known?.name ?? subject, role, installation },
      company: { id: company.id, name: company.name },
      companies: companies.map(({ id, name }) => ({ id, name })),
      csrf: session === null ? null : csrfOf(session),
      standing: standingOf({ company, settings, pause, killed: killedReason !== null }),
      counts,
      currency: reportingCurrency(settings),
      zone: ZONE,
      actions: actionsOf(settings).map(({ key, name, channel }) => ({ key, name, channel })),
      sandbox: { inbox: inbox !== null && operates, texts: (texts ?? null) !== null && operates },
      queues: queue !== null && allows(QUEUES_ACCESS, caller),
    }
  })
}

function standingOf({
  company,
  settings,
  pause,
  killed,
}: {
  company: Tenant
  settings: ServiceSettings
  pause: Pause | null
  killed: boolean
}): FrameAnswer['standing'] {
  if (killed) return { tone: 'bad', text: 'All actions are stopped' }
  if (pause !== null) return { tone: 'bad', text: 'Paused: nothing is sent' }
  if (company.activatedAt === null) return { tone: 'wait', text: 'First look: nothing is sent' }
  const { mode } = settings.delivery
  return { tone: mode === 'live' ? 'live' : 'wait', text: DELIVERY[mode].pill }
}

export const frameRoutes = [
  route({
    method: 'get',
    path: '/v1/frame',
    summary: 'Who looks, at which company, and how it stands',
    tag: 'App',
    access: { scope: null, role: 'viewer' },
    answers: { 200: { description: 'What stands round every page', schema: frameAnswer } },
    handle: async ({ caller, cookie, origin }, services) => {
      if (caller.kind !== 'session') throw new Error('only people get here')
      return { status: 200, body: await readFrame(caller, services, sessionToken(origin, cookie)) }
    },
  }),
] as const
