/** The risk as a mark that is read in a glance, "▲ 41 %": by shape, word and colour, never by colour alone. */
import type { Level } from '../../contracts/customer-terms.ts'
import { useWords } from '../api/frame.ts'
import style from './level-mark.module.css'

export const LEVEL_MARKS: Readonly<Record<Level, { readonly mark: string; readonly word: string }>> = {
  HIGH: { mark: '▲', word: 'High' },
  MEDIUM: { mark: '●', word: 'Medium' },
  LOW: { mark: '▼', word: 'Low' },
}

/** @param probability absent: the level alone, with its word */
export function LevelMark({ level, probability }: { level: Level; probability?: number }) {
  const words = useWords()
  const { mark, word } = LEVEL_MARKS[level]
  return (
    <span className={`${style.mark} ${style[level]}`}>
      <span aria-hidden="true">{mark}</span>{' '}
      {probability === undefined ? (
        word
      ) : (
        <>
          {words.percent(probability)}
          <span className="unseen"> {word} risk</span>
        </>
      )}
    </span>
  )
}
