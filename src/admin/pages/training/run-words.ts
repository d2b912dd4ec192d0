/** How trainings are told. */
import type { TrainingRunAnswer } from '../../../server/api/training.ts'

export const isActive = ({ state }: Pick<TrainingRunAnswer, 'state'>): boolean =>
  state === 'queued' || state === 'running'

export const STATES: Readonly<Record<TrainingRunAnswer['state'], string>> = {
  queued: 'Waits for its turn',
  running: 'Is being trained',
  done: 'Done',
  failed: 'Failed',
  cancelled: 'Cancelled',
}

export interface AskedFor {
  /** "Churn is Yes", "left within 90 days of a decision". */
  readonly left: string
  readonly name: string | null
  readonly folds: number | null
  readonly seed: number | null
  readonly asOf: string | null
  readonly keep: readonly string[]
}

/** What a training was asked for; what it does not say stays out. */
export function askedFor(request: unknown): AskedFor {
  const asked = (request ?? {}) as {
    readonly target?: {
      readonly kind?: string
      readonly column?: string
      readonly positive?: readonly string[]
      readonly horizonDays?: number
      readonly days?: number
    }
    readonly name?: string
    readonly folds?: number
    readonly seed?: number
    readonly asOf?: string
    readonly keep?: readonly string[]
  }
  return {
    left: leftWords(asked.target),
    name: asked.name ?? null,
    folds: asked.folds ?? null,
    seed: asked.seed ?? null,
    asOf: asked.asOf ?? null,
    keep: asked.keep ?? [],
  }
}

function leftWords(
  target: {
    readonly kind?: string
    readonly column?: string
    readonly positive?: readonly string[]
    readonly horizonDays?: number
    readonly days?: number
  } = {},
): string {
  if (target.kind === 'outcome')
    return `left within ${target.days ?? ''} days of a decision, as Holdfast saw it`
  const { column = '', positive, horizonDays } = target
  const values = positive === undefined ? '' : ` is ${positive.join(' or ')}`
  const within = horizonDays === undefined ? '' : `, within ${horizonDays} days`
  return `${column}${values}${within}`
}
