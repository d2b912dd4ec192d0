/** The line above a list: what of it is shown, and at its end what can be had of all of it. */
import type { ReactNode } from 'react'
import style from './tools.module.css'

export function Tools({ children, end }: { children?: ReactNode; end?: ReactNode }) {
  return (
    <div className={style.tools}>
      {children}
      {end !== undefined && <div className={style.end}>{end}</div>}
    </div>
  )
}
