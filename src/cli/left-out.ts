import type { LeftOut } from '../../models/features/training.ts'

/** Columns named one by one; a file of hundreds is told by count. */
const MOST = 6

/**
 * The columns that a model does not use, in one sentence: those with the same reason together.
 *
 * @returns null when every column but target and id is used
 * @example
 * leftOutSentence([{ column: 'gender', why: 'is a protected mark of persons, left out …' }])
 * // 'Left out: gender (protected). --keep uses a column all the same.'
 */
export function leftOutSentence(leftOut: readonly LeftOut[]): string | null {
  const groups = new Map<string, string[]>()
  for (const { column, why } of leftOut) {
    if (why === 'is the target' || why === "is the customer's id") continue
    const reason = shortReason(why)
    groups.set(reason, [...(groups.get(reason) ?? []), short(column)])
  }
  if (groups.size === 0) return null
  const parts = [...groups].map(([reason, columns]) => `${listed(columns)} (${reason})`)
  return `Left out: ${parts.join('; ')}. --keep uses a column all the same.`
}

/** Reasons of the feature dictionary in a word or two; the card of the model has them whole. */
const words: readonly (readonly [start: string, reason: string])[] = [
  ['is a protected mark', 'protected'],
  ['says who lives with', 'household'],
  ['names or reaches a person', 'names or contact details'],
  ['is an exact place', 'exact place'],
  ['says who may be contacted', 'consent'],
  ['only helps to read', 'only helps to read others'],
  ['tells customers apart', 'ids'],
  ['is known only after', 'known only after the customer left'],
  ['says whether the customer left', 'says who left'],
  ['is what somebody else predicted', "somebody else's prediction"],
  ['is record keeping', 'record keeping'],
  ['is ignored by the mapping', 'ignored by the mapping'],
  ['is used by the policy only', 'for the policy only'],
  ['is free text', 'free text'],
  ['is empty in every row', 'empty'],
  ['numbers the rows', 'row numbers'],
]

function shortReason(why: string): string {
  const known = words.find(([start]) => why.startsWith(start))
  return known === undefined ? why.replace(/ \(read as .*\)$/, '').replace(/^is /, '') : known[1]
}

function listed(columns: readonly string[]): string {
  return columns.length <= MOST
    ? columns.join(', ')
    : `${columns.slice(0, MOST - 1).join(', ')} and ${columns.length - MOST + 1} more`
}

function short(column: string): string {
  return column.length <= 40 ? column : `${column.slice(0, 39)}…`
}
