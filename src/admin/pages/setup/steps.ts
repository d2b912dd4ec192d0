/** The five steps of set-up and the look that ends it, in words. */
import type { SetUpAnswer } from '../../../server/api/setup.ts'

export type StepKey = SetUpAnswer['steps'][number]['step'] | 'preview'

export interface StepWords {
  readonly key: StepKey
  /** Beside its number. */
  readonly title: string
  /** The page's sentence. */
  readonly sentence: string
  readonly lead: string
}

export const STEPS: readonly StepWords[] = [
  {
    key: 'connect',
    title: 'Connect',
    sentence: 'Connect your CRM, or stay in the sandbox',
    lead: 'Holdfast looks first and keeps nothing until you say so. Nothing is written and nobody is contacted by connecting.',
  },
  {
    key: 'customers',
    title: 'Customers',
    sentence: 'Who counts as a customer?',
    lead: 'Only they are scored, written to or acted on. Everybody else is left alone.',
  },
  {
    key: 'mapping',
    title: 'Fields',
    sentence: 'What do your fields mean?',
    lead: 'Suggested from names, types and values. The better these are, the better the scores.',
  },
  {
    key: 'levels',
    title: 'Levels',
    sentence: 'From which risk should somebody look?',
    lead: 'Levels sort lists and alerts. What is done goes by what it is worth, not by the level.',
  },
  {
    key: 'actions',
    title: 'Actions',
    sentence: 'What may be done, and at what cost?',
    lead: 'For each customer Holdfast chooses the action that is worth its cost, which is often none.',
  },
  {
    key: 'preview',
    title: 'Look and turn on',
    sentence: 'Look at what would be sent today',
    lead: 'As if everything were turned on. Nothing is written, and nothing is sent.',
  },
]

export const stepAt = (key: string | undefined): StepWords | null =>
  STEPS.find((one) => one.key === key) ?? null

/**
 * Where to go on: the first step that is to be done, or the look at all of it.
 *
 * @example
 * firstOpen(setup) // 'customers'
 */
export function firstOpen({ steps }: SetUpAnswer): StepKey {
  return steps.find(({ state }) => state !== 'done')?.step ?? 'preview'
}
