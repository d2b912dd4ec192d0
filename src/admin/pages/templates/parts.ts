/** What a template is made of by channel, and where its problems stand. */
import type { PreviewAnswer, TemplateAnswer } from '../../../server/api/templates.ts'

export interface Place {
  readonly channel: 'email' | 'sms' | 'task'
  /** BCP 47. */
  readonly language: string
  /** Key of an action. */
  readonly action: string
}

export type Draft = Readonly<Record<string, string>>

export interface Part {
  readonly key: 'subject' | 'text' | 'html'
  readonly title: string
  readonly lines: 'one' | 'many'
}

export const PARTS: Readonly<Record<Place['channel'], readonly Part[]>> = {
  email: [
    { key: 'subject', title: 'Subject', lines: 'one' },
    { key: 'html', title: 'HTML', lines: 'many' },
    { key: 'text', title: 'Plain text', lines: 'many' },
  ],
  sms: [{ key: 'text', title: 'Text', lines: 'many' }],
  task: [{ key: 'text', title: 'Talk track', lines: 'many' }],
}

/** As it is used, else what it may begin with. */
export function beginning(
  { template, start }: Pick<TemplateAnswer, 'template' | 'start'>,
  { channel }: Place,
): Draft {
  const known = (template ?? start?.template ?? {}) as Draft
  return Object.fromEntries(PARTS[channel].map(({ key }) => [key, known[key] ?? '']))
}

/** As the settings keep it: a text and a talk track are nothing but their words. */
export const keptDraft = ({ channel }: Place, draft: Draft): unknown =>
  channel === 'email' ? draft : draft['text']

export const draftOf = ({ channel }: Place, kept: unknown): Draft | null =>
  kept === undefined || kept === null ? null : channel === 'email' ? (kept as Draft) : { text: String(kept) }

export interface PartProblem {
  /** Null: of all of it. */
  readonly part: Part['key'] | null
  readonly line: number | null
  readonly message: string
}

export function problemsIn({ problems }: Pick<PreviewAnswer, 'problems'>): readonly PartProblem[] {
  return problems.map(({ part, line, message }) => ({ part: partOf(part), line, message }))
}

/** What is empty is no draft yet, and is said before anybody is asked. */
export const emptyParts = (draft: Draft, { channel }: Place): readonly PartProblem[] =>
  PARTS[channel].flatMap(({ key, title }) =>
    draft[key].trim() === '' ? [{ part: key, line: null, message: `${title} is empty.` }] : [],
  )

function partOf(name: string | null): Part['key'] | null {
  if (name === null) return null
  const low = name.toLowerCase()
  return low === 'subject' ? 'subject' : low === 'html' ? 'html' : 'text'
}
