/** Two texts of several lines, as one with what went and what came. */
import { linesBetween } from './lines-between.ts'
import style from './text-diff.module.css'

export function TextDiff({ before, after }: { before: string; after: string }) {
  return (
    <pre className={style.diff}>
      {linesBetween(before, after).map(({ kind, text }, at) => (
        <span key={at} className={style[kind]}>
          <span className="unseen">{kind === 'same' ? '' : kind === 'gone' ? 'Taken out: ' : 'Added: '}</span>
          <span aria-hidden="true" className={style.mark}>
            {kind === 'same' ? ' ' : kind === 'gone' ? '−' : '+'}
          </span>
          {text === '' ? ' ' : text}
          {'\n'}
        </span>
      ))}
    </pre>
  )
}
