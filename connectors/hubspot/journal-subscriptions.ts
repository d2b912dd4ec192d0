/**
 * What the Webhooks Journal is to hold of an account: just what a connection reads of it. HubSpot keeps one list for all accounts
 * of the app; those of other accounts are never touched.
 *
 * @see https://developers.hubspot.com/docs/api-reference/latest/webhooks-journal/subscriptions/guide
 */
import { z } from 'zod'
import { dealProperties } from './agreements.ts'
import type { HubSpotClient } from './client.ts'
import type { HubSpotConfig } from './config.ts'
import { failureOf } from './errors.ts'
import { isOurs } from './fields.ts'
import { TYPE_IDS } from './hint-key.ts'
import { contactProperties } from './recipients.ts'
import { JOURNAL_VERSION } from './version.ts'

const PATH = `/webhooks-journal/subscriptions/${JOURNAL_VERSION}`
const OBJECT_ACTIONS = ['CREATE', 'UPDATE', 'DELETE', 'MERGE', 'RESTORE'] as const
const ASSOCIATION_ACTIONS = ['ASSOCIATION_ADDED', 'ASSOCIATION_REMOVED'] as const
/** The type of the event that an app was taken out. */
const UNINSTALL = '4-1916193'

export interface WantedSubscription {
  readonly subscriptionType: 'OBJECT' | 'ASSOCIATION' | 'GDPR_PRIVACY_DELETION'
  readonly objectTypeId: string
  readonly actions: readonly string[]
  /** Of `OBJECT`, in order. */
  readonly properties?: readonly string[]
  /** Of `ASSOCIATION`, in order. */
  readonly associatedObjectTypeIds?: readonly string[]
}

const known = z.object({
  id: z.number(),
  subscriptionType: z.string(),
  objectTypeId: z.string().optional().catch(undefined),
  /** Of app events, where HubSpot shows it. */
  eventTypeId: z.string().optional().catch(undefined),
  portalId: z.coerce.string().optional().catch(undefined),
  actions: z
    .array(z.string())
    .nullish()
    .transform((list) => list ?? []),
  properties: z
    .array(z.string())
    .nullish()
    .transform((list) => list ?? []),
  objectIds: z
    .array(z.unknown())
    .nullish()
    .transform((list) => list ?? []),
  associatedObjectTypeIds: z
    .array(z.string())
    .nullish()
    .transform((list) => list ?? []),
  deletedAt: z.string().nullish(),
})
type Known = z.infer<typeof known>
const list = z.object({ results: z.array(known) })

/** They change with everything, or by themselves. */
const RESTLESS = new Set([
  'hs_lastmodifieddate',
  'lastmodifieddate',
  'hs_object_id',
  'createdate',
  'notes_last_updated',
])

/**
 * @param properties of the customers that are read; null: not known yet, or all that there are
 * @example
 * wantedSubscriptions({ object: 'companies', … }, ['mrr'])[0] // { subscriptionType: 'OBJECT', objectTypeId: '0-2', properties: ['hubspot_owner_id', 'mrr', 'name'], … }
 */
export function wantedSubscriptions(
  config: Pick<HubSpotConfig, 'object' | 'responsible' | 'agreements' | 'subscription'>,
  properties: readonly string[] | null,
): readonly WantedSubscription[] {
  const { object, responsible, agreements } = config
  const contact = contactProperties(config)
  const own = object === 'companies' ? ['name'] : contact
  const of = new Map<keyof typeof TYPE_IDS, readonly string[]>([
    [object, [...own, responsible, ...(properties ?? [])]],
    ...(object === 'companies' ? [['contacts', contact] as const] : []),
    ...(agreements.from === 'deals' ? [['deals', dealProperties(agreements)] as const] : []),
  ])
  const around = [...of.keys()].filter((other) => other !== object)
  return [
    ...[...of].map(([name, all]) => ({
      subscriptionType: 'OBJECT' as const,
      objectTypeId: TYPE_IDS[name],
      actions: OBJECT_ACTIONS,
      properties: [...new Set(all)].filter((one) => !RESTLESS.has(one) && !isOurs(one)).toSorted(),
    })),
    ...(around.length === 0
      ? []
      : [
          {
            subscriptionType: 'ASSOCIATION' as const,
            objectTypeId: TYPE_IDS[object],
            actions: ASSOCIATION_ACTIONS,
            associatedObjectTypeIds: around.map((other) => TYPE_IDS[other]).toSorted(),
          },
        ]),
    {
      subscriptionType: 'GDPR_PRIVACY_DELETION',
      objectTypeId: TYPE_IDS.contacts,
      actions: ['GDPR_DELETE'],
    },
  ]
}

