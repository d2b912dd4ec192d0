/** A button of a page: one transaction, its line in the audit log, and back to a page. */
import { z } from 'zod'
import { HoldfastError } from '../../contracts/errors.ts'
import type { Caller, Role } from '../../security/access.ts'
import { recordAudit } from '../../store/audit.ts'
import type { Transaction } from '../../store/database.ts'
import { route, type Answer, type Route } from '../route.ts'
import type { RouteServices } from '../services.ts'
import { html } from './html.ts'
import { withPlace } from './place.ts'
import { shell } from './shell.ts'

/** A form without anything in it. */
export const none = z.strictObject({})
/** Whose page the button was on: a page that was left open may be of the company before a switch. */
export const ofCompany = z.strictObject({ company: z.uuid().optional() })

export interface Asked<Body, Params> {
  readonly caller: Caller
  readonly body: Body
  readonly params: Params
  readonly now: Date
}

export interface Pressed<Body extends z.ZodType, Params extends z.ZodType> {
  readonly path: `/${string}`
  readonly summary: string
  readonly role: Role
  /** As the audit log names it; null: what it does writes its own lines. */
  readonly action: string | null
  readonly params: Params
  readonly body: Body
  object?(asked: Asked<z.infer<Body>, z.infer<Params>>): string
  detail?(body: z.infer<Body>): Readonly<Record<string, unknown>>
  work(tx: Transaction, asked: Asked<z.infer<Body>, z.infer<Params>>): Promise<void>
  /** Our own page to go on with. */
  next(body: z.infer<Body>): string
}

/** One transaction with its line in the audit log; the queue is told when it has committed. */
export function pressed<Body extends z.ZodType, Params extends z.ZodType>(
  button: Pressed<Body, Params>,
): Route {
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
          if (queue !== null) tx.afterCommit(() => queue.wake(tenant))
          const object = button.object?.(asked)
          const detail = button.detail?.(body)
          if (action === null) return
          await recordAudit(tx, {
            actor: caller.actor,
            action,
            requestId,
            ...(object === undefined ? {} : { object }),
            ...(detail === undefined ? {} : { detail }),
          })
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

/** The person's name without what kind of caller it is. */
export function whoIs(caller: Caller): string {
  return caller.kind === 'session' ? caller.subject : caller.name
}
