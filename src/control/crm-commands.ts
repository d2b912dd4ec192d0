/** Disconnecting a connection, and making months pass in the sandboxes that this process hosts. */
import { z } from 'zod'
import { parseHubSpotConfig } from '../../connectors/hubspot/config.ts'
import { API_VERSION } from '../../connectors/hubspot/version.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { TenantId } from '../contracts/ids.ts'
import type { ConnectionPlace } from '../loop/services.ts'
import { SANDBOX_KINDS, SANDBOX_WORDS } from '../sandbox-hosts.ts'
import { portalSecret } from '../security/private-app-tokens.ts'
import { orgSecret } from '../security/sealed-sessions.ts'
import type { SealedPlace } from '../security/vault.ts'
import type { Service } from '../service.ts'
import { recordAudit } from '../store/audit.ts'
import { listConnections, setConnectionStatus, type Connection } from '../store/connections.ts'
import { asked } from './asked.ts'
import type { ControlCommand } from './server.ts'
import { companyOf } from './setup.ts'

/** @param wake has the queue look at once */
export function crmCommands(service: Service, wake: () => void): Readonly<Record<string, ControlCommand>> {
  const { database, vault } = service
  return {
    disconnect: async (options) => {
      const { company, connection: name } = asked(
        z.object({ company: z.string().optional(), connection: z.string().min(1) }),
        options,
      )
      const tenant = await companyOf(service, company)
      const connections = await database.withTenant(tenant.id, listConnections)
      const found = connections.find((one) => one.name === name || one.id === name)
      if (found === undefined) throw unknown(name, connections)
      const others = connections.filter(
        (one) =>
          one.id !== found.id &&
          one.kind === found.kind &&
          one.externalId === found.externalId &&
          one.status !== 'disconnected',
      )
      const last = isCrm(found.kind) && others.length === 0
      // While the sign-in still opens the account.
      const uninstalled = last && found.status === 'active' && (await takeLeave(service, tenant.id, found))
      await database.withTenant(tenant.id, async (tx) => {
        await setConnectionStatus(tx, found.id, 'disconnected', 'Disconnected from the command line.')
        if (last && found.externalId !== null)
          for (const place of signInPlaces(found.kind, found.externalId)) await vault.forget(tx, place)
        await recordAudit(tx, { actor: 'cli', action: 'connection.disconnect', object: found.id })
        tx.afterCommit(wake)
      })
      return { company: tenant.name, connection: found.name, uninstalled, forgotten: last }
    },

    sandbox: async (options, { report, signal }) => {
      const { months, crm } = asked(
        z.object({
          months: z.number().int().min(1).max(120).default(1),
          crm: z.enum(SANDBOX_KINDS).optional(),
        }),
        options,
      )
      const running = SANDBOX_KINDS.flatMap((kind) => {
        const host = crm === undefined || crm === kind ? service.sandboxes.get(kind) : null
        return host === null ? [] : [{ kind, host }]
      })
      if (running.length === 0)
        throw new HoldfastError(
          'not_found',
          `There is no ${crm === undefined ? 'CRM sandbox' : SANDBOX_WORDS[crm]} here: the first start of a new installation makes one, and it lives in the server that does everything (npm start).`,
        )
      for (let done = 0; done < months && !signal.aborted; done++) {
        for (const { host } of running) await host.passMonth()
        report({ label: 'Months', done: done + 1, total: months })
      }
      return {
        months,
        sandboxes: running.map(({ kind, host }) => ({ sandbox: SANDBOX_WORDS[kind], date: host.today() })),
      }
    },
  }
}

const isCrm = (kind: string): boolean => kind === 'hubspot' || kind === 'salesforce'

/** Where the sign-in of an account lies, shared by its connections. */
function signInPlaces(kind: string, externalId: string): readonly SealedPlace[] {
  if (kind === 'salesforce')
    return (['oauth', 'jwt_key', 'client_secret'] as const).map((name) => orgSecret(externalId, name))
  return (['oauth', 'private_app_token', 'webhook_secret'] as const).map((name) =>
    portalSecret(externalId, name),
  )
}

/** The CRM is told that the app leaves, where it can be told; one that does not answer is left all the same. */
async function takeLeave(
  service: Service,
  tenant: TenantId,
  { id, kind, config }: Connection,
): Promise<boolean> {
  if (config['builtIn'] === true) return false
  const place = { tenant, id, kind, config }
  try {
    return kind === 'salesforce' ? await service.salesforce.revoke(place) : await uninstall(service, place)
  } catch (cause) {
    service.log.warn({ err: cause, connection: id }, 'a CRM could not be told that the app leaves')
    return false
  }
}

/** @see https://developers.hubspot.com/docs/api-reference/latest/app-management/app-uninstalls/guide */
async function uninstall(service: Service, place: ConnectionPlace): Promise<boolean> {
  if (parseHubSpotConfig(place.config).auth !== 'oauth') return false
  const client = await service.hubspot.clientOf(place)
  await client.call({
    method: 'DELETE',
    path: `/appinstalls/${API_VERSION}/external-install`,
    schema: z.unknown(),
    repeatable: true,
  })
  return true
}

function unknown(name: string, connections: readonly Connection[]): HoldfastError {
  const known = connections.map((one) => `"${one.name}"`).join(', ')
  return new HoldfastError(
    'not_found',
    `There is no connection "${name}". ${known === '' ? 'None is set up yet.' : `Known: ${known}.`}`,
  )
}
