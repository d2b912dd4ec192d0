/**
 * A look at a table before anything is trained on it: what its columns would be taken for, what would be left out and why,
 * which columns could say who left, and whether there are enough customers. The same reading as the training's own.
 */
import { FLOOR, floorOf } from '../../models/churn/floor.ts'
import { canonical } from '../../models/features/dictionary.ts'
import { columnMatches } from '../../models/features/header.ts'
import type { MappedColumn, Mapping } from '../../models/features/mapping-file.ts'
import { proposeMapping } from '../../models/features/mapping.ts'
import { parseTarget, type Target } from '../../models/features/target.ts'
import type { ColumnProfile, TableProfile, TableSource } from '../contracts/table.ts'
import { HoldfastError } from '../contracts/errors.ts'
import { prepareTraining } from '../loop/training-data.ts'
import type { ReadingRequest } from './request.ts'

/** Plain JSON. */
export interface TrainingLook {
  readonly rows: number
  readonly columns: readonly LookedColumn[]
  /** Columns that could say who left, the likeliest first. */
  readonly targets: readonly TargetCandidate[]
  /** The one that the rest is about; null: none was named and none is plain. */
  readonly target: TargetCandidate | null
  /** Null until there is a target. */
  readonly features: number | null
  /** Columns that tell the answer, or may. */
  readonly leaks: readonly { readonly column: string; readonly leftOut: boolean; readonly sentence: string }[]
  /** What it takes and what there is. */
  readonly minimum: Minimum
  /** Why it cannot be trained on as it is; null: it can. */
  readonly problem: { readonly code: string; readonly message: string } | null
  /** Guesses that a person should look at. */
  readonly notes: readonly string[]
}

export interface LookedColumn {
  readonly column: string
  readonly kind: ColumnProfile['kind']
  /** Share of rows without a value. */
  readonly missing: number
  readonly use: 'feature' | 'target' | 'id' | 'context' | 'left_out'
  /** What it is taken for, in words; null: by its own name. */
  readonly meaning: string | null
  /** 0 to 1. */
  readonly confidence: number
  /** Why, or why not. */
  readonly why: string
  /** A mark of persons that stays out unless somebody names it: sex, age, household, where exactly they live. */
  readonly sensitive: boolean
}

export interface TargetCandidate {
  readonly column: string
  /** Values that mean "left". */
  readonly positive: readonly string[]
  /** Null: its values are not all counted. */
  readonly churned: number | null
  readonly kept: number | null
  /** Rows whose outcome is unknown, and that are not used. */
  readonly unknown: number
}

export interface Minimum {
  readonly churned: number | null
  readonly kept: number | null
  readonly needChurned: number
  readonly needKept: number
  /** With fewer a cautious model is fitted instead. */
  readonly enough: boolean | null
  readonly sentence: string
}

export interface LookRequest extends Omit<ReadingRequest, 'target'> {
  readonly target?: { readonly column: string; readonly positive?: readonly string[] | undefined } | undefined
  readonly mapping?: Mapping | undefined
  /** Days since 1970-01-01. */
  readonly today: number
}

const SENSITIVE: ReadonlySet<string> = new Set(['protected', 'household', 'location'])

/**
 * @throws HoldfastError what is wrong with the file itself; what keeps it from being trained on is told as `problem`
 * @example
 * const { targets, minimum } = await lookAtTable(table, { keep: [], seed: 42, today })
 */
export async function lookAtTable(table: TableSource, request: LookRequest): Promise<TrainingLook> {
  const profile = await table.profile()
  const targets = targetsIn(profile)
  const wanted = request.target
  const named = wanted?.column ?? likely(profile, targets)
  const shape = {
    ...(request.id === undefined ? {} : { id: request.id }),
    ...(request.asOf === undefined ? {} : { asOf: request.asOf }),
    keep: request.keep,
  }
  const like = request.mapping === undefined ? {} : { like: request.mapping }
  const mapping = proposeMapping(profile, {
    ...shape,
    ...like,
    ...(named === undefined ? {} : { target: named }),
  })
  const bare = {
    rows: profile.rows,
    targets,
    target: null,
    features: null,
    leaks: [],
    notes: [],
    columns: profile.columns.map((column) => lookedColumn(column, profile, mapping, new Map())),
  }
  if (named === undefined)
    return {
      ...bare,
      minimum: minimumOf(null, null),
      problem: {
        code: 'target_missing',
        message:
          'No column says plainly who left. Name the one that does, and which of its values mean "left"; without one there is nothing to learn from.',
      },
    }
  const chosen = targets.find(({ column }) => column === named) ?? null
  try {
    const prepared = await prepareTraining(table, {
      ...shape,
      target: named,
      today: request.today,
      seed: request.seed,
      ...(request.mapping === undefined ? {} : { mapping: request.mapping }),
      ...(wanted?.positive === undefined ? {} : { positive: wanted.positive }),
    })
    const { labels } = prepared.data
    const churned = labels.reduce((sum, label) => sum + label, 0)
    const out = new Map(prepared.leftOut.map(({ column, why }) => [column, why]))
    for (const { column, sentence } of prepared.leaks)
      if (prepared.excluded.includes(column)) out.set(column, sentence)
    return {
      ...bare,
      columns: profile.columns.map((column) => lookedColumn(column, profile, prepared.mapping, out)),
      target: {
        column: prepared.target.column,
        positive: prepared.target.positive,
        churned,
        kept: labels.length - churned,
        unknown: prepared.dropped,
      },
      features: prepared.features.length,
      leaks: prepared.leaks.map(({ column, sentence }) => ({
        column,
        sentence,
        leftOut: prepared.excluded.includes(column),
      })),
      minimum: minimumOf(churned, labels.length - churned),
      problem: null,
      notes: prepared.notes,
    }
  } catch (cause) {
    if (!(cause instanceof HoldfastError) || cause.exit === 1) throw cause
    return {
      ...bare,
      target: chosen,
      minimum: minimumOf(chosen?.churned ?? null, chosen?.kept ?? null),
      problem: { code: cause.code, message: cause.message },
    }
  }
}

