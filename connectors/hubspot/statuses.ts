/** What addresses agreed to, as HubSpot's communication preferences keep it: many addresses at a time, or one by one. */
import { z } from 'zod'
import { BATCH } from './batch.ts'
import type { HubSpotClient } from './client.ts'
import { failureOf } from './errors.ts'
import { API_VERSION } from './version.ts'

/** Addresses are one whatever their case and the blanks around them. */
export function addressOf(email: string): string {
  return email.trim().toLowerCase()
}

/** What an address said of our subscription type. */
export interface Stated {
  readonly status: string
  readonly at: Date | null
}

const statusSchema = z.object({
  status: z.string().toUpperCase().catch(''),
  subscriptionId: z.coerce.string(),
  timestamp: z.coerce.date().nullable().catch(null),
})
const statusesSchema = z.object({
  results: z.array(
    z
      .object({ subscriberIdString: z.string(), statuses: z.array(statusSchema).nullish() })
      .catch(() => NOBODY),
  ),
})

/** An entry that cannot be read says nothing about anybody, and keeps no other from being read. */
const NOBODY = { subscriberIdString: '', statuses: [] }

/**
 * What addresses said of a subscription type, by address as {@link addressOf} has it. Who is not in it said nothing.
 *
 * @example
 * (await readStatuses(client, '87', ['ann@example.com'])).get('ann@example.com') // { status: 'SUBSCRIBED', at: … }
 */
export async function readStatuses(
  client: HubSpotClient,
  subscription: string,
  addresses: readonly string[],
): Promise<ReadonlyMap<string, Stated>> {
  const stated = new Map<string, Stated>()
  let refusals = 0
  const all = [...new Set(addresses)].filter((address) => PLAUSIBLE.test(address))
  for (let from = 0; from < all.length; from += BATCH) {
    const some = all.slice(from, from + BATCH)
    await manyOrEach(
      client,
      'read',
      () => readSome(some),
      () => readEach(some),
    )
  }
  return stated

  async function readEach(some: readonly string[]): Promise<void> {
    for (const address of some) {
      try {
        const { body } = await client.call({
          method: 'GET',
          path: statusPath(address),
          query: { channel: 'EMAIL' },
          schema: z.object({ results: z.array(statusSchema).catch([]) }),
        })
        keep(address, body.results)
      } catch (error) {
        // What is no address to HubSpot says nothing about anybody.
        if (failureOf(error)?.status !== 400) throw error
      }
    }
  }

  function keep(address: string, statuses: readonly z.infer<typeof statusSchema>[]): void {
    const ours = statuses.find(({ subscriptionId }) => subscriptionId === subscription)
    if (ours !== undefined) stated.set(addressOf(address), { status: ours.status, at: ours.timestamp })
  }

  /** A batch that is refused whole is halved until the address at fault is found, which then says nothing. */
  async function readSome(some: readonly string[]): Promise<void> {
    try {
      const { body } = await client.call({
        method: 'POST',
        path: `/communication-preferences/${API_VERSION}/statuses/batch/read`,
        query: { channel: 'EMAIL' },
        body: { inputs: some },
        schema: statusesSchema,
      })
      for (const { subscriberIdString, statuses } of body.results) keep(subscriberIdString, statuses ?? [])
    } catch (error) {
      const failure = failureOf(error)
      // One that is not about an address is so for each of them, and is seen by halving once.
      if (failure?.status !== 400 || refusals >= MOST_REFUSALS) throw error
      refusals++
      if (some.length === 1) return
      const middle = some.length >> 1
      await readSome(some.slice(0, middle))
      await readSome(some.slice(middle))
    }
  }
}

/**
 * Scopes for many addresses at a time are given to accounts with Marketing Hub Enterprise alone; the calls for one address
 * do the same everywhere. What was refused to a client is not asked for again: repeated refusals count against an app.
 *
 * @see https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/scopes
 */
export async function manyOrEach(
  client: HubSpotClient,
  what: 'read' | 'write',
  many: () => Promise<void>,
  each: () => Promise<void>,
): Promise<void> {
  if (eachOnly[what].has(client)) return each()
  try {
    await many()
  } catch (error) {
    if (failureOf(error)?.status !== 403) throw error
    await each()
    eachOnly[what].add(client)
  }
}

const eachOnly = { read: new WeakSet<HubSpotClient>(), write: new WeakSet<HubSpotClient>() } as const

/** Of one address. */
export const statusPath = (address: string): string =>
  `/communication-preferences/${API_VERSION}/statuses/${encodeURIComponent(address)}`

/** HubSpot refuses a batch because of a text that is no address; contacts of imports have such. */
const PLAUSIBLE = /^[^\s@]+@[^\s@]+\.[^\s@]+$/
/** One address of a hundred is found by eight refused calls. */
const MOST_REFUSALS = 16
