/** What was looked at, one below the other, the worst first. */
import type { Tone } from '../words/loop.ts'
import { Mark } from './mark.tsx'
import style from './checks.module.css'

export interface CheckLine {
  readonly name: string
  readonly status: 'ok' | 'off' | 'warning' | 'failed'
  readonly message: string
}

const STATUS: Readonly<Record<CheckLine['status'], { tone: Tone; word: string }>> = {
  failed: { tone: 'bad', word: 'Does not work' },
  warning: { tone: 'wait', word: 'Worth a look' },
  ok: { tone: 'good', word: 'Works' },
  off: { tone: 'still', word: 'Off' },
}
const ORDER = ['failed', 'warning', 'ok', 'off']

export function Checks({ checks }: { checks: readonly CheckLine[] }) {
  const sorted = checks.toSorted((a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status))
  return (
    <ul className={style.checks}>
      {sorted.map(({ name, status, message }, at) => (
        <li key={at}>
          <Mark tone={STATUS[status].tone}>{name === '' ? 'Connection' : name}</Mark>
          <div className="second">
            <span className="unseen">{STATUS[status].word}. </span>
            {message}
          </div>
        </li>
      ))}
    </ul>
  )
}
