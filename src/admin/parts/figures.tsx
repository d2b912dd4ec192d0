/** A few numbers side by side, each with what it counts and a way to its rows. */
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import style from './figures.module.css'

export interface Figure {
  readonly key: string
  readonly value: ReactNode
  /** What is counted. */
  readonly label: ReactNode
  /** More of it, in small. */
  readonly note?: ReactNode
  readonly href?: string
}

export function Figures({ figures }: { figures: readonly Figure[] }) {
  return (
    <dl className={style.figures}>
      {figures.map(({ key, value, label, note, href }) => (
        <div key={key}>
          <dt>{label}</dt>
          <dd>
            <span className={style.value}>
              {href === undefined ? value : <Link href={href}>{value}</Link>}
            </span>
            {note !== undefined && <span className="note">{note}</span>}
          </dd>
        </div>
      ))}
    </dl>
  )
}
