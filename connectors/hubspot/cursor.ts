/** Where the reading of a portal stands. It is stored after every page, so it is kept short. */
import { hash } from 'node:crypto'
import { z } from 'zod'
import type { Cursor } from '../connector.ts'
import type { RawRecord } from './objects.ts'

const time = z.iso.datetime()

const cursorSchema = z.object({
  version: z.literal(1),
  /** Of what is read and how: another reading begins anew. */
  reading: z.string(),
  /** What changed up to here, by HubSpot's clock, was handed over; null before all was read once. */
  since: time.nullable(),
  /** A reading of everything that is under way. */
  whole: z
    .object({
      /** Null: at the beginning. */
      after: z.string().nullable(),
      /** HubSpot's clock when it began. */
      began: time,
      /** Records that are still to come, where it was asked: for whoever watches. */
      left: z.number().optional(),
    })
    .nullable(),
  /** A pass over what changed that is under way. */
  pass: z.object({ from: time, until: time, at: z.string(), last: z.string() }).nullable(),
  /** When everything is to be read again. */
  wholeDue: time,
  /** Deletions up to `from` were handed over; the list of them is looked at again at `due`. */
  archived: z.object({ from: time, due: time }).nullable(),
  /** By object and id, the versions that were handed over and that the overlap of the next pass finds again. */
  lately: z.record(z.string(), z.string()),
  /** By id, when it was archived or merged: the search may show it for some moments more. */
  gone: z.record(z.string(), z.number()),
})

export type HubSpotCursor = z.infer<typeof cursorSchema>

/** @returns null for none, and for one that is not of this version or of another reading */
export function parseCursor(cursor: Cursor | null, reading: string): HubSpotCursor | null {
  const parsed = cursorSchema.safeParse(cursor)
  return parsed.success && parsed.data.reading === reading ? parsed.data : null
}

/** Versions and deletions that a cursor keeps at most; what is not kept is handed over once more, which harms nothing. */
const KEPT = 1000

/**
 * What a record looked like: when it changed and what it says, so that a second change within the same millisecond is
 * another version.
 */
export function versionOf({ updatedAt, properties }: RawRecord, names: readonly string[]): string {
  const said = JSON.stringify(names.map((name) => properties[name] || null))
  return `${updatedAt.getTime().toString(36)}.${hash('sha1', said, 'base64url').slice(0, 8)}`
}

/** Whether this version, or a younger one, was handed over. The search shows older ones for some moments. */
export function isKnown(kept: string | undefined, version: string): boolean {
  if (kept === undefined) return false
  return kept === version || timeOf(kept) > timeOf(version)
}

const timeOf = (version: string): number => parseInt(version.slice(0, version.indexOf('.')), 36)

/** The youngest versions, as far as they are not older than `from`. */
export function keepVersions(
  lately: Readonly<Record<string, string>>,
  from: number,
): Readonly<Record<string, string>> {
  const young = Object.entries(lately)
    .map(([id, version]) => ({ id, version, at: timeOf(version) }))
    .filter(({ at }) => at >= from)
  if (young.length > KEPT) young.sort((a, b) => b.at - a.at).length = KEPT
  return Object.fromEntries(young.map(({ id, version }) => [id, version]))
}

/** The same for deletions. */
export function keepGone(
  gone: Readonly<Record<string, number>>,
  from: number,
): Readonly<Record<string, number>> {
  const young = Object.entries(gone).filter(([, at]) => at >= from)
  if (young.length <= KEPT) return Object.fromEntries(young)
  return Object.fromEntries(young.sort((a, b) => b[1] - a[1]).slice(0, KEPT))
}
