/** For how long things are kept, and what went lately. */
import { z } from 'zod'
import { keptWords } from '../../loop/person-file.ts'
import { PERSONAL_PLACES } from '../../store/people/places.ts'
import { retentionRuns } from '../../store/retention.ts'
import { currentSettings } from '../../store/settings-versions.ts'
import { route, type Route } from '../route.ts'
import * as shape from './shapes.ts'

/** A year of them at most. */
const RUNS = 30

export const retentionAnswer = z.object({
  places: z.array(
    z.object({
      place: z.string(),
      title: z.string(),
      setting: z.string().nullable().meta({
        description: 'Field of `retention` in the settings; null: no setting shortens it, see `kept`',
      }),
      days: z.int().nullable().meta({ description: 'null: for good, or as `kept` says' }),
      kept: z.string().meta({ description: 'In a sentence' }),
    }),
  ),
  runs: z
    .array(
      z.object({
        startedAt: shape.time,
        finishedAt: shape.time.nullable().meta({ description: 'null: it goes on with its next turn' }),
        counts: z.record(z.string(), z.int()).meta({ description: 'What went, by setting; none: nothing' }),
      }),
    )
    .meta({ description: 'What was deleted lately, newest first; once a day' }),
})
export type RetentionAnswer = z.infer<typeof retentionAnswer>

export const retentionRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/v1/retention',
    summary: 'For how long what is held of people is kept, and what went lately',
    tag: 'Personal data',
    access: { scope: 'admin', role: 'viewer' },
    answers: { 200: { description: 'Periods in force, and the latest runs', schema: retentionAnswer } },
    handle: async ({ tenant }, { database }) => ({
      status: 200,
      body: await database.withTenant(tenant, async (tx) => {
        const { settings } = await currentSettings(tx)
        const runs = await retentionRuns(tx, RUNS)
        return {
          places: PERSONAL_PLACES.map(({ name, title, kept }) => ({
            place: name,
            title,
            setting: 'setting' in kept ? kept.setting : null,
            days: 'setting' in kept ? settings.retention[kept.setting] : null,
            kept: keptWords(kept, settings.retention),
          })),
          runs: runs.map(({ startedAt, finishedAt, counts }) => ({ startedAt, finishedAt, counts })),
        }
      }),
    }),
  }),
]
