/** Which records belong together: associations of many records at once. */
import { z } from 'zod'
import type { HubSpotClient } from './client.ts'
import { inChunks } from './objects.ts'
import { paging, passedOverOnly, whole } from './raw-records.ts'
import { API_VERSION } from './version.ts'

export interface Associated {
  readonly id: string
  /** Labels of the association as the portal names them: "Decision maker". */
  readonly labels: readonly string[]
  /** HubSpot's own label for the one company or contact that counts most. */
  readonly primary: boolean
}

const answer = z.object({
  results: z.array(
    z.object({
      from: z.object({ id: z.coerce.string() }),
      to: z.array(
        z.object({
          toObjectId: z.coerce.string(),
          associationTypes: z
            .array(
              z.object({
                category: z.string().catch(''),
                typeId: z.coerce.number().catch(0),
                label: z.string().nullish().catch(null),
              }),
            )
            .catch([]),
        }),
      ),
      paging,
    }),
  ),
  errors: whole,
})

/**
 * @see https://developers.hubspot.com/changelog/bug-fix-batch-read-limit-for-hubspot-associations-api
 */
const BATCH = 1000

/**
 * HubSpot's own "primary" labels: contact to company 1, company to contact 2, deal to company 5, company to deal 6.
 *
 * @see https://developers.hubspot.com/docs/api-reference/latest/crm/associations/associations-schema/guide
 */
const PRIMARY: ReadonlySet<number> = new Set([1, 2, 5, 6])

/**
 * @returns an entry for each id, also for those without any
 * @throws HoldfastError as every call does
 * @example
 * (await associationsOf(client, 'companies', 'contacts', ['4711'])).get('4711')?.[0].labels
 */
export async function associationsOf(
  client: HubSpotClient,
  from: string,
  to: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, readonly Associated[]>> {
  const found = new Map<string, Associated[]>(ids.map((id) => [id, []]))
  let open: { id: string; after?: string }[] = [...found.keys()].map((id) => ({ id }))
  while (open.length > 0) {
    const next: typeof open = []
    for (const inputs of inChunks(open, BATCH)) {
      const { body } = await client.call({
        method: 'POST',
        path: `/crm/associations/${API_VERSION}/${from}/${to}/batch/read`,
        body: { inputs },
        schema: answer,
      })
      // A record without any, and one that is not there, are told as errors of a 207.
      passedOverOnly(to, body.errors)
      for (const { from: one, to: others, paging: pages } of body.results) {
        const list = found.get(one.id) ?? []
        found.set(one.id, list)
        for (const { toObjectId, associationTypes } of others)
          list.push({
            id: toObjectId,
            labels: associationTypes.flatMap(({ label }) => (label ? [label] : [])),
            primary: associationTypes.some(
              ({ category, typeId }) => category === 'HUBSPOT_DEFINED' && PRIMARY.has(typeId),
            ),
          })
        const after = pages?.next.after
        if (after !== undefined) next.push({ id: one.id, after })
      }
    }
    open = next
  }
  return found
}
