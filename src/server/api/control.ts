/** What turns actions on and off: activation, pause, and the settings in their versions. */
import { z } from 'zod'
import { HoldfastError } from '../../contracts/errors.ts'
import type { TenantId } from '../../contracts/ids.ts'
import { ENDED_BY_SETTINGS } from '../../loop/act-retry.ts'
import {
  CHANNELS,
  pausePart,
  releaseEverything,
  resumePart,
  stopEverything,
  type Part,
} from '../../loop/pausing.ts'
import { resumeSending } from '../../loop/standing.ts'
import { recordAudit } from '../../store/audit.ts'
import type { Transaction } from '../../store/database.ts'
import { releaseDeferred } from '../../store/intervention-sweeps.ts'
import { readPauses } from '../../store/pauses.ts'
import { currentSettings, saveSettings } from '../../store/settings-versions.ts'
import { activateTenant, pauseTenant, readTenant } from '../../store/tenants.ts'
import { route } from '../route.ts'
import { forgetBasis } from './score-basis.ts'
import * as shape from './shapes.ts'

const settingsAnswer = z.object({
  version: z.int().meta({ description: 'Also the ETag; 0: nobody saved any yet, the defaults stand' }),
  settings: z.unknown().meta({ description: 'Every field; docs/settings.md describes them', type: 'object' }),
})

const standing = z.object({
  status: z.enum(['active', 'paused']),
  pausedReason: z.string().nullable(),
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
        since: shape.time,
        evidence: z.unknown().meta({ description: 'What was counted, where it stopped by itself' }),
      }),
    )
    .meta({ description: 'What is paused beside everything' }),
})

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

const etag = (version: number): string => `"${version}"`

export const controlRoutes = [
  route({
    method: 'get',
    path: '/v1/settings',
    summary: 'The settings in force',
    tag: 'Settings',
    access: { scope: 'admin', role: 'viewer' },
    answers: { 200: { description: 'With their version as ETag', schema: settingsAnswer } },
    handle: async ({ tenant }, { database }) => {
      const current = await database.withTenant(tenant, currentSettings)
      return { status: 200, body: current, headers: { etag: etag(current.version) } }
    },
  }),
  route({
    method: 'put',
    path: '/v1/settings',
    summary: 'Saves settings as a new version',
    description:
      'If-Match names the version that the change was made from, as GET gave it in ETag: when somebody saved another one since, nothing is saved and the answer is 412. Fields that are left out take their defaults.',
    tag: 'Settings',
    access: { scope: 'admin', role: 'admin' },
    headers: z.object({
      'if-match': z
        .string('is missing: send the ETag of GET /v1/settings')
        .regex(/^(W\/)?"\d{1,9}"$/, 'takes the ETag of GET /v1/settings, such as "3" with its quotes')
        .meta({ example: '"3"' }),
    }),
    body: z
      .looseObject({}, 'takes the settings as a JSON object')
      // JSON of the database holds every character but this one.
      .refine((body) => !JSON.stringify(body).includes('\\u0000'), 'takes no NUL characters')
      .meta({ description: 'Fields as GET gives them in `settings`; docs/settings.md describes them' }),
    answers: { 200: { description: 'They are in force now', schema: settingsAnswer } },
    handle: async ({ tenant, headers, body, caller, requestId }, { database, queue }) => {
      const expected = Number(/\d+/.exec(headers['if-match'])![0])
      const saved = await database.withTenant(tenant, async (tx) => {
        const current = await currentSettings(tx)
        if (current.version !== expected)
          throw new HoldfastError(
            'precondition_failed',
            `The settings are at version ${current.version} by now, not ${expected}. Load them again and repeat the change.`,
          )
        const version = await saveSettings(tx, body, { expected, author: caller.actor })
        await recordAudit(tx, {
          actor: caller.actor,
          action: 'settings.save',
          object: `version ${version}`,
          requestId,
        })
        await releaseDeferred(tx, ENDED_BY_SETTINGS)
        tx.afterCommit(() => {
          forgetBasis(database, tenant)
          queue?.wake()
        })
        return currentSettings(tx)
      })
      return { status: 200, body: saved, headers: { etag: etag(saved.version) } }
    },
  }),
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
    }),
    answers: { 200: { description: 'Actions are on', schema: standing } },
    handle: async ({ tenant, caller, requestId }, { database, queue }) => ({
      status: 200,
      body: await database.withTenant(tenant, async (tx) => {
        await activateTenant(tx, tenant)
        await recordAudit(tx, { actor: caller.actor, action: 'tenant.activate', requestId })
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
  const { running } = await readPauses(tx)
  const killed = running.find(({ scope }) => scope === 'everything')
  return {
    status,
    pausedReason,
    activatedAt: activatedAt?.toISOString() ?? null,
    killSwitch:
      killed === undefined
        ? null
        : { reason: killed.reason, actor: killed.actor, since: killed.createdAt.toISOString() },
    pauses: running.flatMap(({ scope, name, reason, actor, evidence, createdAt }) =>
      scope === 'everything'
        ? []
        : [{ scope, name, reason, actor, evidence, since: createdAt.toISOString() }],
    ),
  }
}
