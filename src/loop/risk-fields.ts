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
  /** Points against the score of 30 days ago, one decimal. Absent: there is none that old. */
  readonly change30Days?: number
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
    ...(input.change30Days === undefined ? {} : { change30Days: input.change30Days }),
    ...(suggestedAction === undefined ? {} : { suggestedAction }),
    ...(actionStatus === undefined ? {} : { actionStatus }),
    ...(renewalDate === null ? {} : { renewalDate }),
  }
}

/** The fields of a record that left the population: our suggestion is cleared. */
export const leftFields: RiskFields = { status: 'left', suggestedAction: null, actionStatus: null }

/** The fields of a record that is not scored any more because its customer objects: nothing of us is left. */
export const clearedFields: RiskFields = {
  status: 'active',
  riskPercent: null,
  riskLevel: null,
  levelSince: null,
  change30Days: null,
  valueAtRisk: null,
  currency: null,
  reasons: null,
  suggestedAction: null,
  actionStatus: null,
  scoredAt: null,
  dataConfidence: null,
}

const POINTS = 3
const TOP_REASONS = 3
export const WEEK = 7 * 86_400_000
/** A level has changed once the probability is past the threshold by this share of it. */
const MARGIN = 0.1

/**
 * Whether a record is written again: it was never written, its status or suggestion changed, the risk moved by
 * three points, the level changed and is past its threshold by a tenth of it, other top reasons, the amount at stake
 * moved by a fifth, or anything at all changed and a week passed. What did not change is never written again.
 *
 * A level that changed within the margin is not written until it is past it, something else is written, or the week
 * is over: a risk that swings about a threshold by less than the margin wakes nobody. Top reasons are compared as a
 * set of facts; numbers in them may move ("Customer for 5 months", "for 6 months").
 *
 * @param before what was written last, and when; null: nothing yet
 * @param refresh milliseconds after which a small change is written too
 * @example
 * changedEnough({ fields, writtenAt }, fields, thresholds, writtenAt) // false
 */
export function changedEnough(
  before: { readonly fields: RiskFields; readonly writtenAt: Date } | null,
  now: RiskFields,
  thresholds: LevelThresholds,
  at: Date,
  refresh = WEEK,
): boolean {
  if (before === null) return true
  const { fields, writtenAt } = before
  if (fields.status !== now.status) return true
  for (const name of ['suggestedAction', 'actionStatus', 'group', 'renewalDate'] as const)
    if (now[name] !== undefined && (fields[name] ?? null) !== now[name]) return true
  if (now.status === 'left' || !differs(fields, now)) return false
  if (at.getTime() - writtenAt.getTime() >= refresh) return true
  const [was, is] = [fields.riskPercent ?? null, now.riskPercent ?? null]
  if (was === null || is === null) return was !== is
  // Percent with one decimal: compared in tenths, so that 3 points are 3 points.
  if (Math.abs(Math.round(is * 10) - Math.round(was * 10)) >= POINTS * 10) return true
  if (fields.riskLevel !== now.riskLevel && isPast(fields.riskLevel, now, thresholds)) return true
  return amountMoved(fields, now) || topReasons(fields) !== topReasons(now)
}

/** Whether a record would show anything else; the time of the score is nothing that anybody looks for. */
export function differs(before: RiskFields, now: RiskFields): boolean {
  return (Object.keys(now) as (keyof RiskFields)[]).some((name) => {
    if (name === 'scoredAt') return (before.scoredAt ?? null) !== null && now.scoredAt === null
    // No score of 30 days ago and none that differs are the same to whoever looks.
    const nothing = name === 'change30Days' ? 0 : null
    return JSON.stringify(before[name] ?? nothing) !== JSON.stringify(now[name] ?? nothing)
  })
}

const AMOUNT = 0.2
/** Percent below which the rounded risk is too coarse to divide by. */
const COARSE = 1

/** Whether the value at risk moved otherwise than the risk did: the customer pays another amount than before. */
function amountMoved(before: RiskFields, now: RiskFields): boolean {
  if (now.valueAtRisk === undefined) return false
  const [was, is] = [before.valueAtRisk ?? null, now.valueAtRisk]
  if (was === null || is === null || before.currency !== now.currency) return was !== is
  const [wasRisk, isRisk] = [before.riskPercent ?? 0, now.riskPercent ?? 0]
  if (wasRisk < COARSE || isRisk < COARSE || was === 0) return false
  return Math.abs(is / isRisk / (was / wasRisk) - 1) > AMOUNT
}

const RANK = { LOW: 0, MEDIUM: 1, HIGH: 2 } as const

function isPast(
  before: RiskFields['riskLevel'],
  now: RiskFields,
  { high, medium }: LevelThresholds,
): boolean {
  const level = now.riskLevel ?? 'LOW'
  const probability = (now.riskPercent ?? 0) / 100
  if (RANK[level] > RANK[before ?? 'LOW'])
    return probability >= (level === 'HIGH' ? high : medium) * (1 + MARGIN)
  return probability <= (level === 'LOW' ? medium : high) * (1 - MARGIN)
}

function topReasons({ reasons }: RiskFields): string {
  return (reasons ?? []).slice(0, TOP_REASONS).map(factOf).toSorted().join('\n')
}

const LESS = /\bless\b|^(?:half|a (?:third|quarter|fifth)) (?:of )?the usual risk/

/** What a reason says without its numbers, and which way it points. */
function factOf(sentence: string): string {
  const at = sentence.lastIndexOf(': ')
  if (at < 0) return sentence
  const fact = sentence.slice(0, at).replace(/\d[\d.,]*/g, '#')
  return `${fact.replace(/\b(month|year|day|week)s\b/g, '$1')}${LESS.test(sentence.slice(at + 2)) ? ' -' : ' +'}`
}
