/** Filters of a list side by side, and the way back to all of it. */
import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import style from './filter-row.module.css'

/** @param clear takes all of them away; null: none is set */
export function FilterRow({ children, clear }: { children: ReactNode; clear: (() => void) | null }) {
  return (
    <search className={style.row} aria-label="Filters">
      {children}
      {clear !== null && (
        <Button variant="subtle" onClick={clear}>
          Show all
        </Button>
      )}
    </search>
  )
}
