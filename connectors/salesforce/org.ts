/** The org behind a sign-in: which one it is, and how it keeps time, money and people. */
import { z } from 'zod'
import { HoldfastError } from '../../src/contracts/errors.ts'
import { isCurrency } from '../../src/contracts/money.ts'
import type { CrmMemory } from '../memory.ts'
import type { SalesforceClient } from './client.ts'
import { isFailure } from './errors.ts'
import { id18 } from './ids.ts'
import { compare, select } from './soql.ts'

export interface SalesforceOrg {
  /** 18 characters. */
  readonly id: string
  readonly name: string
  /** A sandbox or scratch org: nothing is ever sent for its records. */
  readonly sandbox: boolean
  /** As Salesforce names it: Enterprise Edition. */
  readonly edition: string | null
  /** ISO 4217, of amounts without a currency of their own; null where Salesforce does not say. */
  readonly currency: string | null
  /** Records have a currency of their own. */
  readonly multiCurrency: boolean
  /** IANA. */
  readonly timeZone: string
  /** As Salesforce writes it: `en_US`. */
  readonly locale: string
  readonly personAccounts: boolean
}

const organization = z.object({
  Id: z.string(),
  Name: z.string().catch(''),
  IsSandbox: z.boolean(),
  OrganizationType: z.string().nullable().catch(null),
  TimeZoneSidKey: z.string().min(1).catch('UTC'),
  DefaultLocaleSidKey: z.string().catch(''),
})

const described = z.object({ fields: z.array(z.object({ name: z.string() })) })

/**
 * @throws HoldfastError as every call does
 * @example
 * (await readOrg(client)).id // '00D…'
 */
export async function readOrg(client: SalesforceClient): Promise<SalesforceOrg> {
  const [row] = await all(
    client,
    select({
      from: 'Organization',
      fields: ['Id', 'Name', 'IsSandbox', 'OrganizationType', 'TimeZoneSidKey', 'DefaultLocaleSidKey'],
    }),
    organization,
  )
  if (row === undefined)
    throw new HoldfastError(
      'connector_configuration',
      'Salesforce does not show its own org to the user that Holdfast signs in as. Give this user the permission set Holdfast Integration.',
    )
  const fields = await accountFields(client)
  const multiCurrency = fields.has('CurrencyIsoCode')
  return {
    id: id18(row.Id),
    name: row.Name,
    sandbox: row.IsSandbox,
    edition: row.OrganizationType,
    currency: await (multiCurrency ? corporateCurrency(client) : onlyCurrency(client)),
    multiCurrency,
    timeZone: row.TimeZoneSidKey,
    locale: row.DefaultLocaleSidKey,
    personAccounts: fields.has('IsPersonAccount'),
  }
}

/** None where our user may not see accounts at all. */
async function accountFields(client: SalesforceClient): Promise<ReadonlySet<string>> {
  try {
    const path = '/sobjects/Account/describe'
    const { body } = await client.call({ method: 'GET', path, schema: described })
    return new Set(body.fields.map(({ name }) => name))
  } catch (error) {
    if (isFailure(error, 'NOT_FOUND', 'INVALID_TYPE')) return new Set()
    throw error
  }
}

/** {@link readOrg}, remembered for some minutes. */
export function orgOf({
  client,
  memory,
}: {
  readonly client: SalesforceClient
  readonly memory: CrmMemory
}): Promise<SalesforceOrg> {
  return memory.recall('org', () => readOrg(client))
}

/** Exchange rates are against it, and records without a currency of their own are in it. */
async function corporateCurrency(client: SalesforceClient): Promise<string | null> {
  try {
    const [found] = await all(
      client,
      select({ from: 'CurrencyType', fields: ['IsoCode'], where: compare('IsCorporate', '=', true) }),
      z.object({ IsoCode: z.string() }),
    )
    return currencyOf(found?.IsoCode)
  } catch (error) {
    // Not shown to our user: amounts have their own all the same.
    if (isFailure(error, 'INVALID_TYPE', 'INVALID_FIELD', 'INSUFFICIENT_ACCESS')) return null
    throw error
  }
}

const features = z.object({
  features: z.object({ defaultCurrencyIsoCode: z.string().nullish().catch(null) }).optional(),
})

/**
 * Orgs of one currency have it in no object that a query reaches.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.chatterapi.meta/chatterapi/connect_responses_organization.htm
 */
async function onlyCurrency(client: SalesforceClient): Promise<string | null> {
  try {
    const { body } = await client.call({ method: 'GET', path: '/connect/organization', schema: features })
    return currencyOf(body.features?.defaultCurrencyIsoCode)
  } catch (error) {
    // Connect is a part of an org that can be switched off.
    if (error instanceof HoldfastError && (error.retryable || error.code === 'connector_reconnect'))
      throw error
    return null
  }
}

function currencyOf(code: string | null | undefined): string | null {
  return code !== null && code !== undefined && isCurrency(code) ? code : null
}

async function all<T>(client: SalesforceClient, soql: string, row: z.ZodType<T>): Promise<readonly T[]> {
  const found: T[] = []
  for await (const { records } of client.query(soql, row)) found.push(...records)
  return found
}
