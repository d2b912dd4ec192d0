/** Shapes that the routes of the settings share. */
import { z } from 'zod'
import type { Caller } from '../../security/access.ts'
import { maskEmail, seesPeople } from '../../security/masking.ts'
import { actorName } from '../../contracts/actor.ts'
import { asToday, changesBetween, wordsOf, type Today } from '../../settings/history.ts'
import type { Change } from '../../settings/changes.ts'
import { maskedChange, maskedSettings } from '../../settings/masked.ts'
import { settingsFields } from '../../settings/sections.ts'
import { told } from '../../settings/words.ts'
import { keepable } from './json-value.ts'
import * as shape from './shapes.ts'

/** Bytes of settings in a body: templates make them as long as a book. */
export const SETTINGS_LIMIT = 2 * 1024 * 1024

/** Settings, whole, as a body has them: what they mean is for their own schema to say. */
export const settingsBody = z.looseObject({}, 'takes the settings as a JSON object').check(keepable)

export const settingsAnswer = z.object({
  version: z.int().meta({ description: 'Also the ETag; 0: nobody saved any yet, the defaults stand' }),
  settings: z.unknown().meta({ description: 'Every field; docs/settings.md describes them', type: 'object' }),
  masked: z.boolean().meta({ description: 'Names and addresses are masked, so that it cannot be saved' }),
})
export type SettingsAnswer = z.infer<typeof settingsAnswer>

export const changeAnswer = z.object({
  path: z.string().meta({ example: 'catalogue.sms.fixedCost' }),
  label: z.string().meta({ example: 'Actions that ship: Send SMS: Cost, once' }),
  before: z.string().meta({ description: 'In words', example: 'As it ships' }),
  after: z.string(),
  texts: z
    .object({ before: z.string(), after: z.string() })
    .nullable()
    .meta({ description: 'Whole, of what has several lines, such as templates; null: it has not' }),
})
export type ChangeAnswer = z.infer<typeof changeAnswer>

/** Of If-Match and ETag. */
export const etag = (version: number): string => `"${version}"`

export const ifMatch = z.object({
  'if-match': z
    .string('is missing: send the ETag of GET /v1/settings')
    .regex(/^(W\/)?"\d{1,9}"$/, 'takes the ETag of GET /v1/settings, such as "3" with its quotes')
    .meta({ description: 'The version that was looked at', example: '"3"' }),
})

/** @example lookedAt({ 'if-match': 'W/"3"' }) // 3 */
export const lookedAt = (headers: z.infer<typeof ifMatch>): number =>
  Number(/\d+/.exec(headers['if-match'])![0])

export const versionNumber = z
  .string()
  .regex(/^\d{1,9}$/, 'takes the number of a version')
  .transform(Number)

export const savedBy = {
  version: z.int(),
  at: shape.time.nullable().meta({ description: 'null: of version 0, the defaults' }),
  author: z.string().nullable().meta({ description: '`user:…`, `key:…`, `cli` or a part of Holdfast' }),
  who: z.string().nullable().meta({ description: 'The same for people', example: 'ines' }),
  note: z.string().nullable(),
}

/** Viewers are not shown whose address a name is. */
export function savedByWhom(
  {
    version,
    at,
    author,
    note,
  }: { version: number; at: Date | null; author: string | null; note: string | null },
  caller: Caller,
) {
  const shown = author === null || seesPeople(caller) ? author : author.replace(/\S+@\S+/g, maskEmail)
  return {
    version,
    at: at?.toISOString() ?? null,
    author: shown,
    who: shown === null ? null : actorName(shown),
    note,
  }
}

export const settingsFor = (caller: Caller, settings: unknown): unknown =>
  mayChange(caller) ? settings : maskedSettings(settingsFields(), settings, { people: !seesPeople(caller) })

/** Whoever may save them is given all of them, as what is saved is. */
export const mayChange = (caller: Caller): boolean => caller.kind === 'key' || caller.role === 'admin'

export interface Compared {
  readonly before: Today
  readonly after: Today
  readonly changes: readonly Change[]
}

/** As they were saved. */
export function comparedFor(caller: Caller, before: unknown, after: unknown): Compared {
  const [old, young] = [asToday(before), asToday(after)]
  const changes = changesBetween(old, young)
  return {
    before: old,
    after: young,
    changes: seesPeople(caller) ? changes : changes.map(maskedChange),
  }
}

export function changesToldOf({ before, after, changes }: Compared): readonly ChangeAnswer[] {
  const words = wordsOf(after.valid, before.valid)
  return changes.map((change) => ({ ...told(change, words), texts: textsOf(change) }))
}

function textsOf({ field, before, after }: Change): ChangeAnswer['texts'] {
  const { control, secret } = field
  if (secret || control.kind !== 'text' || !control.many) return null
  const text = (value: unknown): string => (typeof value === 'string' ? value : '')
  return { before: text(before), after: text(after) }
}
