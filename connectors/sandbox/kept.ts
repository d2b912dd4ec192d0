/** A sandbox's state with its journal: begun once, found again, written anew when the journal has grown too long. */
import { mkdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { openJournal, type Journal } from './journal.ts'

export interface Kept<State> {
  readonly state: State
  /** Everything that was done is with the operating system when this returns: called before an answer goes out. */
  flush(): void
  close(): void
}

/** What keeping asks of a state: a table of documents to note in that it was sown to the end. */
export interface Keepable {
  put(table: string, key: string, value: unknown): void
  get(table: string, key: string): unknown
}

export interface Keeping<State extends Keepable, Entry> {
  /** An empty state; `write` is given each entry before it is applied. */
  readonly open: (write: (entry: Entry) => void) => State
  /** Makes an entry of the journal so. */
  readonly apply: (state: State, entry: Entry) => void
  /** The whole state as the fewest entries that make it. */
  readonly snapshot: (state: State) => Iterable<Entry>
  /** Records in it: about the least that a journal can have. */
  readonly count: (state: State) => number
  /** Null: only in memory. */
  readonly journal: string | null
  /** Entries that the journal may have beyond twice the least that say the same. */
  readonly growth: number
}

/** Where the journal says that the seed was sown to the end. */
const BEGUN = ['sandbox', 'begun'] as const

/** @param seed not called for a sandbox that was found again */
export function openKept<State extends Keepable, Entry>(
  keeping: Keeping<State, Entry>,
  seed: ((state: State) => void) | undefined,
): Kept<State> {
  let kept = load(keeping)
  if (kept.entries > 0 && kept.state.get(...BEGUN) === undefined) {
    // Killed while it was sown: half a sandbox is none.
    kept.close()
    if (keeping.journal) rmSync(keeping.journal)
    kept = load(keeping)
  }
  if (kept.entries === 0) {
    seed?.(kept.state)
    kept.state.put(...BEGUN, true)
    kept.flush()
  }
  return kept
}

function load<State extends Keepable, Entry>(
  keeping: Keeping<State, Entry>,
): Kept<State> & { entries: number } {
  const { journal: path, growth } = keeping
  let journal: Journal<Entry> | null = null
  let flushing = false
  const state = keeping.open((entry) => {
    if (!journal) return
    journal.append(entry)
    if (flushing) return
    // What the world does between calls is written at the end of its turn.
    flushing = true
    setImmediate(() => {
      flushing = false
      journal?.flush()
    })
  })
  if (path !== null) {
    mkdirSync(dirname(path), { recursive: true })
    journal = openJournal<Entry>(path, (entry) => keeping.apply(state, entry))
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
      compactAt = 2 * keeping.count(state) + growth
      if (journal.size() < compactAt) return
      journal.compact(keeping.snapshot(state))
      // What belongs to records counts as well: what is left is the least.
      compactAt = 2 * journal.size() + growth
    },
    close() {
      journal?.close()
      journal = null
    },
  }
}
