/** The settings: read whole, as a form, and saved by whoever looked at the newest of them. */
import { z } from 'zod'
import { ENDED_BY_SETTINGS } from '../../loop/act-retry.ts'
import { changeSettings, type SavedChange, type SettingsRequest } from '../../loop/change-settings.ts'
import type { TenantId } from '../../contracts/ids.ts'
import type { Caller } from '../../security/access.ts'
import { changed, controlAt } from '../../settings/changes.ts'
import { overlap, stepsOf } from '../../settings/path.ts'
import { settingsInvalid, type SettingProblem } from '../../settings/problems.ts'
import { settingsFields } from '../../settings/sections.ts'
import { recordAudit } from '../../store/audit.ts'
import { releaseDeferred } from '../../store/intervention-sweeps.ts'
import { currentSettings } from '../../store/settings-versions.ts'
import { route, type Answer } from '../route.ts'
import type { RouteServices } from '../services.ts'
import { storable } from './json-value.ts'
import { forgetBasis } from './score-basis.ts'
import { formAnswer, formOf } from './settings-form.ts'
import {
  SETTINGS_LIMIT,
  etag,
  ifMatch,
  lookedAt,
  mayChange,
  settingsAnswer,
  settingsBody,
  settingsFor,
} from './settings-shapes.ts'
import * as shape from './shapes.ts'

export const savedAnswer = settingsAnswer.extend({
  merged: z
    .boolean()
    .meta({ description: 'Somebody else had saved meanwhile, and what they changed was kept' }),
})
export type SavedAnswer = z.infer<typeof savedAnswer>

const onConflict = z.enum(['refuse', 'merge']).default('refuse').meta({
  description:
    'What becomes of it when somebody saved since: refuse (default) saves nothing and says what they changed; merge keeps what both changed, and is refused where both changed the same field',
})

const path = z
  .string('takes the path of a setting, such as delivery.mode')
  .min(1, 'takes the path of a setting, such as delivery.mode')
  .max(1000, 'takes a path of at most 1,000 characters')

const MOST_CHANGES = 500

const changes = shape
  .body({
    set: z
      .record(path, storable)
      .default({})
      .meta({ description: 'By path: `{"delivery.mode": "off", "catalogue.sms.fixedCost": 0.07}`' }),
    reset: z
      .array(path, 'takes a list of paths')
      .max(MOST_CHANGES, `takes at most ${MOST_CHANGES} paths`)
      .default([])
      .meta({ description: 'Paths that go back to how it ships; entries of records go away' }),
  })
  .check(({ value, issues }) => {
    const many = Object.keys(value.set).length
    if (many > MOST_CHANGES)
      issues.push({
        code: 'custom',
        message: `takes at most ${MOST_CHANGES} of them`,
        input: value,
        path: ['set'],
      })
    if (many === 0 && value.reset.length === 0)
      issues.push({ code: 'custom', message: 'names nothing to change', input: value, path: ['set'] })
  })

