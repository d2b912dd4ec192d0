/** What turns actions on and off: activation, pause, and the settings in their versions. */
import { z } from 'zod'
import { HoldfastError } from '../../contracts/errors.ts'
import { ENDED_BY_SETTINGS } from '../../loop/act-retry.ts'
import { resumeSending } from '../../loop/standing.ts'
import { recordAudit } from '../../store/audit.ts'
import { releaseDeferred } from '../../store/intervention-sweeps.ts'
import { currentSettings, saveSettings } from '../../store/settings-versions.ts'
import { activateTenant, pauseTenant, readTenant, type Tenant } from '../../store/tenants.ts'
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
})

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
      body: await database.withTenant(tenant, async (tx) => standingOf(await readTenant(tx, tenant))),
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
        return standingOf(await readTenant(tx, tenant))
      }),
    }),
  }),
  route({
    method: 'post',
    path: '/v1/pause',
    summary: 'Stops everything that is sent',
    description: 'Scoring and showing go on. What is due waits until it is resumed.',
    tag: 'Settings',
    access: { scope: 'admin', role: 'operator' },
    body: shape.body({
      reason: shape.text(300).meta({ description: 'Shown wherever somebody wonders' }),
    }),
    answers: { 200: { description: 'Nothing is sent', schema: standing } },
    handle: async ({ tenant, body, caller, requestId }, { database }) => ({
      status: 200,
      body: await database.withTenant(tenant, async (tx) => {
        await pauseTenant(tx, tenant, body.reason)
        await recordAudit(tx, {
          actor: caller.actor,
          action: 'tenant.pause',
          detail: { reason: body.reason },
          requestId,
        })
        return standingOf(await readTenant(tx, tenant))
      }),
    }),
  }),
  route({
    method: 'post',
    path: '/v1/resume',
    summary: 'Lets things be sent again',
    tag: 'Settings',
    access: { scope: 'admin', role: 'admin' },
    answers: { 200: { description: 'What is due goes on', schema: standing } },
    handle: async ({ tenant, caller, requestId }, { database, queue }) => ({
      status: 200,
      body: await database.withTenant(tenant, async (tx) => {
        await resumeSending(tx, tenant)
        await recordAudit(tx, { actor: caller.actor, action: 'tenant.resume', requestId })
        if (queue !== null) tx.afterCommit(() => queue.wake())
        return standingOf(await readTenant(tx, tenant))
      }),
    }),
  }),
] as const

function standingOf({ status, pausedReason, activatedAt }: Tenant) {
  return { status, pausedReason, activatedAt }
}
