/**
 * HubSpot answers for a record that was merged away with the one that it lives on in, and writes into that: it would then
 * show what was meant for the other. What it showed before is put back.
 */
import { HoldfastError } from '../../src/contracts/errors.ts'
import { sendBatch } from './batch.ts'
import type { HubSpotClient } from './client.ts'
import { openObjects, type RawRecord } from './objects.ts'
import { API_VERSION } from './version.ts'

type Cells = Readonly<Record<string, string>>

/** A write that landed on another record than the one that it was for. */
export interface Landed {
  readonly survivor: string
  /** What was written. */
  readonly cells: Cells
  /** When, by HubSpot's clock; null where it does not say. */
  readonly at: Date | null
}

/** Between the values of a write and the time of the record after it. */
const SETTLED_MS = 2000

/**
 * A value is put back where the youngest one is what landed there: by its past, or by what the same call wrote to the
 * survivor itself. A value that was there before stays, and so does one that somebody wrote since.
 *
 * @param own what was meant for the survivors themselves
 * @returns whether all of them show what they should; false where HubSpot could not be asked
 */
export async function restoreSurvivors(
  client: HubSpotClient,
  object: string,
  landed: readonly Landed[],
  own: ReadonlyMap<string, Cells>,
): Promise<boolean> {
  if (landed.length === 0) return true
  const history = [...new Set(landed.flatMap(({ cells }) => Object.keys(cells)))]
  const ids = [...new Set(landed.map(({ survivor }) => survivor))]
  try {
    const records = await openObjects(client).batch(object, ids, { properties: [], history })
    const inputs = records.flatMap((record) => {
      const strange = landed
        .filter(({ survivor }) => survivor === record.id)
        .map((one) => writeOf(one, record))
      const properties: Record<string, string> = {}
      for (const name of history) {
        const past = pastOf(record, name)
        const isStrange = (version: Version): boolean => strange.some((write) => write(name, version))
        if (past.length === 0 || !isStrange(past[0])) continue
        properties[name] = own.get(record.id)?.[name] ?? past.find((one) => !isStrange(one))?.value ?? ''
      }
      return Object.keys(properties).length === 0
        ? []
        : [{ trace: record.id, input: { id: record.id, properties } }]
    })
    const outcomes = await sendBatch(client, `/crm/objects/${API_VERSION}/${object}/batch/update`, inputs)
    return [...outcomes.values()].every(({ ok }) => ok)
  } catch (error) {
    // What was written to the others stands, and is told.
    if (error instanceof HoldfastError) return false
    throw error
  }
}

type Version = NonNullable<RawRecord['propertiesWithHistory']>[string][number]

/** The newest first, as HubSpot tells them. */
function pastOf({ propertiesWithHistory }: RawRecord, name: string): readonly Version[] {
  return [...(propertiesWithHistory?.[name] ?? [])].sort(
    (a, b) => b.timestamp.getTime() - a.timestamp.getTime(),
  )
}

/**
 * Whether a version of a property came by a write: it says the same, at the same time as the youngest of what the write
 * changed. A value that was there already is no new version, and keeps its own time.
 */
function writeOf({ cells, at }: Landed, record: RawRecord): (name: string, version: Version) => boolean {
  const says = (name: string, { value }: Version): boolean =>
    Object.hasOwn(cells, name) && (value ?? '') === cells[name]
  const times = Object.keys(cells).flatMap((name) =>
    pastOf(record, name)
      .filter((version) => says(name, version))
      .map(({ timestamp }) => timestamp.getTime()),
  )
  const written = times.reduce((a, b) => Math.max(a, b), 0)
  const earliest = Math.max(written, at === null ? 0 : at.getTime() - SETTLED_MS)
  return (name, version) => says(name, version) && version.timestamp.getTime() >= earliest
}