export const settingsRoutes = [
  route({
    method: 'get',
    path: '/v1/settings',
    summary: 'The settings in force',
    tag: 'Settings',
    access: { scope: 'admin', role: 'viewer' },
    answers: { 200: { description: 'With their version as ETag', schema: settingsAnswer } },
    handle: async ({ tenant, caller }, { database }) => {
      const { version, settings } = await database.withTenant(tenant, currentSettings)
      const masked = !mayChange(caller)
      return {
        status: 200,
        body: { version, settings: settingsFor(caller, settings), masked },
        headers: { etag: etag(version) },
      }
    },
  }),
  route({
    method: 'get',
    path: '/v1/settings/form',
    summary: 'What each setting is: its name, its meaning and what may stand there',
    description:
      'Everything that a form needs, in the order in which an admin thinks of it: the same schema that checks what is saved. What is left out of it nothing here would come of.',
    tag: 'Settings',
    access: { scope: 'admin', role: 'viewer' },
    answers: { 200: { description: 'The form', schema: formAnswer } },
    handle: async ({ tenant }, { database }) => {
      const { version, settings } = await database.withTenant(tenant, currentSettings)
      return { status: 200, body: formOf(version, settings) }
    },
  }),
  route({
    method: 'put',
    path: '/v1/settings',
    summary: 'Saves settings as a new version',
    description:
      'If-Match names the version that the change was made from, as GET gave it in ETag. When somebody saved another one since, nothing is saved: the answer is 409, and its `conflict` says what they changed, what you changed, and whether both can be kept (onConflict=merge). Fields that are left out take their defaults. What is wrong is named field by field in `fields`.',
    tag: 'Settings',
    access: { scope: 'admin', role: 'admin' },
    headers: ifMatch,
    query: z.strictObject({ onConflict }),
    body: settingsBody.meta({
      description: 'Fields as GET gives them in `settings`; docs/settings.md describes them',
    }),
    bodyLimit: SETTINGS_LIMIT,
    answers: { 200: { description: 'They are in force now', schema: savedAnswer } },
    handle: ({ tenant, headers, query, body, caller, requestId }, services) =>
      save(
        services,
        { tenant, caller, requestId },
        {
          looked: lookedAt(headers),
          wanted: () => body,
          onConflict: query.onConflict,
        },
      ),
  }),
  route({
    method: 'patch',
    path: '/v1/settings',
    summary: 'Changes some of the settings',
    description:
      'As PUT, for single fields by their paths: what is not named stays as it was in the version of If-Match. Entries of records and actions of your own are named by their keys (`templates.en.email.subject`, `actions.own.gift.fixedCost`); a dot within a key is written `\\.`.',
    tag: 'Settings',
    access: { scope: 'admin', role: 'admin' },
    headers: ifMatch,
    query: z.strictObject({ onConflict }),
    body: changes,
    bodyLimit: SETTINGS_LIMIT,
    answers: { 200: { description: 'They are in force now', schema: savedAnswer } },
    handle: ({ tenant, headers, query, body, caller, requestId }, services) =>
      save(
        services,
        { tenant, caller, requestId },
        {
          looked: lookedAt(headers),
          wanted: patch(body),
          onConflict: query.onConflict,
        },
      ),
  }),
] as const

/** @throws HoldfastError `settings_invalid` for a path that leads nowhere, or into another one of the same request */
export function patch({
  set,
  reset,
}: {
  readonly set: Readonly<Record<string, unknown>>
  readonly reset: readonly string[]
}): SettingsRequest['wanted'] {
  const named = [
    ...Object.entries(set).map(([one, after]) => ({ path: one, steps: stepsOf(one), after })),
    ...reset.map((one) => ({ path: one, steps: stepsOf(one), after: undefined })),
  ]
  const wrong = named.flatMap(({ path: one, steps }, at): SettingProblem[] => {
    if (controlAt(settingsFields(), steps) === null)
      return [{ path: one, message: 'There is no such setting.' }]
    return named.some((other, index) => index < at && overlap(other.steps, steps))
      ? [{ path: one, message: 'It is named twice, or is part of another one that is.' }]
      : []
  })
  if (wrong.length > 0) throw settingsInvalid(wrong)
  return (looked) => changed(settingsFields(), looked, named)
}

export interface Saver {
  readonly tenant: TenantId
  readonly caller: Caller
  readonly requestId: string
}

/** Saves, and lets what waited for other settings go on. */
export async function save(
  { database, queue }: Pick<RouteServices, 'database' | 'queue'>,
  { tenant, caller, requestId }: Saver,
  request: Omit<SettingsRequest, 'author'>,
): Promise<Answer> {
  const saved = await database.withTenant(tenant, async (tx): Promise<SavedChange> => {
    const done = await changeSettings(tx, { ...request, author: caller.actor })
    await recordAudit(tx, {
      actor: caller.actor,
      action: 'settings.save',
      object: `version ${done.version}`,
      ...(done.merged ? { detail: { madeFrom: request.looked, merged: true } } : {}),
      requestId,
    })
    await releaseDeferred(tx, ENDED_BY_SETTINGS)
    tx.afterCommit(() => {
      forgetBasis(database, tenant)
      queue?.wake()
    })
    return done
  })
  return { status: 200, body: { ...saved, masked: false }, headers: { etag: etag(saved.version) } }
}
