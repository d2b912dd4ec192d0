/** How the settings came to be what they are: versions, what differs between two, and the way back. */
import { z } from 'zod'
import { asToday, wordsOf } from '../../settings/history.ts'
import { problemsSentence, settingsInvalid } from '../../settings/problems.ts'
import { summary } from '../../settings/words.ts'
import { listSettingsVersions, MOST, readSettingsVersion } from '../../store/reads/settings.ts'
import { route } from '../route.ts'
import {
  changeAnswer,
  changesToldOf,
  comparedFor,
  ifMatch,
  lookedAt,
  savedBy,
  savedByWhom,
  settingsFor,
  versionNumber,
} from './settings-shapes.ts'
import { save, savedAnswer } from './settings.ts'
import * as shape from './shapes.ts'

export const versionLine = z.object({
  ...savedBy,
  summary: z.string().meta({ example: 'Budget of a period: No limit, now EUR 500.' }),
  changes: z.int().meta({ description: 'Fields that differ from the version before' }),
})
export type VersionLine = z.infer<typeof versionLine>

const problem = z.object({ path: z.string(), message: z.string() })

export const versionAnswer = z.object({
  ...savedBy,
  settings: z
    .unknown()
    .meta({ description: 'As they were, what came since with its default', type: 'object' }),
  fits: z.boolean().meta({ description: 'Whether it can be gone back to' }),
  fields: z.array(problem).meta({ description: 'What does not fit any more, field by field' }),
})
export type VersionAnswer = z.infer<typeof versionAnswer>

export const diffAnswer = z.object({
  from: z.object(savedBy),
  to: z.object(savedBy),
  changes: z.array(changeAnswer),
})
export type DiffAnswer = z.infer<typeof diffAnswer>

const LIMIT = `takes a whole number from 1 to ${MOST}`

export const settingsHistoryRoutes = [
  route({
    method: 'get',
    path: '/v1/settings/versions',
    summary: 'Who saved settings when, and what they changed, the newest first',
    tag: 'Settings',
    access: { scope: 'admin', role: 'viewer' },
    query: z.strictObject({
      ...shape.pageQuery,
      limit: z.coerce.number(LIMIT).int(LIMIT).min(1, LIMIT).max(MOST, LIMIT).default(20),
    }),
    answers: { 200: { description: 'A page of versions', schema: shape.pageOf(versionLine) } },
    handle: async ({ tenant, query, caller }, { database }) => {
      const { items, next } = await database.withTenant(tenant, (tx) => listSettingsVersions(tx, query))
      return {
        status: 200,
        body: {
          items: items.map((one) => {
            const { before, after, changes } = comparedFor(caller, one.before, one.settings)
            return {
              ...savedByWhom(one, caller),
              summary: summary(changes, wordsOf(after.valid, before.valid)),
              changes: changes.length,
            }
          }),
          next,
        },
      }
    },
  }),
  route({
    method: 'get',
    path: '/v1/settings/versions/{version}',
    summary: 'The settings as they were',
    tag: 'Settings',
    access: { scope: 'admin', role: 'viewer' },
    params: z.strictObject({ version: versionNumber }),
    answers: { 200: { description: 'One version', schema: versionAnswer } },
    handle: async ({ tenant, params, caller }, { database }) => {
      const saved = await database.withTenant(tenant, (tx) => readSettingsVersion(tx, params.version))
      const { settings, problems } = asToday(saved.settings)
      return {
        status: 200,
        body: {
          ...savedByWhom(saved, caller),
          settings: settingsFor(caller, settings),
          fits: problems.length === 0,
          fields: problems,
        },
      }
    },
  }),
  route({
    method: 'get',
    path: '/v1/settings/diff',
    summary: 'What differs between two versions',
    description: 'Field by field, in words. Secrets are in no version; what only admins may see is not told.',
    tag: 'Settings',
    access: { scope: 'admin', role: 'viewer' },
    query: z.strictObject({
      from: versionNumber.meta({ description: 'The earlier one; 0: the defaults' }),
      to: versionNumber,
    }),
    answers: { 200: { description: 'The fields that differ', schema: diffAnswer } },
    handle: async ({ tenant, query, caller }, { database }) => {
      const [from, to] = await database.withTenant(tenant, async (tx) => [
        await readSettingsVersion(tx, query.from),
        await readSettingsVersion(tx, query.to),
      ])
      return {
        status: 200,
        body: {
          from: savedByWhom(from, caller),
          to: savedByWhom(to, caller),
          changes: changesToldOf(comparedFor(caller, from.settings, to.settings)),
        },
      }
    },
  }),
  route({
    method: 'post',
    path: '/v1/settings/versions/{version}/restore',
    summary: 'Goes back to settings as they were',
    description:
      'Saves a new version that equals the old one, checked as anything that is saved today: what no longer fits is named field by field, and nothing is saved. If-Match as with PUT.',
    tag: 'Settings',
    access: { scope: 'admin', role: 'admin' },
    params: z.strictObject({ version: versionNumber }),
    headers: ifMatch,
    answers: { 200: { description: 'They are in force again', schema: savedAnswer } },
    handle: async ({ tenant, params, headers, caller, requestId }, services) => {
      const { version } = params
      const saved = await services.database.withTenant(tenant, (tx) => readSettingsVersion(tx, version))
      const { valid, problems } = asToday(saved.settings)
      if (valid === null)
        throw settingsInvalid(
          problems,
          `Version ${version} does not fit any more, so nothing is changed. ${problemsSentence(problems)}`,
        )
      return save(
        services,
        { tenant, caller, requestId },
        {
          looked: lookedAt(headers),
          wanted: () => valid,
          onConflict: 'refuse',
          note: `Version ${version} again`,
        },
      )
    },
  }),
] as const
