/** What the buttons do: the same as the API's routes, then back to the page. */
import { z } from 'zod'
import { HoldfastError } from '../../contracts/errors.ts'
import { asConnection, asIntervention, type InterventionId } from '../../contracts/ids.ts'
import { STEP_NAMES } from '../../loop/services.ts'
import { resumeSending } from '../../loop/standing.ts'
import type { Caller, Role } from '../../security/access.ts'
import { recordAudit } from '../../store/audit.ts'
import { readConnection } from '../../store/connections.ts'
import type { Transaction } from '../../store/database.ts'
import { approve, reject, snooze } from '../../store/interventions.ts'
import { requestStep } from '../../store/steps.ts'
import { activateTenant, pauseTenant } from '../../store/tenants.ts'
import { route, type Answer, type Route } from '../route.ts'
import type { RouteServices } from '../services.ts'
import { html } from './html.ts'
import { withPlace } from './place.ts'
import { shell } from './shell.ts'

const DAY = 86_400_000
const none = z.strictObject({})
/** Whose page the button was on: a page that was left open may be of the company before a switch. */
const ofCompany = z.strictObject({ company: z.uuid().optional() })

interface Asked<Body, Params> {
  readonly caller: Caller
  readonly body: Body
  readonly params: Params
  readonly now: Date
}

interface Pressed<Body extends z.ZodType, Params extends z.ZodType> {
  readonly path: `/${string}`
  readonly summary: string
  readonly role: Role
  /** As the audit log names it. */
  readonly action: string
  readonly params: Params
  readonly body: Body
  object?(asked: Asked<z.infer<Body>, z.infer<Params>>): string
  detail?(body: z.infer<Body>): Readonly<Record<string, unknown>>
  work(tx: Transaction, asked: Asked<z.infer<Body>, z.infer<Params>>): Promise<void>
  /** Our own page to go on with. */
  next(body: z.infer<Body>): string
}

/** One transaction with its line in the audit log; the queue is told when it has committed. */
function pressed<Body extends z.ZodType, Params extends z.ZodType>(button: Pressed<Body, Params>): Route {
  const { path, summary, role, action, params, body } = button
  return route({
    method: 'post',
    path,
    summary,
    tag: 'Pages',
    access: { scope: null, role },
    audience: 'page',
    params,
    body,
    bodyType: 'application/x-www-form-urlencoded',
    bodyLimit: 4096,
    answers: { 303: { description: 'Done; back to the page' } },
    handle: async ({ tenant, caller, params, body, requestId }, services) => {
      const { database, queue, clock } = services
      const asked = { caller, body, params, now: clock() }
      try {
        expectSameCompany(caller, body)
        await database.withTenant(tenant, async (tx) => {
          await button.work(tx, asked)
          const object = button.object?.(asked)
          const detail = button.detail?.(body)
          await recordAudit(tx, {
            actor: caller.actor,
            action,
            requestId,
            ...(object === undefined ? {} : { object }),
            ...(detail === undefined ? {} : { detail }),
          })
          if (queue !== null) tx.afterCommit(() => queue.wake(tenant))
        })
      } catch (error) {
        if (error instanceof HoldfastError && error.status < 500)
          return refused(services, caller, error, button.next(body))
        throw error
      }
      return { redirect: button.next(body) }
    },
  })
}

function expectSameCompany(caller: Caller, body: unknown): void {
  const { company } = body as { readonly company?: string }
  if (company === undefined || company === caller.tenant) return
  throw new HoldfastError(
    'conflict',
    'The page was of another company than the one that you are in now, so nothing was changed in either. Look at the page as it is now, and press again.',
  )
}

/** A page with the way back, rather than a dead end. */
async function refused(
  services: RouteServices,
  caller: Caller,
  error: HoldfastError,
  back: string,
): Promise<Answer> {
  return withPlace({ caller, services }, async (_tx, place) => {
    const body = html`<h1>That did not work</h1>
      <p class="lead">${error.message}</p>
      <p><a href="${back}">Back</a></p>`
    return shell(place, { title: 'That did not work', chapter: 'loop', body, status: error.status })
  })
}

