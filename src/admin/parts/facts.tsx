/** What is so, line by line: a word on the left, the fact on the right. */
import type { ReactNode } from 'react'
import style from './facts.module.css'

export interface Fact {
  readonly key: string
  readonly label: ReactNode
  readonly value: ReactNode
  readonly note?: ReactNode
}

export function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl className={style.facts}>
      {facts.map(({ key, label, value, note }) => (
        <div key={key}>
          <dt>{label}</dt>
          <dd>
            {value}
            {note !== undefined && note !== null && <div className="note">{note}</div>}
          </dd>
        </div>
      ))}
    </dl>
  )
}
