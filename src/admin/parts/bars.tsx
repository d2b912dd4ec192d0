/** Plain bars: how many of what, each leading to its rows. Widths are shares, so that they fit wherever they stand. */
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import style from './bars.module.css'

export interface Bar {
  readonly key: string
  readonly label: ReactNode
  readonly value: number
  /** The value as it is written. */
  readonly text: ReactNode
  /** Below the label. */
  readonly note?: ReactNode
  readonly color?: 'accent' | 'high' | 'medium' | 'low' | 'third'
  /** To its rows. */
  readonly href?: string
}

/** @param bars in the order in which they are read; negative values go to the left of a common middle */
export function Bars({ caption, bars }: { caption: string; bars: readonly Bar[] }) {
  const most = Math.max(1e-12, ...bars.map(({ value }) => Math.abs(value)))
  const signed = bars.some(({ value }) => value < 0)
  return (
    <ul className={style.bars} aria-label={caption}>
      {bars.map(({ key, label, value, text, note, color = 'accent', href }) => {
        const share = (Math.abs(value) / most) * (signed ? 50 : 100)
        const start = !signed ? 0 : value < 0 ? 50 - share : 50
        return (
          <li key={key}>
            <div className={style.label}>
              {href === undefined ? label : <Link href={href}>{label}</Link>}
              {note !== undefined && <div className="note">{note}</div>}
            </div>
            <div className={style.track} aria-hidden="true">
              <div
                className={`${style.bar} ${style[color]}`}
                style={{ marginLeft: `${start}%`, width: value === 0 ? 0 : `max(2px, ${share}%)` }}
              />
            </div>
            <div className={style.text}>{text}</div>
          </li>
        )
      })}
    </ul>
  )
}
