/** How a step ends: what is not saved, and the button that saves it and goes on. */
import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import style from './setup.module.css'

export function Foot({
  label,
  go,
  busy = false,
  disabled = false,
  discard = null,
  children,
}: {
  /** A verb. */
  label: string
  go(): void
  busy?: boolean
  disabled?: boolean
  /** Gives up what is not saved; null: everything is. */
  discard?: (() => void) | null
  /** A sentence beside the buttons. */
  children?: ReactNode
}) {
  return (
    <div className={style.foot}>
      <Button onClick={go} loading={busy} disabled={disabled}>
        {label}
      </Button>
      {discard !== null && (
        <Button variant="subtle" onClick={discard}>
          Undo my changes
        </Button>
      )}
      <output className="note">
        {children ?? (discard === null ? '' : 'Not saved yet. It is kept in this browser.')}
      </output>
    </div>
  )
}
