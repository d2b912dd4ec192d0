/**
 * Installing the app in a HubSpot account by a person's consent. What comes back is kept at once, since it is given once only;
 * which of the account's records are customers is said afterwards, as with any other sign-in.
 */
import { parseHubSpotConfig } from '../../connectors/hubspot/config.ts'
import { APP_SCOPES } from '../../connectors/hubspot/scopes.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { TenantId } from '../contracts/ids.ts'
import { beginInstall, installOf, type InstallWish } from '../security/install-attempt.ts'
import { keepPortalTokens } from '../security/portal-tokens.ts'
import type { Service } from '../service.ts'
import { recordAudit } from '../store/audit.ts'
import { readConnection, type Connection } from '../store/connections.ts'
import { auditOf, type Person } from './acting-person.ts'
import { connectedBefore } from './crm-connection.ts'
import type { PortalInstall } from './setting-up-contract.ts'

/**
 * @returns null where this installation has no app at HubSpot
 */
export function openPortalInstall(service: Service): PortalInstall | null {
  const { database, vault, hubspot } = service
  const { app } = hubspot
  if (app === null) return null
  return {
    begin: async (tenant, { redirectUri, object, again }) => {
      const known =
        again === null ? null : await database.withTenant(tenant, (tx) => readConnection(tx, again))
      const wish = known === null ? { object, again } : { object: objectOf(known), again }
      const { cookie, state, challenge } = beginInstall(tenant, wish)
      const portal = known?.externalId ?? null
      return {
        address: app.consentUrl({ redirectUri, state, challenge, portal, scopes: APP_SCOPES }),
        cookie,
      }
    },

    finish: async (tenant, { state, cookie, code, redirectUri }, by) => {
      const wish = installOf(cookie, state, tenant)
      if (wish === null) throw notBegunHere()
      const granted = await app.exchange({ code, redirectUri, codeVerifier: wish.verifier })
      const lacking = APP_SCOPES.required.filter((scope) => !granted.scopes.includes(scope))
      if (lacking.length > 0) {
        await app.revoke(granted.tokens).catch((cause: unknown) => {
          service.log.warn({ err: cause }, 'a consent that lacks scopes could not be given back')
        })
        throw new HoldfastError(
          'connector_configuration',
          `HubSpot account ${granted.portal} did not allow everything that the app needs: ${lacking.join(', ')} ${lacking.length === 1 ? 'is' : 'are'} missing. Nothing was kept. Add what is missing to the app in HubSpot, and install it again.`,
        )
      }
      const before = await expectRight(service, { tenant, wish, portal: granted.portal, by })
      await database.withTenant(tenant, async (tx) => {
        await keepPortalTokens(tx, { vault, ...granted })
        await recordAudit(tx, { ...auditOf(by), action: 'hubspot.install', object: granted.portal })
      })
      return { portal: granted.portal, object: wish.object, again: before?.id ?? null }
    },
  }
}

/**
 * Before anything is kept: it is the account that is signed in to again, and no other company has it.
 *
 * @returns the connection that it signs in to again, also where somebody just installed the app once more
 */
async function expectRight(
  service: Service,
  {
    tenant,
    wish,
    portal,
    by,
  }: {
    readonly tenant: TenantId
    readonly wish: InstallWish
    readonly portal: string
    readonly by: Person
  },
): Promise<Connection | null> {
  if (wish.again !== null) {
    const { name, externalId } = await service.database.withTenant(tenant, (tx) =>
      readConnection(tx, wish.again!),
    )
    if (externalId !== portal)
      throw new HoldfastError(
        'conflict',
        `The consent is of HubSpot account ${portal}, and "${name}" is of ${externalId ?? 'a file'}. Nothing was changed here; the app is installed in ${portal} now. Choose ${externalId ?? 'the right account'} in HubSpot, or connect ${portal} beside it.`,
      )
  }
  const account = { kind: 'hubspot', word: 'HubSpot account', externalId: portal } as const
  return connectedBefore(service, tenant, account, { object: wish.object, anew: true, by })
}

function objectOf({ name, kind, config }: Connection): InstallWish['object'] {
  if (kind === 'hubspot') return parseHubSpotConfig(config).object
  throw new HoldfastError(
    'conflict',
    `"${name}" is not of HubSpot, so there is no app of it to install there.`,
  )
}

function notBegunHere(): HoldfastError {
  return new HoldfastError(
    'unauthenticated',
    'This answer of HubSpot belongs to no installation that was begun in this browser for this company within the last ten minutes, or it was used before. Nothing was kept. Begin again.',
  )
}
