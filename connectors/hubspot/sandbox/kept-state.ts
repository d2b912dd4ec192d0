/** The portal's state with its journal: begun once, found again, written anew when the journal has grown too long. */
import { mkdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { snapshot } from './compaction.ts'
import type { Account } from './entries.ts'
import { openJournal, type Journal } from './journal.ts'
import { openState, type SandboxState } from './state.ts'

export interface KeptState {
  readonly state: SandboxState
  /** Everything that was done is with the operating system when this returns: called before an answer goes out. */
  flush(): void
  close(): void
}

interface KeptOptions {
  readonly portal: string
  readonly clock: () => Date
  readonly account: Partial<Account>
  /** Null: only in memory. */
  readonly journal: string | null
  /** Entries that the journal may have beyond twice the least that say the same. */
  readonly growth: number
}

/** Where the journal says that the seed was sown to the end. */
const BEGUN = ['sandbox', 'begun'] as const

/** @param seed not called for a portal that was found again */
export function openKeptState(
  options: KeptOptions,
  seed: ((state: SandboxState) => void) | undefined,
): KeptState {
  let kept = load(options)
  if (kept.entries > 0 && kept.state.get(...BEGUN) === undefined) {
    // Killed while it was sown: half a portal is none.
    kept.close()
    if (options.journal) rmSync(options.journal)
    kept = load(options)
  }
  if (kept.entries === 0) {
    seed?.(kept.state)
    kept.state.put(...BEGUN, true)
    kept.flush()
  }
  return kept
}

function load({
  portal,
  clock,
  account,
  journal: path,
  growth,
}: KeptOptions): KeptState & { entries: number } {
  let journal: Journal | null = null
  let flushing = false
  const state = openState({
    portal,
    clock,
    account,
    write(entry) {
      if (!journal) return
      journal.append(entry)
      if (flushing) return
      // What the world does between calls is written at the end of its turn.
      flushing = true
      setImmediate(() => {
        flushing = false
        journal?.flush()
      })
    },
  })
  if (path !== null) {
    mkdirSync(dirname(path), { recursive: true })
    journal = openJournal(path, (entry) => void state.tables.apply(entry))
  }
  const entries = journal?.size() ?? 0
  let compactAt = 0
  return {
    state,
    entries,
    flush() {
      if (!journal) return
      journal.flush()
      if (journal.size() < compactAt) return
      compactAt = 2 * countRecords(state) + growth
      if (journal.size() < compactAt) return
      journal.compact(snapshot(state.tables))
      // Associations and past values count as well: what is left is the least.
      compactAt = 2 * journal.size() + growth
    },
    close() {
      journal?.close()
      journal = null
    },
  }
}

function countRecords(state: SandboxState): number {
  let count = 0
  for (const type of state.tables.tableNames()) {
    const { live, archived } = state.tables.table(type)
    count += live.length + archived.length
  }
  return count
}
