/** What the buttons do: the same as the API's routes, then back to the page. */
import { z } from 'zod'
import { HoldfastError } from '../../contracts/errors.ts'
import { asConnection, asIntervention, type InterventionId } from '../../contracts/ids.ts'
import { STEP_NAMES } from '../../loop/services.ts'
import { resumeSending } from '../../loop/standing.ts'
import { readConnection } from '../../store/connections.ts'
import type { Transaction } from '../../store/database.ts'
import { approve, reject, snooze } from '../../store/interventions.ts'
import { requestStep } from '../../store/steps.ts'
import { activateTenant, pauseTenant } from '../../store/tenants.ts'
import type { Route } from '../route.ts'
import { none, ofCompany, pressed, whoIs, type Asked } from './pressed.ts'
import { sendingButtons } from './sending-buttons.ts'

const DAY = 86_400_000
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
  ...sendingButtons,
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
