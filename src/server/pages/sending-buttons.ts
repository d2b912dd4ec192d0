/** The buttons of what is sent: pause an action or a channel, let it go on, the kill switch. */
import { z } from 'zod'
import { pausePart, releaseEverything, resumePart, stopEverything } from '../../loop/pausing.ts'
import type { Route } from '../route.ts'
import { none, ofCompany, pressed, whoIs } from './pressed.ts'

const params = z.strictObject({
  scope: z.enum(['action', 'channel']),
  name: z.string().min(1).max(60),
})
const why = ofCompany.extend({ reason: z.string().trim().max(300).default('') })
const back = () => '/sending'

export const sendingButtons: readonly Route[] = [
  pressed({
    path: '/sending/{scope}/{name}/pause',
    summary: 'Stops one action or one channel',
    role: 'operator',
    action: null,
    params,
    body: why.default({ reason: '' }),
    work: async (tx, { params, caller, body }) => {
      const reason = body.reason === '' ? `by ${whoIs(caller)}` : body.reason
      await pausePart(tx, params, { reason, actor: caller.actor })
    },
    next: back,
  }),
  pressed({
    path: '/sending/{scope}/{name}/resume',
    summary: 'Lets one action or one channel go on',
    role: 'admin',
    action: null,
    params,
    body: ofCompany.default({}),
    work: async (tx, { params, caller }) => {
      await resumePart(tx, params, { actor: caller.actor })
    },
    next: back,
  }),
  pressed({
    path: '/sending/stop',
    summary: 'The kill switch: cancels what is open, and no action is chosen',
    role: 'operator',
    action: null,
    params: none,
    body: why.extend({
      confirm: z.literal('yes', 'has to be ticked: what is open is cancelled for good'),
    }),
    work: async (tx, { caller, body }) => {
      const reason = body.reason === '' ? `by ${whoIs(caller)}` : body.reason
      await stopEverything(tx, { reason, actor: caller.actor })
    },
    next: back,
  }),
  pressed({
    path: '/sending/release',
    summary: 'Releases the kill switch',
    role: 'admin',
    action: null,
    params: none,
    body: ofCompany.default({}),
    work: async (tx, { caller }) => {
      await releaseEverything(tx, { actor: caller.actor })
    },
    next: back,
  }),
]
