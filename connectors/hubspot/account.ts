/** The portal behind a token: which one it is, how it keeps time and money, and how many calls a day it allows. */
import { z } from 'zod'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { HubSpotClient } from './client.ts'
import { API_VERSION } from './version.ts'

export interface HubSpotAccount {
  /** Id of the portal, digits. */
  readonly portal: string
  /** A sandbox or a developer's test account: nothing is ever sent for its records. */
  readonly test: boolean
  /** As HubSpot names it: STANDARD, SANDBOX, DEVELOPER_TEST, APP_DEVELOPER. */
  readonly accountType: string
  /** IANA. */
  readonly timeZone: string
  /** ISO 4217; null where HubSpot does not say. */
  readonly currency: string | null
  /** Where people use it: `app-eu1.hubspot.com`. */
  readonly uiDomain: string
}

const details = z.object({
  portalId: z.coerce.string().regex(/^\d+$/),
  accountType: z.string().catch(''),
  timeZone: z.string().catch('UTC'),
  companyCurrency: z.string().nullable().catch(null),
  uiDomain: z.string().catch('app.hubspot.com'),
})

/**
 * What `accountType` says of an account in which nobody real is reached: SANDBOX, DEVELOPER_TEST, APP_DEVELOPER, and
 * whatever else of the kind there will be.
 *
 * @see https://developers.hubspot.com/docs/api-reference/account-account-info-v3/guide
 */
const TEST_ACCOUNTS = /SANDBOX|TEST|DEVELOPER/i

/**
 * @throws HoldfastError as every call does
 * @example
 * (await readAccount(client)).portal // '8451236'
 */
export async function readAccount(client: HubSpotClient): Promise<HubSpotAccount> {
  const { body } = await client.call({
    method: 'GET',
    path: `/account-info/${API_VERSION}/details`,
    schema: details,
  })
  const { portalId, accountType, timeZone, companyCurrency, uiDomain } = body
  return {
    portal: portalId,
    test: TEST_ACCOUNTS.test(accountType),
    accountType,
    timeZone,
    currency: companyCurrency,
    uiDomain,
  }
}

const usage = z.object({
  results: z.array(z.object({ usageLimit: z.number().catch(0), currentUsage: z.number().catch(0) })),
})

/** Calls a day from which on an account is Professional or Enterprise: 250,000 is Free and Starter, 625,000 and 1,000,000 are those. */
const PROFESSIONAL_DAILY = 625_000

/**
 * How many calls in ten seconds a private app has, told from how many it has a day; the smaller limit where HubSpot
 * does not say.
 *
 * @see https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines
 */
export async function privateAppTier(client: HubSpotClient): Promise<'free' | 'pro'> {
  try {
    const { body } = await client.call({
      method: 'GET',
      path: `/account-info/${API_VERSION}/api-usage/daily/private-apps`,
      schema: usage,
    })
    const most = Math.max(0, ...body.results.map(({ usageLimit }) => usageLimit))
    return most >= PROFESSIONAL_DAILY ? 'pro' : 'free'
  } catch (cause) {
    if (cause instanceof HoldfastError && !cause.retryable) return 'free'
    throw cause
  }
}

/**
 * Where a person sees a record in HubSpot.
 *
 * @see https://knowledge.hubspot.com/records/understand-hubspot-record-urls 0-1 is a contact, 0-2 a company
 * @example
 * recordAddress({ uiDomain: 'app-eu1.hubspot.com', portal: '8451236' }, 'companies', '512')
 * // 'https://app-eu1.hubspot.com/contacts/8451236/record/0-2/512'
 */
export function recordAddress(
  { uiDomain, portal }: { uiDomain: string; portal: string },
  object: 'companies' | 'contacts',
  id: string,
): string {
  const type = object === 'companies' ? '0-2' : '0-1'
  return `https://${uiDomain}/contacts/${portal}/record/${type}/${encodeURIComponent(id)}`
}
