/** The world that a company's settings believe in, where it differs from the one of the shipped policy. */
import { createHash } from 'node:crypto'
import { canonicalJson } from '../../models/canonical-json.ts'
import {
  defaultAssumptions,
  withCatalogue,
  type Assumptions,
} from '../../models/policy/simulator/assumptions.ts'
import { defaultLearner } from '../../models/policy/learner.ts'
import { STATE_VERSION } from '../../models/policy/state.ts'
import type { ActionSettings } from '../settings/actions.ts'

export interface WantedPolicy {
  /** SHA-256 (hex) of everything that the answer depends on: equal beliefs, equal policy. */
  readonly wanted: string
  readonly assumptions: Assumptions
  /** Of the bundle. */
  readonly version: string
}

/** Tried one after the other until one reaches the bars. */
export const SEEDS = [1, 2, 3] as const

/**
 * Costs, durations and margin of the shipped actions are no part of it: values are priced with them as they are
 * (reprice.ts). What is asked of an own action are its effect and what it costs; name, channel, capacity and
 * eligibility change who gets it, not what it is worth.
 *
 * @returns null: the shipped policy answers
 * @example
 * wantedPolicy(settings.actions)?.assumptions.actions.map(({ key }) => key)
 */
export function wantedPolicy({ own, effects }: ActionSettings): WantedPolicy | null {
  if (own.length === 0 && Object.keys(effects).length === 0) return null
  const believed = {
    effects: Object.fromEntries(
      Object.entries(effects).flatMap(([key, prior]) => (prior ? [[key, prior]] : [])),
    ),
    own: own.map(({ key, effect, share, durationMonths, discount }) => ({
      key,
      effectMean: effect.mean,
      effectSd: effect.sd,
      share,
      durationMonths,
      discount: discount > 0,
      source: effect.source,
    })),
  }
  const question = {
    ...believed,
    base: defaultAssumptions.version,
    stateVersion: STATE_VERSION,
    learner: defaultLearner,
    seeds: SEEDS,
  }
  const wanted = createHash('sha256').update(canonicalJson(question)).digest('hex')
  const mark = wanted.slice(0, 12)
  return {
    wanted,
    assumptions: withCatalogue(defaultAssumptions, {
      version: `${defaultAssumptions.version}+${mark}`,
      ...believed,
    }),
    version: `own-${mark}`,
  }
}
