/** The entry of a mapping that a column is proposed to get. */
import type { ColumnProfile } from '../../src/contracts/table.ts'
import type { Candidate } from './candidates.ts'
import { ENOUGH, feeds } from './candidates.ts'
import { canonical, whyOutOfModel } from './dictionary.ts'
import { looksLikeGender } from './evidence.ts'
import type { MappedColumn } from './mapping-file.ts'
import { guessDateUnit } from './units.ts'
import { words } from './words.ts'

/** A column that nobody named: by the dictionary, out of the model with the reason, or by its own name. */
export function proposal(
  column: ColumnProfile,
  found: readonly Candidate[],
  fed: ReadonlyMap<string, Candidate>,
): MappedColumn {
  const best = fed.get(column.header)
  const also = found.filter((other) => other !== best && feeds(other.entry)).map((other) => other.entry.name)
  const alsoPossible = also.length > 0 ? { alsoPossible: also } : {}
  if (best && mayBeLeavingDay(column, best)) {
    const why = `${whyOutOfModel('outcome')}, it seems: an end date that some customers lack; map it to ${best.entry.name} if it is a renewal`
    return { ...outside(column, 'ignore', 0.6, why), ...alsoPossible }
  }
  if (best) return { ...feature(column, best), ...alsoPossible }
  const out = found.find(({ entry, confidence }) => !feeds(entry) && confidence >= ENOUGH)
  if (out) {
    const why = `${whyOutOfModel(out.entry.role)} (read as ${out.entry.label}: ${out.why})`
    return outside(column, 'ignore', out.confidence, why)
  }
  if (looksLikeGender(column))
    return outside(column, 'ignore', 0.9, `${whyOutOfModel('protected')} (read as gender: its values say so)`)
  if (column.kind === 'empty') return outside(column, 'ignore', 1, 'is empty in every row')
  if (column.kind === 'text') return outside(column, 'ignore', 0.9, 'is free text')
  const rival = also.find((name) => [...fed.values()].some((other) => other.entry.name === name))
  const why =
    rival === undefined
      ? 'not in the dictionary, used by its own name'
      : `another column fits "${rival}" better, used by its own name`
  return { ...own(column, why), ...alsoPossible }
}

/** An end date without a word of renewal, and blank for some, is often the day on which the others left. */
function mayBeLeavingDay(column: ColumnProfile, { entry, fit }: Candidate): boolean {
  if (entry.time !== 'until' || fit.kind !== 'date' || column.missing === 0) return false
  return !words(column.header).some((word) => agreed.has(word))
}
const agreed = new Set([
  'renewal',
  'renews',
  'renew',
  'next',
  'current',
  'period',
  'billing',
  'contract',
  'notice',
  'deadline',
  'cancel',
  'opt',
])

function feature(column: ColumnProfile, { entry, fit, confidence, why }: Candidate): MappedColumn {
  return {
    column: column.header,
    use: entry.role === 'feature' ? 'feature' : 'context',
    feature: entry.name,
    ...(fit.kind ? { kind: fit.kind } : {}),
    ...(fit.unit === undefined ? {} : { unit: fit.unit }),
    ...(column.kind === 'date' && column.dateFormat !== undefined ? { format: column.dateFormat } : {}),
    ...(fit.inverted ? { inverted: true } : {}),
    ...(fit.values ? { values: fit.values } : {}),
    confidence,
    why,
  }
}

/** A column by its own name. One that happens to bear a canonical name must not be taken for that feature. */
function own(column: ColumnProfile, why: string): MappedColumn {
  const known = canonical(column.header)
  const name = known && feeds(known) ? `${column.header} column` : column.header
  const kind = column.kind === 'number' || column.kind === 'date' ? column.kind : 'category'
  const base = { column: column.header, use: 'feature' as const, feature: name, confidence: 1, why }
  if (kind === 'date') {
    return {
      ...base,
      kind,
      unit: 'date',
      ...(column.dateFormat === undefined ? {} : { format: column.dateFormat }),
    }
  }
  const written = kind === 'number' && column.range ? guessDateUnit(column.range.min, column.range.max) : null
  const dated = written?.startsWith('unix') && words(column.header).some((word) => dateWords.has(word))
  return dated && written ? { ...base, kind: 'date', unit: written } : { ...base, kind }
}

const dateWords = new Set([
  'date',
  'at',
  'on',
  'time',
  'timestamp',
  'start',
  'end',
  'created',
  'updated',
  'since',
  'until',
])

/** A column that somebody named to be kept although it stays out by default. */
export function kept(
  column: ColumnProfile,
  found: readonly Candidate[],
  fed: ReadonlyMap<string, Candidate>,
): MappedColumn {
  const best = fed.get(column.header)
  if (best) return { ...feature(column, best), use: 'feature' }
  const out = found[0] ? ` although it is ${found[0].entry.label}` : ''
  return own(column, `kept by name${out}`)
}

/** A column that feeds nothing. */
export function outside(
  column: ColumnProfile,
  use: 'id' | 'target' | 'ignore',
  confidence: number,
  why: string,
): MappedColumn {
  return { column: column.header, use, confidence, why }
}
