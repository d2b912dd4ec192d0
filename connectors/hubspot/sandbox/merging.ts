/**
 * Two records become one.
 *
 * @see https://knowledge.hubspot.com/records/merge-records
 */

interface Merged {
  readonly id: string
  readonly properties: Readonly<Record<string, string>>
}

/**
 * What the record that is left gets from the other: values for its gaps, and the ids that are gone.
 *
 * @param newId the record that is left has an id of its own, so that the winner's is gone too
 */
export function mergedValues(winner: Merged, loser: Merged, newId: boolean): Record<string, string> {
  const gone = [winner, loser].flatMap(({ properties }) => properties.hs_merged_object_ids?.split(';') ?? [])
  const merged = new Set([...gone, loser.id, ...(newId ? [winner.id] : [])].filter((id) => id !== ''))
  const values: Record<string, string> = {}
  for (const [name, value] of Object.entries(loser.properties)) {
    if (!winner.properties[name] && value !== '') values[name] = value
  }
  return { ...values, hs_merged_object_ids: [...merged].join(';') }
}
