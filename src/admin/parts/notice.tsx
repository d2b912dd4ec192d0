/** Something that needs to be said where it matters: what happened, what it means, what to do. */
import type { ReactNode } from 'react'
import style from './notice.module.css'

export interface NoticeProps {
  /** bad: it needs somebody. wait: it will need somebody, or something is held back. info: good to know. */
  readonly tone: 'bad' | 'wait' | 'info'
  readonly title: ReactNode
  readonly children?: ReactNode
  /** Buttons. */
  readonly actions?: ReactNode
}

export function Notice({ tone, title, children, actions }: NoticeProps) {
  return (
    <div className={`${style.notice} ${style[tone]}`} role={tone === 'bad' ? 'alert' : undefined}>
      <p className="strong">{title}</p>
      {children !== undefined && <div className="second">{children}</div>}
      {actions !== undefined && <div className={style.actions}>{actions}</div>}
    </div>
  )
}
