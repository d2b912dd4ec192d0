/** Changes in words, with whole texts where there are several lines. */
import type { Change } from '../../settings/changes.ts'
import { told, type WordsOf } from '../../settings/words.ts'
import type { ToldRow } from './change-list.tsx'

export const toldRows = (changes: readonly Change[], words: WordsOf): readonly ToldRow[] =>
  changes.map((change) => ({ ...told(change, words), texts: textsOf(change) }))

function textsOf({ field, before, after }: Change): NonNullable<ToldRow['texts']> | null {
  const { control, secret } = field
  if (secret || control.kind !== 'text' || !control.many) return null
  const text = (value: unknown): string => (typeof value === 'string' ? value : '')
  return { before: text(before), after: text(after) }
}
