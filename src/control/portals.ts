/** Disconnecting a connection, and making months pass in the sandbox that this process hosts. */
import { z } from 'zod'
import { parseHubSpotConfig } from '../../connectors/hubspot/config.ts'
import { API_VERSION } from '../../connectors/hubspot/version.ts'
import { HoldfastError } from '../contracts/errors.ts'
import { portalSecret } from '../security/private-app-tokens.ts'
import type { Service } from '../service.ts'
import { recordAudit } from '../store/audit.ts'
import { listConnections, setConnectionStatus, type Connection } from '../store/connections.ts'
import { asked } from './asked.ts'
import type { ControlCommand } from './server.ts'
import { companyOf } from './setup.ts'

/** @param wake has the queue look at once */
export function portalCommands(service: Service, wake: () => void): Readonly<Record<string, ControlCommand>> {
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
      const last = found.kind === 'hubspot' && others.length === 0
      // While the token still opens the account.
      const uninstalled =
        last && found.status === 'active' ? await uninstall(service, tenant.id, found) : false
      await database.withTenant(tenant.id, async (tx) => {
        await setConnectionStatus(tx, found.id, 'disconnected', 'Disconnected from the command line.')
        if (last && found.externalId !== null)
          for (const secret of ['oauth', 'private_app_token', 'webhook_secret'] as const)
            await vault.forget(tx, portalSecret(found.externalId, secret))
        await recordAudit(tx, { actor: 'cli', action: 'connection.disconnect', object: found.id })
        tx.afterCommit(wake)
      })
      return { company: tenant.name, connection: found.name, uninstalled, forgotten: last }
    },

    sandbox: async (options, { report, signal }) => {
      const { months } = asked(z.object({ months: z.number().int().min(1).max(120).default(1) }), options)
      const { sandbox } = service
      if (sandbox === null)
        throw new HoldfastError(
          'not_found',
          'There is no HubSpot sandbox here: the first start of a new installation makes one, and it lives in the server that does everything (npm start).',
        )
      for (let done = 0; done < months && !signal.aborted; done++) {
        await sandbox.passMonth()
        report({ label: 'Months', done: done + 1, total: months })
      }
      return { months, date: sandbox.today() }
    },
  }
}

/**
 * HubSpot is told that the app leaves, where it can be told; a portal that does not answer is left all the same.
 *
 * @see https://developers.hubspot.com/docs/api-reference/latest/app-management/app-uninstalls/guide
 */
async function uninstall(
  service: Service,
  tenant: Parameters<Service['connectors']['open']>[0]['tenant'],
  { id, kind, config }: Connection,
): Promise<boolean> {
  const { auth, builtIn } = parseHubSpotConfig(config)
  if (auth !== 'oauth' || builtIn === true) return false
  try {
    const client = await service.hubspot.clientOf({ tenant, id, kind, config })
    await client.call({
      method: 'DELETE',
      path: `/appinstalls/${API_VERSION}/external-install`,
      schema: z.unknown(),
      repeatable: true,
    })
    return true
  } catch (cause) {
    service.log.warn({ err: cause, connection: id }, 'HubSpot could not be told that the app leaves')
    return false
  }
}

function unknown(name: string, connections: readonly Connection[]): HoldfastError {
  const known = connections.map((one) => `"${one.name}"`).join(', ')
  return new HoldfastError(
    'not_found',
    `There is no connection "${name}". ${known === '' ? 'None is set up yet.' : `Known: ${known}.`}`,
  )
}