/**
 * Makes what is missing, brings up to date what is not as wanted, and deletes what nobody wants.
 *
 * @param alone no other connection reads this account; otherwise what is there already may be another's, and stays
 * @returns whether anything was changed
 */
export async function keepSubscriptions(
  client: HubSpotClient,
  { portal, wanted, alone }: { portal: string; wanted: readonly WantedSubscription[]; alone: boolean },
): Promise<boolean> {
  const { body } = await client.call({ method: 'GET', path: PATH, schema: list })
  const there = body.results.filter(({ deletedAt }) => deletedAt === null || deletedAt === undefined)
  const ours = there.filter(({ portalId }) => portalId === portal)
  const kept = new Set<number>()
  let changed = false
  for (const one of wanted) {
    const same = ours.filter((other) => isOfSame(one, other))
    const needed = alone ? one : joined(one, same)
    const right = same.find((other) => isAs(needed, other))
    if (right !== undefined) {
      kept.add(right.id)
      continue
    }
    const of = { portalId: Number(portal), ...needed }
    const made = await post(
      client,
      needed.subscriptionType === 'GDPR_PRIVACY_DELETION' ? of : { ...of, objectIds: [] },
    )
    kept.add(made)
    changed = true
  }
  if (!there.some(isOfUninstall)) {
    await post(client, { subscriptionType: 'APP_LIFECYCLE_EVENT', eventTypeId: UNINSTALL, properties: [] })
    changed = true
  }
  const others = ours.filter(
    (other) =>
      !kept.has(other.id) &&
      // What an earlier one was replaced by says all that it said.
      (alone || wanted.some((one) => isOfSame(one, other))) &&
      other.subscriptionType !== 'APP_LIFECYCLE_EVENT',
  )
  for (const { id } of others) {
    await remove(client, `${PATH}/${id}`)
    changed = true
  }
  return changed
}

/** Nothing of an account is kept in the journal any more. */
export const dropSubscriptions = (client: HubSpotClient, portal: string): Promise<void> =>
  remove(client, `${PATH}/portals/${encodeURIComponent(portal)}`)

async function post(client: HubSpotClient, body: unknown): Promise<number> {
  // Creates or brings up to date: the same twice is one.
  const schema = known.pick({ id: true })
  return (await client.call({ method: 'POST', path: PATH, body, schema, repeatable: true })).body.id
}

async function remove(client: HubSpotClient, path: string): Promise<void> {
  try {
    await client.call({ method: 'DELETE', path, schema: z.unknown(), repeatable: true })
  } catch (error) {
    if (failureOf(error)?.status !== 404) throw error
  }
}

const isOfSame = (one: WantedSubscription, other: Known): boolean =>
  other.subscriptionType === one.subscriptionType && other.objectTypeId === one.objectTypeId

const isOfUninstall = ({ subscriptionType, eventTypeId, objectTypeId, actions }: Known): boolean =>
  subscriptionType === 'APP_LIFECYCLE_EVENT' &&
  ((eventTypeId ?? objectTypeId) === UNINSTALL || actions.includes('APP_UNINSTALL'))

function isAs(one: WantedSubscription, other: Known): boolean {
  const same = (a: readonly string[] = [], b: readonly string[]): boolean =>
    new Set([...a, ...b]).size === new Set(a).size && new Set(a).size === new Set(b).size
  return (
    other.objectIds.length === 0 &&
    same(one.actions, other.actions) &&
    same(one.properties, other.properties) &&
    same(one.associatedObjectTypeIds, other.associatedObjectTypeIds)
  )
}

/** With what another connection has it hold. */
function joined(one: WantedSubscription, same: readonly Known[]): WantedSubscription {
  const both = (mine: readonly string[], theirs: (other: Known) => readonly string[]): readonly string[] =>
    [...new Set([...mine, ...same.flatMap(theirs)])].toSorted()
  return {
    ...one,
    ...(one.properties && { properties: both(one.properties, ({ properties }) => properties) }),
    ...(one.associatedObjectTypeIds && {
      associatedObjectTypeIds: both(
        one.associatedObjectTypeIds,
        ({ associatedObjectTypeIds }) => associatedObjectTypeIds,
      ),
    }),
  }
}
