/** What a record shows of us, and whether it changed enough to be written again. */
import type { RiskFields } from '../../connectors/connector.ts'
import type { LevelThresholds } from '../../models/churn/levels.ts'

export interface RiskInput {
  /** 0 to 1. */
  readonly probability: number
  readonly level: 'HIGH' | 'MEDIUM' | 'LOW'
  readonly levelSince: Date
  readonly scoredAt: Date
  /** Sentences, most important first. */
  readonly reasons: readonly string[]
  readonly valueAtRiskMinor: number | null
  readonly currency: string | null
  /** Minor units in a major one: 100 for EUR. */
  readonly minorUnits: number
  /** 0 to 1. */
  readonly dataConfidence: number
  readonly group: 'holdout' | 'usual' | 'policy' | 'exempt'
  /** Absent: nothing was decided yet, the field is left as it is. Null: no suggestion, the field is cleared. */
  readonly suggestedAction?: string | null
  readonly actionStatus?: string | null
  /** 'YYYY-MM-DD'; null: unknown, the field is left as it is. */
  readonly renewalDate: string | null
}

/**
 * The fields of a record in the population. What is unknown is absent, so that it blanks nothing.
 *
 * @example
 * riskFields(input).riskPercent // 41.2
 */
export function riskFields(input: RiskInput): RiskFields {
  const { valueAtRiskMinor, currency, renewalDate, suggestedAction, actionStatus } = input
  return {
    status: 'active',
    riskPercent: Math.round(input.probability * 1000) / 10,
    riskLevel: input.level,
    levelSince: input.levelSince.toISOString().slice(0, 10),
    reasons: input.reasons,
    dataConfidence: Math.round(input.dataConfidence * 100),
    group: input.group,
    scoredAt: input.scoredAt.toISOString(),
    ...(valueAtRiskMinor === null || currency === null
      ? {}
      : { valueAtRisk: valueAtRiskMinor / input.minorUnits, currency }),
    ...(suggestedAction === undefined ? {} : { suggestedAction }),
    ...(actionStatus === undefined ? {} : { actionStatus }),
    ...(renewalDate === null ? {} : { renewalDate }),
  }
}

/** The fields of a record that left the population: our suggestion is cleared. */
export const leftFields: RiskFields = { status: 'left', suggestedAction: null, actionStatus: null }

const POINTS = 3
const TOP_REASONS = 3
const WEEK = 7 * 86_400_000
/** A level has changed once the probability is past the threshold by this share of it. */
const MARGIN = 0.1

/**
 * Whether a record is written again: it was never written, its status or suggestion changed, the risk moved by
 * three points, the level changed and is past its threshold by a tenth of it, other top reasons, or a week passed.
 *
 * A level that changed within the margin is not written until it is past it, or the week is over: a risk that
 * swings about a threshold by less than the margin wakes nobody. Top reasons are compared as a set.
 *
 * @param before what was written last, and when; null: nothing yet
 * @example
 * changedEnough({ fields, writtenAt }, fields, thresholds, writtenAt) // false
 */
export function changedEnough(
  before: { readonly fields: RiskFields; readonly writtenAt: Date } | null,
  now: RiskFields,
  thresholds: LevelThresholds,
  at: Date,
): boolean {
  if (before === null) return true
  const { fields, writtenAt } = before
  if (fields.status !== now.status) return true
  for (const name of ['suggestedAction', 'actionStatus', 'group', 'renewalDate'] as const)
    if (now[name] !== undefined && (fields[name] ?? null) !== now[name]) return true
  if (now.status === 'left') return false
  if (at.getTime() - writtenAt.getTime() >= WEEK) return true
  // Percent with one decimal: compared in tenths, so that 3 points are 3 points.
  const tenths = (percent = 0): number => Math.round(percent * 10)
  if (Math.abs(tenths(now.riskPercent) - tenths(fields.riskPercent)) >= POINTS * 10) return true
  if (fields.riskLevel !== now.riskLevel && isPast(fields.riskLevel, now, thresholds)) return true
  return topReasons(fields) !== topReasons(now)
}

const RANK = { LOW: 0, MEDIUM: 1, HIGH: 2 } as const

function isPast(
  before: RiskFields['riskLevel'],
  { riskLevel = 'LOW', riskPercent = 0 }: RiskFields,
  { high, medium }: LevelThresholds,
): boolean {
  const probability = riskPercent / 100
  const up = RANK[riskLevel] > RANK[before ?? 'LOW']
  if (up) return probability >= (riskLevel === 'HIGH' ? high : medium) * (1 + MARGIN)
  return probability <= (riskLevel === 'LOW' ? medium : high) * (1 - MARGIN)
}

function topReasons({ reasons = [] }: RiskFields): string {
  return reasons.slice(0, TOP_REASONS).toSorted().join('\n')
}
