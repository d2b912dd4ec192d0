/** What turns actions on and off: activation, pause and the kill switch. */
import { z } from 'zod'
import { HoldfastError } from '../../contracts/errors.ts'
import type { TenantId } from '../../contracts/ids.ts'
import { channelFor } from '../../loop/carried-out.ts'
import {
  CHANNELS,
  pausePart,
  releaseEverything,
  resumePart,
  stopEverything,
  type Part,
} from '../../loop/pausing.ts'
import { resumeSending } from '../../loop/standing.ts'
import { WATCH } from '../../loop/stop-watch.ts'
import { approvalNeeded } from '../../settings/approval.ts'
import { DELIVERY_MODES } from '../../settings/automation.ts'
import { actionsOf, maskRules } from '../../settings/planning.ts'
import { recordAudit } from '../../store/audit.ts'
import type { Transaction } from '../../store/database.ts'
import { readPauses } from '../../store/pauses.ts'
import { currentSettings } from '../../store/settings-versions.ts'
import { activateTenant, pauseTenant, readTenant } from '../../store/tenants.ts'
import { route } from '../route.ts'
import { seenPreview } from '../seen-preview.ts'
import * as shape from './shapes.ts'

const evidence = z
  .object({
    what: z.enum(['optOuts', 'complaints', 'bounces']),
    answers: z.int(),
    messages: z.int(),
    usual: z.number().meta({ description: 'Share that is usual' }),
    chance: z.number().meta({ description: 'That so many come where nothing is wrong' }),
  })
  .nullable()

export const standing = z.object({
  status: z.enum(['active', 'paused']),
  pausedReason: z.string().nullable(),
  installationPaused: z.string().nullable().meta({
    description: 'Why nothing is sent for anybody here, such as after a restore; null: it is',
  }),
  delivery: z.enum(DELIVERY_MODES).meta({
    description:
      'How actions leave: not at all, recorded only, into the sandbox, to the test list, or to customers',
  }),
  activatedAt: shape.time.nullable().meta({
    description: 'null: everything is scored and shown, and nothing is sent',
  }),
  killSwitch: z
    .object({ reason: z.string(), actor: z.string(), since: shape.time })
    .nullable()
    .meta({ description: 'While it is on, no action is chosen and nothing goes out; null: it is off' }),
  pauses: z
    .array(
      z.object({
        scope: z.enum(['action', 'channel']),
        name: z.string().meta({ description: 'Key of the action, name of the channel' }),
        reason: z.string(),
        actor: z.string().meta({ description: '`watch`: it stopped by itself' }),
        byItself: z.boolean(),
        since: shape.time,
        evidence: evidence.meta({ description: 'What was counted, where it stopped by itself' }),
      }),
    )
    .meta({ description: 'What is paused beside everything' }),
  actions: z
    .array(
      z.object({
        key: shape.actionKey,
        name: z.string(),
        channel: z.enum(CHANNELS).meta({ description: 'As it is carried out by' }),
        enabled: z.boolean().meta({ description: 'false: the settings have it off, and nobody chooses it' }),
        approval: z.boolean().meta({ description: 'Whether a person approves each' }),
      }),
    )
    .meta({ description: 'What may be done at all, in the order of the catalogue' }),
})

export type Standing = z.infer<typeof standing>

const reason = shape.text(300).meta({ description: 'Shown wherever somebody wonders' })
const part = {
  action: shape.actionGiven.optional().meta({ description: 'Key of an action' }),
  channel: z.enum(CHANNELS).optional().meta({ description: 'A channel' }),
}

function atMostOne({
  value,
  issues,
}: z.core.ParsePayload<{ action?: string | undefined; channel?: string | undefined }>): void {
  if (value.action !== undefined && value.channel !== undefined)
    issues.push({
      code: 'custom',
      message: 'name an action or a channel, not both',
      input: value,
      path: ['channel'],
    })
}

function partOf({
  action,
  channel,
}: {
  action?: string | undefined
  channel?: string | undefined
}): Part | null {
  if (action !== undefined) return { scope: 'action', name: action }
  return channel === undefined ? null : { scope: 'channel', name: channel }
}

