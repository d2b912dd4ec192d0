/**
 * The limits of CRMs when several processes call: the slots of connectors/pacing.ts, kept in the database and
 * in its time. Whoever dies with a call under way leaves a slot taken, which comes back by itself.
 */
import type { Limit, Slots } from '../../connectors/pacing.ts'
import type { Database, Transaction } from './database.ts'

/** Longer than any call takes, its time limit included. */
const HELD_MS = 90_000

/** Nothing is ever taken for longer: what says so is of a time before the clock was set back. */
const LONGEST_MS = 10 * 60_000

/** Slots that one process takes at a time: the others get theirs in between. */
const AT_ONCE = 10

/** The slot that closes the whole limit. */
const CLOSED = -1

interface Place {
  readonly name: string
  readonly limit: Limit
  /** Null: the database's own. */
  readonly now: Date | null
}

/**
 * As `memorySlots` of connectors/pacing.ts, shared by all processes on one database.
 *
 * @param options.name of what is limited: another one for each account and kind of call
 * @param options.now for tests: the time instead of the database's
 * @example
 * const turns = queued({ slots: databaseSlots({ database, name: 'hubspot:8451236:call', limit }), sleep })
 */
export function databaseSlots({
  database,
  name,
  limit,
  now = () => null,
}: {
  database: Database
  name: string
  limit: Limit
  now?: () => Date | null
}): Slots {
  let answered: number[] = []
  let flushing = false
  let isThere = false
  /** Whoever was refused asks for its next turn at once: not before the pause is known to all. */
  let closing: Promise<unknown> = Promise.resolve()
  const place = (): Place => ({ name, limit, now: now() })
  const inDatabase = <T>(work: (tx: Transaction) => Promise<T>) => database.asSystem('pacing of calls', work)

  function taken(): readonly number[] {
    const all = answered
    answered = []
    return all
  }

  /** Whatever fails here only keeps slots taken for longer: they come back by themselves. */
  async function flush(): Promise<void> {
    flushing = false
    const slots = taken()
    if (slots.length > 0) await inDatabase((tx) => releaseSlots(tx, place(), slots)).catch(() => undefined)
  }

  return {
    hold: async (most) => {
      await closing
      return inDatabase(async (tx) => {
        if (!isThere) {
          await addSlots(tx, place())
          tx.afterCommit(() => (isThere = true))
        }
        const slots = taken()
        if (slots.length > 0) await releaseSlots(tx, place(), slots)
        const held = await holdSlots(tx, place(), Math.min(most, AT_ONCE))
        return held.length > 0 ? { held } : { waitMs: await nextFree(tx, place()) }
      })
    },
    release: (slot) => {
      answered.push(slot)
      if (flushing) return
      flushing = true
      // What is answered in the same moment, and the next call's turn, share one transaction.
      setImmediate(() => void flush())
    },
    close: (ms) => {
      closing = inDatabase((tx) => closeSlots(tx, place(), ms)).catch(() => undefined)
    },
  }
}

/** In a system transaction, as all of these. */
async function addSlots(tx: Transaction, { name, limit }: Place): Promise<void> {
  await tx.query(
    `insert into pacing (name, slot, free_at) select $1, slot, '-infinity' from generate_series(${CLOSED}, $2::int - 1) slot
     on conflict (name, slot) do nothing`,
    [name, limit.calls],
  )
}

/** @returns the slots that are ours from now on; none of a closed limit */
async function holdSlots(
  tx: Transaction,
  { name, limit, now }: Place,
  most: number,
): Promise<readonly number[]> {
  const rows = await tx.query<{ slot: number }>(
    `with clock as materialized (select coalesce($4::timestamptz, clock_timestamp()) as at),
     free as (
       select slot from pacing, clock
       where name = $1 and slot between 0 and $2::int - 1 and not (free_at > at and free_at <= at + ${longest})
         and not exists (
           select from pacing closed where closed.name = $1 and closed.slot = ${CLOSED}
             and closed.free_at > at and closed.free_at <= at + ${longest})
       order by slot limit $3 for update of pacing skip locked)
     update pacing set free_at = clock.at + make_interval(secs => $5::float8 / 1000) from free, clock
     where pacing.name = $1 and pacing.slot = free.slot returning pacing.slot`,
    [name, limit.calls, most, now, HELD_MS + limit.windowMs],
  )
  return rows.map(({ slot }) => slot)
}

const longest = `interval '${LONGEST_MS / 1000} seconds'`

async function releaseSlots(
  tx: Transaction,
  { name, limit, now }: Place,
  slots: readonly number[],
): Promise<void> {
  await tx.query(
    `update pacing set free_at = coalesce($3::timestamptz, clock_timestamp()) + make_interval(secs => $4::float8 / 1000)
     where name = $1 and slot = any ($2::int[])`,
    [name, slots, now, limit.windowMs],
  )
}

/** Milliseconds; a window at most, because what others release now is free no earlier. */
async function nextFree(tx: Transaction, { name, limit, now }: Place): Promise<number> {
  const [{ closed, free }] = await tx.query<{ closed: number; free: number | null }>(
    `with clock as (select coalesce($3::timestamptz, clock_timestamp()) as at),
     left_ms as (
       select slot, extract(epoch from free_at - at)::float8 * 1000 as ms from pacing, clock
       where name = $1 and slot < $2::int and free_at > at and free_at <= at + ${longest})
     select coalesce(max(ms) filter (where slot = ${CLOSED}), 0) as closed, min(ms) filter (where slot >= 0) as free
     from left_ms`,
    [name, limit.calls, now],
  )
  return Math.max(1, Math.ceil(closed > 0 ? closed : Math.min(free ?? 1, limit.windowMs)))
}

async function closeSlots(tx: Transaction, { name, now }: Place, ms: number): Promise<void> {
  await tx.query(
    `insert into pacing (name, slot, free_at)
     values ($1, ${CLOSED}, coalesce($2::timestamptz, clock_timestamp()) + make_interval(secs => $3::float8 / 1000))
     on conflict (name, slot) do update set free_at = greatest(pacing.free_at, excluded.free_at)`,
    [name, now, Math.min(ms, LONGEST_MS)],
  )
}
