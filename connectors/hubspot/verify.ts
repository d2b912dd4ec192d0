/** What a connection to HubSpot is checked for; it only reads. */
import { z } from 'zod'
import type { Check } from '../../src/contracts/checks.ts'
import { comparedCounts, count, guarded, listed, type Found } from '../checking.ts'
import { readAccount } from './account.ts'
import type { HubSpotClient } from './client.ts'
import type { HubSpotConfig } from './config.ts'
import { failureOf } from './errors.ts'
import type { OurObject } from './fields.ts'
import { callGroups, lackingScopes } from './scopes.ts'
import { readDefinitions, standingOf, type Definition } from './standing.ts'
import { proposeSubscription, subscriptionTypes } from './subscription-types.ts'
import { API_VERSION } from './version.ts'

export interface VerifyOptions {
  readonly config: Pick<
    HubSpotConfig,
    'portal' | 'object' | 'auth' | 'subscription' | 'agreements' | 'sensitive'
  >
  /** Scopes of the token, where somebody can be asked for them; otherwise they are found out by calls. */
  readonly granted?: () => Promise<readonly string[] | null>
  /** Names of the properties that the mapping and the population read; default none are known. */
  readonly mapped?: readonly string[]
  /** Records of this connection that Holdfast holds; null unknown. */
  readonly stored?: number | null
}

/**
 * Sign-in, scopes, our properties, those that the mapping reads, calls left, records and consent.
 *
 * @example
 * await verify(client, { config }) // [{ name: 'HubSpot account', status: 'ok', message: 'Portal 4711 …' }, …]
 */
export async function verify(client: HubSpotClient, options: VerifyOptions): Promise<readonly Check[]> {
  const account = await guarded('HubSpot account', () => checkAccount(client, options))
  // Without a sign-in everything else would only fail the same way.
  if (account.status === 'failed') return [account]
  const { config } = options
  let definitions: readonly Definition[] = []
  const checks = [account, await guarded('Scopes', () => checkScopes(client, options))]
  checks.push(
    await guarded('Properties of Holdfast', async () => {
      definitions = await readDefinitions(client, config.object)
      return checkOurs(client, config.object, definitions)
    }),
  )
  if (definitions.length > 0) checks.push(...checkMapped(options, definitions))
  checks.push(
    await guarded('Calls left today', () => checkQuota(client, options)),
    await guarded('Records', () => checkRecords(client, options)),
    await guarded('Consent to e-mails', () => checkConsent(client, options)),
  )
  return checks
}

async function checkAccount(client: HubSpotClient, { config }: VerifyOptions): Promise<Found> {
  const { portal, test, accountType, currency, timeZone } = await readAccount(client)
  if (portal !== config.portal)
    return {
      status: 'failed',
      message: `The sign-in belongs to portal ${portal}, but this connection is to portal ${config.portal}. Connect the account anew; nothing is read or written until then.`,
    }
  const kind = [accountType, currency ?? 'no currency', timeZone].join(', ')
  const note = test
    ? ' It is a test account: risk is written there, and nobody is sent anything because of it.'
    : ''
  return { status: 'ok', message: `Portal ${portal} (${kind}) accepts our sign-in.${note}` }
}

async function checkScopes(client: HubSpotClient, { config, granted }: VerifyOptions): Promise<Found> {
  const groups = callGroups({ object: config.object, deals: config.agreements.from === 'deals' })
  const lacking = await lackingScopes(client, groups, (await granted?.()) ?? null)
  if (lacking.length === 0)
    return { status: 'ok', message: `The app may make all of the ${groups.length} kinds of calls it needs.` }
  const named = lacking.map(({ what, scopes }) => `${scopes[0]} (to ${what})`).join(', ')
  return {
    status: 'failed',
    message: `The app in HubSpot lacks ${lacking.length === 1 ? 'the scope' : 'the scopes'} ${named}. Add what is missing to the app and let an admin of the HubSpot account approve it.`,
  }
}

async function checkOurs(
  client: HubSpotClient,
  object: 'companies' | 'contacts',
  definitions: readonly Definition[],
): Promise<Found> {
  const problems: string[] = []
  const missing: string[] = []
  for (const one of [object, 'tasks', 'emails'] as const satisfies readonly OurObject[]) {
    const standing = standingOf(one, one === object ? definitions : await readDefinitions(client, one))
    problems.push(...standing.problems.values())
    missing.push(...standing.missing.map(({ name }) => `${one}.${name}`))
  }
  if (problems.length > 0) return { status: 'failed', message: problems.join(' ') }
  if (missing.length > 0)
    return {
      status: 'warning',
      message: `${listed(missing)} ${missing.length === 1 ? 'is' : 'are'} missing in HubSpot. Holdfast makes what is missing when it writes next; what is archived has to be restored there.`,
    }
  return { status: 'ok', message: 'All of them are there and can be written.' }
}

