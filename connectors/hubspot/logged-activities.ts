/** Which entries are on the timeline, read by our key. */
import type { Activity } from '../connector.ts'
import type { HubSpotClient } from './client.ts'
import { readByKey } from './engagements.ts'
import { KEY_PROPERTY } from './fields.ts'
import type { Schema } from './schema.ts'

/**
 * @returns the keys of those that are there
 * @throws HoldfastError what the client throws
 * @example
 * await loggedActivities(client, schema, [{ key, kind: 'email' }]) // Set { key }
 */
export async function loggedActivities(
  client: HubSpotClient,
  schema: Schema,
  entries: readonly Pick<Activity, 'key' | 'kind'>[],
): Promise<ReadonlySet<string>> {
  const there = new Set<string>()
  for (const [kind, object] of [
    ['email', 'emails'],
    ['sms', 'communications'],
  ] as const) {
    const some = entries.filter((one) => one.kind === kind)
    // Without our property nothing was logged, and HubSpot would refuse to look anything up by it.
    if (some.length === 0 || !(await schema.of(object)).usable.has(KEY_PROPERTY)) continue
    for (const key of (await readByKey(client, object, some)).keys()) there.add(key)
  }
  return there
}
