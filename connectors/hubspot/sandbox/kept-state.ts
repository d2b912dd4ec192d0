/** The portal's state with its journal. */
import { openKept, type Kept } from '../../sandbox/kept.ts'
import { snapshot } from './compaction.ts'
import type { Account, Entry } from './entries.ts'
import { openState, type SandboxState } from './state.ts'

interface KeptOptions {
  readonly portal: string
  readonly clock: () => Date
  readonly account: Partial<Account>
  /** Null: only in memory. */
  readonly journal: string | null
  /** Entries that the journal may have beyond twice the least that say the same. */
  readonly growth: number
}

/** @param seed not called for a portal that was found again */
export const openKeptState = (
  { portal, clock, account, journal, growth }: KeptOptions,
  seed: ((state: SandboxState) => void) | undefined,
): Kept<SandboxState> =>
  openKept<SandboxState, Entry>(
    {
      open: (write) => openState({ portal, clock, account, write }),
      apply: (state, entry) => void state.tables.apply(entry),
      snapshot: (state) => snapshot(state.tables),
      count: countRecords,
      journal,
      growth,
    },
    seed,
  )

function countRecords(state: SandboxState): number {
  let count = 0
  for (const type of state.tables.tableNames()) {
    const { live, archived } = state.tables.table(type)
    count += live.length + archived.length
  }
  return count
}