function minimumOf(churned: number | null, kept: number | null): Minimum {
  const need = { needChurned: FLOOR.churned, needKept: FLOOR.kept }
  if (churned === null || kept === null)
    return {
      churned,
      kept,
      ...need,
      enough: null,
      sentence: `Training in earnest needs ${FLOOR.churned} customers who left and ${FLOOR.kept} who stayed.`,
    }
  const labels = new Uint8Array(churned + kept).fill(1, 0, churned)
  const gap = floorOf(labels)
  return {
    churned,
    kept,
    ...need,
    enough: gap === null,
    sentence:
      gap?.sentence ??
      `There are ${churned.toLocaleString('en')} customers who left and ${kept.toLocaleString('en')} who stayed: enough, since training in earnest needs ${FLOOR.churned} and ${FLOOR.kept}.`,
  }
}

/** Most that are told: a wide export has hundreds of columns with two values. */
const MOST_TARGETS = 12

function targetsIn(profile: TableProfile): TargetCandidate[] {
  const found = profile.columns.flatMap((column) => {
    const target = plainTarget(column)
    return target === null ? [] : [{ candidate: candidateOf(target), named: saysSo(column) }]
  })
  return found
    .toSorted((a, b) => Number(b.named) - Number(a.named))
    .slice(0, MOST_TARGETS)
    .map(({ candidate }) => candidate)
}

/** Two values that plainly mean left and stayed; null for every other column. */
function plainTarget(column: ColumnProfile): Target | null {
  if (column.kind === 'text' || column.kind === 'empty') return null
  try {
    return parseTarget(column)
  } catch {
    return null
  }
}

const saysSo = (column: ColumnProfile): boolean =>
  columnMatches(column).some(({ entry }) => entry.role === 'target')

/** Only a column whose name speaks of leaving is taken without being asked for. */
function likely(profile: TableProfile, targets: readonly TargetCandidate[]): string | undefined {
  const proposed = proposeMapping(profile).columns.find(({ use }) => use === 'target')?.column
  return targets.find(({ column }) => column === proposed)?.column
}

function candidateOf({ column, positive, positives, negatives, missing }: Target): TargetCandidate {
  return {
    column,
    positive: positive.slice(0, 20),
    churned: positives ?? null,
    kept: negatives ?? null,
    unknown: missing,
  }
}

function lookedColumn(
  column: ColumnProfile,
  { rows }: TableProfile,
  mapping: Mapping,
  out: ReadonlyMap<string, string>,
): LookedColumn {
  const entry = mapping.columns.find((one) => one.column === column.header)
  // A mapping made before may take a column for something that has no value in this table.
  const promises = entry?.use === 'feature' || entry?.use === 'target'
  const left =
    out.get(column.header) ?? (promises && column.kind === 'empty' ? 'is empty in every row' : undefined)
  const known = canonical(entry?.feature ?? '')
  return {
    column: column.header,
    kind: column.kind,
    missing: rows === 0 ? 0 : Math.min(1, column.missing / rows),
    use: useOf(entry, left),
    meaning: known?.label ?? null,
    confidence: entry?.confidence ?? 0,
    why: left ?? entry?.why ?? '',
    sensitive: columnMatches(column).some(({ entry: read }) => SENSITIVE.has(read.role)),
  }
}

function useOf(entry: MappedColumn | undefined, left: string | undefined): LookedColumn['use'] {
  if (entry === undefined || entry.use === 'ignore') return 'left_out'
  if (entry.use === 'feature' || entry.use === 'target') return left === undefined ? entry.use : 'left_out'
  return entry.use
}
