/** How a page begins: the one thing that its reader came for, as a sentence; what can be done, beside it. */
import type { ReactNode } from 'react'
import { useFrame } from '../api/frame.ts'
import style from './page-head.module.css'

export interface PageHeadProps {
  /** The sentence. */
  readonly title: ReactNode
  /** One or two more, below it. */
  readonly children?: ReactNode
  /** Buttons. */
  readonly actions?: ReactNode
  /** The line above: where one is, how fresh it is. */
  readonly above?: ReactNode
}

export function PageHead({ title, children, actions, above }: PageHeadProps) {
  const { standing } = useFrame()
  return (
    <header className={style.head}>
      <div className={style.above}>
        {above}
        <span className={`${style.standing} ${style[standing.tone]}`}>{standing.text}</span>
      </div>
      <div className={style.top}>
        <div className={style.said}>
          <h1>{title}</h1>
          {children !== undefined && <div className={style.lead}>{children}</div>}
        </div>
        {actions !== undefined && <div className={style.actions}>{actions}</div>}
      </div>
    </header>
  )
}
