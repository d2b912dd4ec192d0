/**
 * Who looks in from inside a Salesforce org. The package in the org shows a key that was made for this org, and says by Apex which
 * of its users asks: Apex runs at Salesforce, out of the reach of whoever is in the browser. So the org vouches for its users, and
 * whoever may write Apex there may ask as any of them; no other org can.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.apexcode.meta/apexcode/apex_methods_system_userinfo.htm
 */
import { z } from 'zod'
import { PACKAGE_HEADERS } from '../../../connectors/salesforce/app.ts'
import { id18, isId } from '../../../connectors/salesforce/ids.ts'
import { HoldfastError } from '../../contracts/errors.ts'
import type { TenantId } from '../../contracts/ids.ts'
import type { Caller } from '../../security/access.ts'
import { normaliseEmail } from '../../security/address-hash.ts'
import { connectionsOfAccount, readerByEmail, type ReadConnection } from '../../store/crm-readers.ts'
import type { RouteServices } from '../services.ts'
import { countedAs, type CrmReader } from './reader.ts'

const salesforceId = (prefix: string, what: string) =>
  z
    .string()
    .refine(
      (id) => isId(id) && id.startsWith(prefix),
      `is the id of ${what}, 15 or 18 characters that begin with ${prefix}`,
    )
    .transform(id18)

/** Of every request of the package. */
export const packageHeaders = z.object({
  [PACKAGE_HEADERS.org]: salesforceId('00D', 'the org').meta({
    description: 'Id of the org that asks; the key has to be of it',
    example: '00DHp000002xQAXMA2',
  }),
  [PACKAGE_HEADERS.user]: salesforceId('005', 'a user').meta({
    description: 'Id of the user who asks',
    example: '005Hp00000iRwXaIAK',
  }),
  [PACKAGE_HEADERS.email]: z
    .string()
    .max(320)
    .optional()
    .meta({ description: 'Of the user: who signs in to Holdfast with it has that role here' }),
})

export interface PackageAsked {
  readonly tenant: TenantId
  readonly caller: Caller
  readonly headers: z.infer<typeof packageHeaders>
}

/**
 * The connections of the key's company to the org that asks; requests that change something are counted by user.
 *
 * @throws HoldfastError `forbidden` for a key of another org, `not_found` where the org is not connected (any more),
 *   `too_many_requests`
 */
export async function connectionsOfOrg(
  { tenant, caller, headers }: PackageAsked,
  { database, countSigned }: Pick<RouteServices, 'database' | 'countSigned'>,
): Promise<readonly [ReadConnection, ...ReadConnection[]]> {
  const org = headers[PACKAGE_HEADERS.org]
  if (caller.kind !== 'key' || caller.account !== org) {
    countSigned('forged')
    throw new HoldfastError(
      'forbidden',
      `This key is of another org than ${org}. An admin of Holdfast makes one for this org: Connections > the org > Package in Salesforce. It is typed into Setup > Named Credentials > External Credentials > Holdfast.`,
    )
  }
  const [first, ...others] = await database.asSystem('who looks in from an org', async (tx) =>
    (await connectionsOfAccount(tx, 'salesforce', org)).filter((one) => one.tenant === tenant),
  )
  if (first === undefined) {
    countSigned('unknown_portal')
    throw new HoldfastError(
      'not_found',
      `The Salesforce org ${org} is not connected to Holdfast. An admin of Holdfast connects it: Set-up > Connect > Salesforce.`,
    )
  }
  countSigned('taken')
  return [first, ...others]
}

/**
 * @param asked.changes it may change something
 * @throws HoldfastError as {@link connectionsOfOrg}
 * @example
 * const reader = await salesforceReader(request, services, { changes: false })
 */
export async function salesforceReader(
  request: PackageAsked,
  services: Pick<RouteServices, 'database' | 'rates' | 'countSigned'>,
  { changes }: { readonly changes: boolean },
): Promise<CrmReader> {
  const { tenant, headers } = request
  const connections = await connectionsOfOrg(request, services)
  const account = headers[PACKAGE_HEADERS.org]
  const user = headers[PACKAGE_HEADERS.user]
  const from = { crm: 'salesforce', account, user } as const
  if (changes) await services.rates.takeOf('changes', countedAs(from))
  const said = headers[PACKAGE_HEADERS.email]
  const email = said === undefined ? null : normaliseEmail(said)
  const person =
    email === null
      ? null
      : await services.database.withTenant(
          tenant,
          async (tx) => (await readerByEmail(tx, { tenant, connections: [], email })).person,
        )
  return {
    tenant,
    connections,
    ...from,
    email,
    person,
    // Owners of records are users.
    owner: user,
    actor: `user:${email ?? countedAs(from)}`,
    // What nobody can overhear need not be told from what was sent again.
    mark: null,
  }
}
