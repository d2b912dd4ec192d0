/** What is answered to pages inside a CRM (src/contracts/record-card.ts), as the OpenAPI document tells it. */
import { z } from 'zod'
import type {
  CardList,
  CardPressed,
  CardSettings,
  CardSettingsSaved,
  RecordCard,
} from '../../contracts/record-card.ts'

const text = z.string()
const tone = z.enum(['info', 'warning', 'danger'])
const told = z.enum(['success', 'info', 'warning', 'danger'])
const level = z.enum(['HIGH', 'MEDIUM', 'LOW'])
const link = z.object({ label: text, href: text })
const notices = z.array(z.object({ kind: text, tone, text }))

export const recordCard: z.ZodType<RecordCard> = z.object({
  state: z.enum(['scored', 'waiting', 'unknown', 'outside', 'left', 'objects', 'no_access']),
  sentence: text.meta({ description: 'The one thing that one came for' }),
  name: text.nullable(),
  notices,
  risk: z
    .object({
      probability: z.number().min(0).max(1),
      text: text.meta({ example: '41 %' }),
      level,
      levelText: text,
      means: text,
      asOf: text,
      trend: text.nullable(),
      history: z.array(z.object({ date: z.iso.date(), probability: z.number() })),
    })
    .nullable(),
  value: text.nullable(),
  reasons: z.array(z.object({ sentence: text, raises: z.boolean() })),
  suggestion: z
    .object({
      title: text,
      sentences: z.array(text),
      worth: text.nullable(),
      cost: text.nullable(),
      standing: text,
      message: z.object({ to: z.enum(['customer', 'colleague']), subject: text.nullable(), text }).nullable(),
    })
    .nullable(),
  answers: z
    .object({
      intervention: text,
      asked: text,
      approve: text.nullable(),
      snoozeDays: z.array(z.int()),
      notRight: z.array(z.object({ key: text, label: text })),
      refused: text.nullable(),
    })
    .nullable(),
  history: z.array(z.object({ when: text, text })),
  consent: z.array(z.object({ channel: text, allowed: z.boolean(), text })),
  mayScore: z.boolean(),
  updated: text.nullable(),
  more: link.nullable(),
})

export const cardPressed: z.ZodType<CardPressed> = z.object({ said: text, tone: told, card: recordCard })

export const cardList: z.ZodType<CardList> = z.object({
  sentence: text,
  notices,
  whose: z.enum(['mine', 'all']),
  mayAll: z.boolean(),
  lines: z.array(
    z.object({
      objectTypeId: text,
      objectId: text,
      name: text,
      risk: text,
      level,
      levelText: text,
      valueAtRisk: text.nullable(),
      renews: text.nullable(),
      reason: text.nullable(),
      suggestion: text.nullable(),
    }),
  ),
  next: text.nullable(),
  more: link.nullable(),
})

const fieldBase = { key: text, label: text, help: text.nullable(), fixed: text.nullable() }
const field = z.discriminatedUnion('kind', [
  z.object({ ...fieldBase, kind: z.literal('switch'), value: z.boolean() }),
  z.object({
    ...fieldBase,
    kind: z.literal('number'),
    value: z.number().nullable(),
    min: z.number().nullable(),
    max: z.number().nullable(),
    unit: text.nullable(),
  }),
  z.object({ ...fieldBase, kind: z.literal('text'), value: text }),
  z.object({
    ...fieldBase,
    kind: z.literal('choice'),
    value: text,
    options: z.array(z.object({ value: text, label: text })),
  }),
])

export const cardSettings: z.ZodType<CardSettings> = z.object({
  sentence: text,
  notices,
  mayChange: z.boolean(),
  paused: text.nullable(),
  mayPause: z.boolean(),
  sections: z.array(
    z.object({ key: text, title: text, text, fields: z.array(field), more: link.nullable() }),
  ),
  version: z.int(),
})

export const cardSettingsSaved: z.ZodType<CardSettingsSaved> = z.object({
  said: text,
  tone: told,
  problems: z.record(text, text).meta({ description: 'By path; with any of them nothing was saved' }),
  settings: cardSettings,
})
