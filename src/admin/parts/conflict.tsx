/** Somebody else saved while one was at it: what they changed, and which of the two shall hold. Nothing is lost unseen. */
import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import { Notice } from './notice.tsx'

export interface ConflictLine {
  readonly key: string
  readonly label: string
  readonly before: string
  readonly after: string
  /** Whether it was changed here as well. */
  readonly both: boolean
}

export function Conflict({
  who,
  lines,
  mine,
  theirs,
  busy = false,
  mineLabel,
  children,
}: {
  /** Who it was; null: not known. */
  who: string | null
  lines: readonly ConflictLine[]
  /** Saves what was changed here on top. */
  mine(): void
  /** Gives up what was changed here. */
  theirs(): void
  busy?: boolean
  mineLabel: string
  children?: ReactNode
}) {
  return (
    <Notice
      tone="bad"
      title={`${who ?? 'Somebody else'} saved something else while you were at it`}
      actions={
        <>
          <Button size="xs" loading={busy} onClick={mine}>
            {mineLabel}
          </Button>
          <Button size="xs" variant="default" onClick={theirs}>
            Take theirs
          </Button>
        </>
      }
    >
      Nothing of yours was saved. They changed:
      <ul style={LIST}>
        {lines.map(({ key, label, before, after, both }) => (
          <li key={key}>
            <span className="strong">{label}</span>: {before}, now {after}
            {both && '. You changed it too'}
          </li>
        ))}
      </ul>
      {children}
    </Notice>
  )
}

const LIST = { margin: '6px 0', paddingLeft: 18 } as const
