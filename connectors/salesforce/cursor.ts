/** Where the reading of an org stands. It is stored after every page, so it is kept short. */
import { hash } from 'node:crypto'
import { z } from 'zod'
import type { Cursor } from '../connector.ts'

const time = z.iso.datetime()
/** By object; an object without records has none. */
const times = z.record(z.string(), time)

const cursorSchema = z.object({
  version: z.literal(1),
  /** Of what is read and how: another reading begins anew. */
  reading: z.string(),
  /** The latest SystemModstamp seen of each object; null before all was read once. */
  since: times.nullable(),
  /** A reading of everything that is under way. */
  whole: z
    .object({
      /** What was deleted from here on is told by the passes after it. */
      began: time,
      /** The latest SystemModstamp of each object then. */
      newest: times,
      /** How many there were; null: too many to be counted. */
      total: z.number().nullable(),
      /** By pages of a query: the last id; null: at the beginning. */
      last: z.string().nullable(),
      /** By a job of the Bulk API: its page of results, and how many of this page were handed over. */
      job: z.object({ id: z.string(), locator: z.string().nullable(), skip: z.number() }).nullable(),
    })
    .nullable(),
  /** A pass over what changed that is under way. */
  pass: z
    .object({
      /** The object that is being read. */
      at: z.string(),
      stamp: time,
      /** Null: all of `stamp` are still to come. */
      last: z.string().nullable(),
      /** The latest SystemModstamp of this object when its turn began. */
      until: time.nullable(),
      /** Of the objects whose turn is over. */
      reached: times,
    })
    .nullable(),
  /** When everything is to be read again. */
  wholeDue: time,
  /** When the last pass ended, by our clock. */
  passed: time,
  /** Deletions up to here were told. */
  deletedFrom: time,
  /** By object, the versions that were handed over and that the overlap of the next pass finds again; {@link openLately}. */
  lately: z.record(z.string(), z.record(z.string(), z.string())),
  /** By id, when it was deleted. */
  gone: z.record(z.string(), z.number()),
})

export type SalesforceCursor = z.infer<typeof cursorSchema>

/** @returns null for none, and for one that is not of this version or of another reading */
export function parseCursor(cursor: Cursor | null, reading: string): SalesforceCursor | null {
  const parsed = cursorSchema.safeParse(cursor)
  return parsed.success && parsed.data.reading === reading ? parsed.data : null
}

/** Versions by the ten minutes that they are of. What is not kept is handed over once more, which harms nothing. */
export interface Lately {
  has(version: string): boolean
  /** @param at SystemModstamp, milliseconds */
  add(version: string, at: number): void
  /** For a cursor. Earlier ones than `from` are left out, and of too many the earliest. */
  kept(from: number): Readonly<Record<string, string>>
}

const BUCKET_MS = 600_000
const LENGTH = 8
/** So many of an object take 240 kB in a cursor: everybody changed at once in an org of 10,000, twice, and more. */
export const MOST_VERSIONS = 30_000

/**
 * A set of versions that is cheap to store after each page: texts that only grow.
 *
 * @example
 * const lately = openLately(cursor.lately)
 * if (!lately.has(version)) lately.add(version, at)
 */
export function openLately(saved: Readonly<Record<string, string>> = {}): Lately {
  const buckets = new Map(Object.entries(saved).map(([name, text]) => [Number(name), text]))
  const known = new Set<string>()
  for (const text of buckets.values())
    for (let i = 0; i < text.length; i += LENGTH) known.add(text.slice(i, i + LENGTH))
  return {
    has: (version) => known.has(version),
    add(version, at) {
      if (known.has(version)) return
      known.add(version)
      const bucket = Math.floor(at / BUCKET_MS)
      buckets.set(bucket, (buckets.get(bucket) ?? '') + version)
    },
    kept(from) {
      const kept: [string, string][] = []
      let room = MOST_VERSIONS * LENGTH
      for (const bucket of [...buckets.keys()].sort((a, b) => b - a)) {
        if (bucket < Math.floor(from / BUCKET_MS) || room === 0) break
        const text = buckets.get(bucket)!.slice(-room)
        kept.push([String(bucket), text])
        room -= text.length
      }
      return Object.fromEntries(kept)
    },
  }
}

/**
 * What a record says at a time. Salesforce counts SystemModstamp in seconds, so that a second change within the same one
 * shows in what it says alone.
 *
 * @param said its fields, in a fixed order
 */
export function versionOf(object: string, id: string, stamp: Date, said: readonly unknown[]): string {
  return hash('sha1', JSON.stringify([object, id, stamp.getTime(), said]), 'base64url').slice(0, LENGTH)
}

/** Deletions that a cursor keeps at most. */
const GONE = 5000

/** The latest deletions, as far as they are not earlier than `from`. */
export function keepGone(
  gone: Readonly<Record<string, number>>,
  from: number,
): Readonly<Record<string, number>> {
  const young = Object.entries(gone).filter(([, at]) => at >= from)
  return Object.fromEntries(young.length <= GONE ? young : young.sort((a, b) => b[1] - a[1]).slice(0, GONE))
}