function checkMapped(
  { config, mapped = [] }: VerifyOptions,
  definitions: readonly Definition[],
): readonly Check[] {
  if (mapped.length === 0) return []
  const there = new Set([...definitions.map((one) => one.name), ...config.sensitive])
  const missing = mapped.filter((name) => !there.has(name))
  const name = 'Mapped properties'
  if (missing.length === 0)
    return [{ name, status: 'ok', message: `All ${mapped.length} that are read are there.` }]
  return [
    {
      name,
      status: 'failed',
      message: `${listed(missing)} of ${config.object} ${missing.length === 1 ? 'is' : 'are'} read by the mapping, but HubSpot has no such property: deleted, archived or made sensitive. Restore it there, or map another one.`,
    },
  ]
}

const usageSchema = z.object({
  results: z.array(
    z.object({
      usageLimit: z.number(),
      currentUsage: z.number(),
      fetchStatus: z.string().catch('SUCCESS'),
      resetsAt: z.string().nullish().catch(null),
    }),
  ),
})

/** Of all calls that a day allows, fewer left than this share are worth a warning. */
const SCARCE = 0.1

async function checkQuota(client: HubSpotClient, { config }: VerifyOptions): Promise<Found> {
  if (config.auth === 'oauth')
    return {
      status: 'off',
      message:
        'HubSpot tells private apps alone how many calls a day are left. Those of this app are paced to the 110 in 10 seconds that it has.',
    }
  try {
    const { body } = await client.call({
      method: 'GET',
      path: `/account-info/${API_VERSION}/api-usage/daily/private-apps`,
      schema: usageSchema,
    })
    const known = body.results.filter(({ fetchStatus }) => /^(SUCCESS|CACHED)$/.test(fetchStatus))
    const [least] = known.toSorted((a, b) => left(a) - left(b))
    if (least === undefined) return { status: 'off', message: 'HubSpot does not say how many are left.' }
    const until = typeof least.resetsAt === 'string' ? ` until ${least.resetsAt}` : ''
    return {
      status: left(least) === 0 ? 'failed' : left(least) < SCARCE * least.usageLimit ? 'warning' : 'ok',
      message: `${count(left(least))} of ${count(least.usageLimit)} are left${until}; all private apps of the account share them.`,
      used: { many: least.currentUsage, of: least.usageLimit, until: least.resetsAt ?? null },
    }
  } catch (error) {
    const status = failureOf(error)?.status
    if (status !== 403 && status !== 404) throw error
    return { status: 'off', message: 'HubSpot does not tell this app how many are left.' }
  }
}

function left({ usageLimit, currentUsage }: { usageLimit: number; currentUsage: number }): number {
  return Math.max(0, usageLimit - currentUsage)
}

const totalSchema = z.object({ total: z.number() })

async function checkRecords(
  client: HubSpotClient,
  { config: { object }, stored = null }: VerifyOptions,
): Promise<Found> {
  const { body } = await client.call({
    method: 'POST',
    path: `/crm/objects/${API_VERSION}/${object}/search`,
    body: { filterGroups: [], sorts: [], properties: ['hs_object_id'], limit: 1, after: '0' },
    schema: totalSchema,
  })
  return comparedCounts(body.total, stored, `HubSpot has ${count(body.total)} ${object}`)
}

async function checkConsent(client: HubSpotClient, { config }: VerifyOptions): Promise<Found> {
  const types = await subscriptionTypes(client)
  const { subscription } = config
  const proposed = proposeSubscription(types)
  const choose = `Connect the account again with --subscription and the id of one${proposed === null ? '' : `, such as ${proposed.id} ("${proposed.name}")`}.`
  if (subscription === null)
    return {
      status: 'warning',
      message: `No subscription type is chosen for the e-mails of Holdfast, so nobody counts as having agreed. ${choose}`,
    }
  const chosen = types.find(({ id }) => id === subscription)
  if (chosen === undefined)
    return { status: 'failed', message: `HubSpot has no subscription type ${subscription}. ${choose}` }
  if (!chosen.isActive)
    return {
      status: 'failed',
      message: `The subscription type "${chosen.name}" (${subscription}) is no longer active. ${choose}`,
    }
  return { status: 'ok', message: `It is kept by the subscription type "${chosen.name}" (${subscription}).` }
}
