/** A part of a page, below a hairline. Sections stand beside one another in a `Columns`. */
import { useId, type ReactNode } from 'react'
import style from './section.module.css'

export function Section({
  title,
  aside,
  children,
}: {
  title: ReactNode
  /** At the end of the title's line, such as a link to all of it. */
  aside?: ReactNode
  children: ReactNode
}) {
  const id = useId()
  return (
    <section className={style.section} aria-labelledby={id}>
      <div className={style.title}>
        <h2 id={id}>{title}</h2>
        {aside !== undefined && <div className={style.aside}>{aside}</div>}
      </div>
      {children}
    </section>
  )
}

/** Two columns at most; on a narrow screen one. */
export function Columns({ children }: { children: ReactNode }) {
  return <div className={style.columns}>{children}</div>
}
