/** Where each topic is read up to, as it is stored between two runs. */
import { z } from 'zod'
import type { Cursor } from '../../connector.ts'

export interface EventPosition {
  /** By topic. The ids are opaque: never compared, never computed. */
  readonly replayIds: ReadonlyMap<string, Buffer>
  /** Nothing was followed before: there is nothing to have missed. */
  readonly fresh: boolean
}

const stored = z.object({ topics: z.record(z.string(), z.base64().min(1)) })

/** @param from null: nothing was followed before. Anything that cannot be read says nothing of any topic. */
export function readPosition(from: Cursor | null): EventPosition {
  const parsed = stored.safeParse(from)
  const topics = parsed.success ? Object.entries(parsed.data.topics) : []
  return {
    replayIds: new Map(topics.map(([topic, id]) => [topic, Buffer.from(id, 'base64')])),
    fresh: from === null,
  }
}

/** @returns `{ topics: { '/data/AccountChangeEvent': 'AAAAAAAB…' } }` */
export function storedPosition(replayIds: ReadonlyMap<string, Buffer>): Cursor {
  return { topics: Object.fromEntries([...replayIds].map(([topic, id]) => [topic, id.toString('base64')])) }
}