const control: readonly Route[] = [
  pressed({
    path: '/pause',
    summary: 'Stops everything that is sent',
    role: 'operator',
    action: 'tenant.pause',
    params: none,
    body: ofCompany.extend({ reason: z.string().trim().max(300).default('') }),
    detail: ({ reason }) => ({ reason }),
    work: (tx, { caller, body }) =>
      pauseTenant(tx, caller.tenant, body.reason === '' ? `by ${whoIs(caller)}` : body.reason),
    next: () => '/',
  }),
  pressed({
    path: '/resume',
    summary: 'Lets things be sent again',
    role: 'admin',
    action: 'tenant.resume',
    params: none,
    // An empty form has no body at all.
    body: ofCompany.default({}),
    work: (tx, { caller }) => resumeSending(tx, caller.tenant),
    next: () => '/',
  }),
  pressed({
    path: '/activate',
    summary: 'Turns actions on',
    role: 'admin',
    action: 'tenant.activate',
    params: none,
    body: ofCompany.extend({
      confirm: z.literal('yes', 'has to be ticked: from now on decisions become actions'),
    }),
    work: async (tx, { caller }) => {
      await activateTenant(tx, caller.tenant)
    },
    next: () => '/',
  }),
  pressed({
    path: '/connections/{id}/run',
    summary: 'Asks for a step of a connection now',
    role: 'operator',
    action: 'connection.run',
    params: z.strictObject({ id: z.uuid() }),
    body: z.strictObject({ step: z.enum(STEP_NAMES) }),
    object: ({ params }) => params.id,
    detail: ({ step }) => ({ step }),
    work: async (tx, { params, body }) => {
      const connection = asConnection(params.id)
      const { name, status } = await readConnection(tx, connection)
      if (status !== 'active')
        throw new HoldfastError(
          'conflict',
          `“${name}” is ${status.replaceAll('_', ' ')}, so nothing is run for it.`,
        )
      await requestStep(tx, { connection, step: body.step, cause: 'page' })
    },
    next: () => '/',
  }),
]

/** Pages that have answers on them, and nothing else: where an answer leads back to. */
const back = z.string().regex(/^\/(outbox(\/[0-9a-f-]{36}|\?state=[a-z_]+)?|customers\/\d{1,16})$/)

function answer<Body extends z.ZodType<{ back: string }>>(
  verb: 'approve' | 'reject' | 'snooze',
  summary: string,
  body: Body,
  work: (tx: Transaction, id: InterventionId, asked: Asked<z.infer<Body>, { id: string }>) => Promise<void>,
): Route {
  return pressed({
    path: `/outbox/{id}/${verb}`,
    summary,
    role: 'operator',
    action: `intervention.${verb}`,
    params: z.strictObject({ id: z.uuid() }),
    body,
    object: ({ params }) => params.id,
    work: (tx, asked) => work(tx, asIntervention(asked.params.id), asked),
    next: (body) => body.back,
  })
}

export const answerRoutes: readonly Route[] = [
  ...control,
  answer('approve', 'Lets an action go out', z.strictObject({ back }), (tx, id, { caller }) =>
    approve(tx, id, { actor: caller.actor }),
  ),
  answer('reject', 'Not right: it is never carried out', z.strictObject({ back }), (tx, id, { caller }) =>
    reject(tx, id, { actor: caller.actor }),
  ),
  answer(
    'snooze',
    'Puts an action off',
    z.strictObject({ back, days: z.coerce.number().int().min(1).max(60) }),
    (tx, id, { caller, body, now }) =>
      snooze(tx, id, { actor: caller.actor, until: new Date(now.getTime() + body.days * DAY) }),
  ),
]

function whoIs(caller: Caller): string {
  return caller.kind === 'session' ? caller.subject : caller.name
}
