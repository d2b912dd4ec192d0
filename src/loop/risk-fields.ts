/** What a record shows of us, and whether it changed enough to be written again. */
import type { Level } from '../contracts/customer-terms.ts'
import type { RiskFields } from '../../connectors/connector.ts'
import type { LevelThresholds } from '../../models/churn/levels.ts'

export interface RiskInput {
  /** 0 to 1. */
  readonly probability: number
  readonly level: Level
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

/** The fields of a record whose customer asked to be forgotten: every one of ours is emptied. */
export const erasedFields: RiskFields = { ...clearedFields, status: null, group: null, renewalDate: null }

const POINTS = 3
const TOP_REASONS = 3
/** A level has changed once the probability is past the threshold by this share of it. */
const MARGIN = 0.1

/**
 * Whether a record is worth writing again. `enough`: it was never written; its status, group or suggestion changed;
 * the risk moved by three points; or the level changed and is past its threshold by a tenth of it. `soon`: there are
 * other top reasons for much the same risk. `small`: anything else that it shows, which can wait for a week.
 *
 * A level that changed within the margin is small: a risk that swings about a threshold wakes nobody. Top reasons are
 * compared as a set of facts; numbers in them may move ("Customer for 5 months", "for 6 months").
 *
 * @param before what the record shows; null: nothing yet
 * @example
 * changeOf(fields, fields, thresholds) // 'none'
 */
export function changeOf(
  before: RiskFields | null,
  now: RiskFields,
  thresholds: LevelThresholds,
): 'enough' | 'soon' | 'small' | 'none' {
  if (before === null || before.status !== now.status) return 'enough'
  for (const name of ['suggestedAction', 'actionStatus', 'group'] as const)
    if (now[name] !== undefined && (before[name] ?? null) !== now[name]) return 'enough'
  if (now.status === 'left' || !differs(before, now)) return 'none'
  const [was, is] = [before.riskPercent ?? null, now.riskPercent ?? null]
  if (was === null || is === null) return was === is ? 'small' : 'enough'
  // Percent with one decimal: compared in tenths, so that 3 points are 3 points.
  if (Math.abs(Math.round(is * 10) - Math.round(was * 10)) >= POINTS * 10) return 'enough'
  if (before.riskLevel !== now.riskLevel && isPast(before.riskLevel, now, thresholds)) return 'enough'
  return topReasons(before) === topReasons(now) ? 'small' : 'soon'
}

/** Whether a record would show anything else; the time of the score is nothing that anybody looks for. */
function differs(before: RiskFields, now: RiskFields): boolean {
  return (Object.keys(now) as (keyof RiskFields)[]).some((name) => {
    if (name === 'scoredAt') return (before.scoredAt ?? null) !== null && now.scoredAt === null
    // No score of 30 days ago and none that differs are the same to whoever looks.
    const nothing = name === 'change30Days' ? 0 : null
    return JSON.stringify(before[name] ?? nothing) !== JSON.stringify(now[name] ?? nothing)
  })
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
