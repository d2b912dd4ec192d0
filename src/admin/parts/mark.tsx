/** How something stands: a dot and a word, so that colour never says it alone. */
import type { ReactNode } from 'react'
import type { Tone } from '../words/loop.ts'
import style from './mark.module.css'

export function Mark({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <span className={style.mark}>
      <span className={`${style.dot} ${style[tone]}`} aria-hidden="true" />
      <span>{children}</span>
    </span>
  )
}