export const controlRoutes = [
  route({
    method: 'get',
    path: '/v1/standing',
    summary: 'Whether actions are turned on',
    tag: 'Settings',
    access: { scope: 'read', role: 'viewer' },
    answers: { 200: { description: 'How the company stands', schema: standing } },
    handle: async ({ tenant }, { database }) => ({
      status: 200,
      body: await database.withTenant(tenant, (tx) => standingOf(tx, tenant)),
    }),
  }),
  route({
    method: 'post',
    path: '/v1/activation',
    summary: 'Turns actions on, for good',
    description:
      'From now on decisions become interventions, which the delivery mode of the settings then carries out or only records. Decisions that were made before never do.',
    tag: 'Settings',
    access: { scope: 'admin', role: 'admin' },
    body: shape.body({
      confirm: z
        .literal(true, 'has to be true: from now on decisions become interventions')
        .meta({ description: 'Says that this is meant' }),
      seen: shape.word(1024).optional().meta({
        description: 'Of the preview that was looked at; people need one, programs may leave it out',
      }),
    }),
    answers: { 200: { description: 'Actions are on', schema: standing } },
    handle: async ({ tenant, body, caller, requestId }, { database, queue, secrets, clock }) => ({
      status: 200,
      body: await database.withTenant(tenant, async (tx) => {
        if (body.seen === undefined && caller.kind === 'session')
          throw new HoldfastError(
            'precondition_failed',
            'Look at the preview first: POST /v1/preview says what would be sent, and `seen` of its answer goes in here.',
          )
        const { version } = await currentSettings(tx)
        const preview =
          body.seen === undefined
            ? null
            : seenPreview(await secrets.linkKey(tx), body.seen, {
                tenant,
                at: clock(),
                settingsVersion: version,
              })
        await activateTenant(tx, tenant)
        const detail = preview === null ? null : { preview }
        await recordAudit(tx, { actor: caller.actor, action: 'tenant.activate', detail, requestId })
        if (queue !== null) tx.afterCommit(() => queue.wake())
        return standingOf(tx, tenant)
      }),
    }),
  }),
  route({
    method: 'post',
    path: '/v1/pause',
    summary: 'Stops everything that is sent, one action, or one channel',
    description:
      'Scoring and showing go on. What is due waits until it is resumed, also what a worker has taken and not begun to hand over. A paused action or channel is not chosen by decisions either.',
    tag: 'Settings',
    access: { scope: 'admin', role: 'operator' },
    body: shape.body({ ...part, reason }).check(atMostOne),
    answers: { 200: { description: 'Nothing of it is sent', schema: standing } },
    handle: async ({ tenant, body, caller, requestId }, { database }) => ({
      status: 200,
      body: await database.withTenant(tenant, async (tx) => {
        const named = partOf(body)
        const { actor } = caller
        if (named !== null) await pausePart(tx, named, { reason: body.reason, actor, requestId })
        else {
          await pauseTenant(tx, tenant, body.reason)
          await recordAudit(tx, {
            actor,
            action: 'tenant.pause',
            detail: { reason: body.reason },
            requestId,
          })
        }
        return standingOf(tx, tenant)
      }),
    }),
  }),
  route({
    method: 'post',
    path: '/v1/resume',
    summary: 'Lets things be sent again',
    description: 'Without a name: what was paused as a whole. Actions and channels are let go on one by one.',
    tag: 'Settings',
    access: { scope: 'admin', role: 'admin' },
    body: shape.body(part).check(atMostOne).default({}),
    answers: { 200: { description: 'What is due goes on', schema: standing } },
    handle: async ({ tenant, body, caller, requestId }, { database, queue }) => ({
      status: 200,
      body: await database.withTenant(tenant, async (tx) => {
        const named = partOf(body)
        const { actor } = caller
        if (named !== null) await resumePart(tx, named, { actor, requestId })
        else {
          await resumeSending(tx, tenant)
          await recordAudit(tx, { actor, action: 'tenant.resume', requestId })
        }
        if (queue !== null) tx.afterCommit(() => queue.wake())
        return standingOf(tx, tenant)
      }),
    }),
  }),
  route({
    method: 'post',
    path: '/v1/kill-switch',
    summary: 'Stops all actions at once',
    description:
      'Every decision chooses no action, and every intervention that has not begun to go out is cancelled for good. It stays so until the switch is released.',
    tag: 'Settings',
    access: { scope: 'admin', role: 'operator' },
    body: shape.body({ reason }),
    answers: {
      200: {
        description: 'Nothing goes out',
        schema: standing.extend({ cancelled: z.int().meta({ description: 'Interventions' }) }),
      },
    },
    handle: async ({ tenant, body, caller, requestId }, { database }) => ({
      status: 200,
      body: await database.withTenant(tenant, async (tx) => {
        const cancelled = await stopEverything(tx, { reason: body.reason, actor: caller.actor, requestId })
        return { ...(await standingOf(tx, tenant)), cancelled }
      }),
    }),
  }),
  route({
    method: 'delete',
    path: '/v1/kill-switch',
    summary: 'Lets decisions choose actions again',
    description:
      'What was cancelled stays cancelled. Who was decided on meanwhile is decided on again in the next period.',
    tag: 'Settings',
    access: { scope: 'admin', role: 'admin' },
    answers: { 200: { description: 'It is off', schema: standing } },
    handle: async ({ tenant, caller, requestId }, { database }) => ({
      status: 200,
      body: await database.withTenant(tenant, async (tx) => {
        await releaseEverything(tx, { actor: caller.actor, requestId })
        return standingOf(tx, tenant)
      }),
    }),
  }),
] as const

async function standingOf(tx: Transaction, tenant: TenantId): Promise<z.input<typeof standing>> {
  const { status, pausedReason, activatedAt } = await readTenant(tx, tenant)
  const { running, installation } = await readPauses(tx)
  const { settings } = await currentSettings(tx)
  const killed = running.find(({ scope }) => scope === 'everything')
  const actions = actionsOf(settings)
  const { enabled } = maskRules(settings, actions)
  return {
    status,
    pausedReason,
    installationPaused: installation,
    delivery: settings.delivery.mode,
    activatedAt: activatedAt?.toISOString() ?? null,
    killSwitch:
      killed === undefined
        ? null
        : { reason: killed.reason, actor: killed.actor, since: killed.createdAt.toISOString() },
    pauses: running.flatMap(({ scope, name, reason, actor, evidence: counted, createdAt }) =>
      scope === 'everything'
        ? []
        : [
            {
              scope,
              name,
              reason,
              actor,
              byItself: actor === WATCH,
              evidence: evidence.safeParse(counted).data ?? null,
              since: createdAt.toISOString(),
            },
          ],
    ),
    actions: actions.flatMap((action, at) => {
      const channel = channelFor(action, { tasks: true, settings })
      if (channel === 'none') return []
      const approval = approvalNeeded(settings.delivery, action)
      return [{ key: action.key, name: action.name, channel, enabled: enabled[at], approval }]
    }),
  }
}
