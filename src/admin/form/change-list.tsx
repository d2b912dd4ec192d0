/** What was changed or is to be: the field, what it said, what it says. */
import type { ReactNode } from 'react'
import { TextDiff } from './text-diff.tsx'
import style from './change-list.module.css'

export interface ToldRow {
  readonly path: string
  readonly label: string
  readonly before: string
  readonly after: string
  /** Whole, of what has several lines. */
  readonly texts?: { readonly before: string; readonly after: string } | null
  /** Beside its name. */
  readonly mark?: ReactNode
}

export function ChangeList({ caption, changes }: { caption: string; changes: readonly ToldRow[] }) {
  return (
    <ul className={style.changes} aria-label={caption}>
      {changes.map(({ path, label, before, after, texts = null, mark }) => (
        <li key={path}>
          <div className={style.label}>
            <span className="strong">{label}</span>
            {mark}
          </div>
          {texts === null ? (
            <div className={style.values}>
              <span className={style.before}>
                <span className="unseen">Before: </span>
                {before}
              </span>
              <span aria-hidden="true" className={style.arrow}>
                →
              </span>
              <span>
                <span className="unseen">After: </span>
                {after}
              </span>
            </div>
          ) : (
            <TextDiff before={texts.before} after={texts.after} />
          )}
        </li>
      ))}
    </ul>
  )
}
