/** What the loop does, in words: its steps, why one began, how it ended, what it did. */
import type { RunAnswer } from '../../server/api/runs.ts'
import type { PlainFormats } from './formats.ts'

const STEPS: Readonly<Record<string, { readonly word: string; readonly doing: string }>> = {
  sync: { word: 'Read', doing: 'Reading customers' },
  refresh: { word: 'Read changes', doing: 'Reading records that changed' },
  score: { word: 'Score', doing: 'Scoring customers' },
  decide: { word: 'Decide', doing: 'Deciding what is worth doing' },
  write_back: { word: 'Write back', doing: 'Writing to the records' },
  observe: { word: 'Watch', doing: 'Looking what became of decisions' },
  solve: { word: 'Work out the policy', doing: 'Working out the policy for your actions' },
}

export const STEP_CHOICES = Object.entries(STEPS).map(([value, { word }]) => ({ value, label: word }))

/** @example stepWord('write_back') // 'Write back' */
export const stepWord = (step: string): string => STEPS[step]?.word ?? step
/** @example stepDoing('score') // 'Scoring customers' */
export const stepDoing = (step: string): string => STEPS[step]?.doing ?? step

const CAUSES: Readonly<Record<string, string>> = {
  schedule: 'By schedule',
  webhook: 'The CRM told of it',
  events: 'The CRM told of it',
  api: 'By hand',
  page: 'By hand',
  cli: 'Command line',
  settings: 'Something was set otherwise',
  first: 'First time',
  sync: 'After reading',
  refresh: 'After reading',
  score: 'After scoring',
  decide: 'After deciding',
  write_back: 'After writing',
  erased: 'Somebody asked to be forgotten',
  act: 'After an action',
}

export const CAUSE_CHOICES = [
  ...new Map(Object.entries(CAUSES).map(([value, label]) => [label, { value, label }] as const)).values(),
]

export const causeWord = (cause: string): string => CAUSES[cause] ?? cause.replaceAll('_', ' ')

type End = RunAnswer['status']

export const ENDS: Readonly<Record<End, { readonly word: string; readonly tone: Tone }>> = {
  running: { word: 'Runs', tone: 'busy' },
  done: { word: 'Done', tone: 'good' },
  failed: { word: 'Failed', tone: 'bad' },
  interrupted: { word: 'Broken off', tone: 'still' },
}

/** How something stands, told by a word with a dot before it. */
export type Tone = 'good' | 'busy' | 'wait' | 'bad' | 'still'

const COUNTS: Readonly<Record<string, string>> = {
  dryRun: 'would be written',
  objected: 'not scored because they object',
  levels: 'with another level',
  consents: 'news of consent',
  returned: 'came back',
  hints: 'told of',
  told: 'told to the CRM',
  untold: 'not told to the CRM yet',
  logged: 'on timelines',
  unlogged: 'not on timelines yet',
  kept: 'kept as records',
  unkept: 'not kept as records yet',
}

/**
 * What a run did, without what it did not.
 *
 * @example
 * didWords({ added: 3, changed: 2, unchanged: 0 }, words) // '3 added, 2 changed'
 */
export function didWords(
  counts: Readonly<Record<string, number>>,
  { count }: Pick<PlainFormats, 'count'>,
): string {
  const parts = Object.entries(counts)
    .filter(([, value]) => value > 0)
    .map(
      ([name, value]) => `${count(value)} ${COUNTS[name] ?? name.replace(/([A-Z])/g, ' $1').toLowerCase()}`,
    )
  return parts.length === 0 ? 'Nothing to do' : parts.join(', ')
}
