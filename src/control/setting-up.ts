/** What the app has done in setting up and tending connections: the same functions as the command line calls. */
import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { writeWorld } from '../../connectors/world/write.ts'
import type { Check } from '../contracts/checks.ts'
import { HoldfastError } from '../contracts/errors.ts'
import { asConnection, type ConnectionId, type TenantId } from '../contracts/ids.ts'
import { checkConnection } from '../doctor/connection.ts'
import { describedConnection } from '../loop/source.ts'
import { changePopulation } from '../loop/population.ts'
import type { Service } from '../service.ts'
import { saveConnectionCheck } from '../store/connection-checks.ts'
import { listConnections, readConnection } from '../store/connections.ts'
import { listSteps } from '../store/steps.ts'
import type { AccountFound, Connected } from './account-found.ts'
import type { Person } from './acting-person.ts'
import { openAgreementControl } from './agreements-control.ts'
import { connectFile, lookAtFile } from './connect-file.ts'
import { connectPortal, lookAtPortal } from './connect-hubspot.ts'
import { connectOrg, lookAtOrg } from './connect-salesforce.ts'
import { openPortalInstall } from './install-hubspot.ts'
import { openCustomerFiles } from './customer-files.ts'
import { disconnectConnection } from './disconnect.ts'
import { connectOptions as hubspotOptions } from './hubspot-choices.ts'
import { openMappingControl } from './mapping-control.ts'
import { connectOptions as salesforceOptions, signInOf } from './salesforce-choices.ts'
import type { ConnectChoices, SettingUp, Wanted } from './setting-up-contract.ts'
import { openStatedCustomers } from './stated-customers.ts'

/** Beneath the address of this installation; as the route has it. */
const CALLBACK = '/oauth/salesforce/callback'

/** Of the sample: enough for levels and a plan that mean something. */
const SAMPLE = { rows: 2000, seed: 42 }

/**
 * @param wake has the queue look at once
 * @example
 * const settingUp = openSettingUp(service, queue.wake)
 */
export function openSettingUp(service: Service, wake: () => void): SettingUp {
  const { database, clock, config } = service
  const files = openCustomerFiles(config.data)
  const looking = new Map<ConnectionId, Promise<readonly Check[]>>()
  const report = (): void => undefined

  /** Whoever asks meanwhile waits for the same look: it costs calls of the CRM. */
  function lookAt(tenant: TenantId, id: ConnectionId): Promise<readonly Check[]> {
    const known = looking.get(id)
    if (known !== undefined) return known
    const made = database
      .withTenant(tenant, async (tx) => ({
        connection: await readConnection(tx, id),
        steps: await listSteps(tx, { connection: id }),
      }))
      .then((found) => checkConnection(service, { tenant: { id: tenant }, ...found }))
      .finally(() => looking.delete(id))
    looking.set(id, made)
    return made
  }

  const portalOptions = (wanted: Extract<Wanted, { kind: 'hubspot' }>, more: object = {}) => {
    const { kind: _, ...given } = wanted
    return hubspotOptions.parse({ ...given, ...more })
  }

  const orgOptions = (wanted: Extract<Wanted, { kind: 'salesforce' }>, more: object = {}) => {
    const { signIn, object } = wanted
    expectSalesforce(signIn.loginUrl)
    const how =
      signIn.how === 'web'
        ? { org: signIn.org }
        : signIn.how === 'key'
          ? { jwtKey: signIn.key, clientId: signIn.clientId, username: signIn.username }
          : { clientSecret: signIn.secret, clientId: signIn.clientId }
    return salesforceOptions.parse({ object, loginUrl: signIn.loginUrl, ...how, ...more })
  }

  /** Whoever may name an address could have this server ask any other: only Salesforce's own, and the installation's. */
  function expectSalesforce(loginUrl: string | undefined): void {
    if (loginUrl === undefined) return
    const { protocol, hostname, origin } = new URL(loginUrl)
    const own = config.salesforce.loginUrl
    if (own !== null && new URL(own).origin === origin) return
    if (protocol === 'https:' && /(^|\.)salesforce\.com$/i.test(hostname)) return
    throw new HoldfastError(
      'connector_configuration',
      `${hostname} is not Salesforce's. Give the address of the org, such as https://acme.my.salesforce.com. An address of your own is set with SALESFORCE_LOGIN_URL.`,
    )
  }

  const signInTo = async (tenant: TenantId, options: ReturnType<typeof orgOptions>) =>
    service.salesforce.signIn(tenant, signInOf(options)!)

  /** A CRM is described at once, so that its fields can be mapped before the first sync. */
  async function describe(tenant: TenantId, id: ConnectionId): Promise<void> {
    const connection = await database.withTenant(tenant, (tx) => readConnection(tx, id))
    try {
      const place = { tenant, id, kind: connection.kind, config: connection.config }
      const connector = await service.connectors.open(place)
      try {
        if (connector.describeEveryMs > 0)
          await describedConnection(service, { tenant }, connection, connector, { force: true })
      } finally {
        await connector.close()
      }
    } catch (cause) {
      service.log.warn(
        { err: cause, connection: id },
        'a new connection could not be described; its sync does that',
      )
    }
  }

  async function connect(
    tenant: TenantId,
    wanted: Wanted,
    { name, again }: ConnectChoices,
    by: Person,
  ): Promise<Connected> {
    // Whoever installs the app once more, or loads the page again while it is connected, means the connection that there is.
    const installed = wanted.kind === 'hubspot' && wanted.portal !== undefined
    const more = { ...(name === undefined ? {} : { name }), again: again !== null || installed }
    if (wanted.kind === 'hubspot')
      return connectPortal(service, { tenant, wanted: portalOptions(wanted, more), by, report, wake })
    if (wanted.kind === 'salesforce') {
      const options = orgOptions(wanted, more)
      const signedIn = await signInTo(tenant, options)
      return connectOrg(service, { tenant, wanted: options, signedIn, by, report, wake })
    }
    const path = wanted.kind === 'file' ? await files.pathOf(tenant, wanted.file) : await madeUp(tenant)
    // What cannot be read is refused here, not by the first sync.
    await lookAtFile(service, { tenant, config: { path } })
    return connectFile(service, {
      tenant,
      config: { path },
      name: name ?? (wanted.kind === 'sample' ? 'Sample customers' : path.split(/[\\/]/).at(-1)!),
      population: null,
      sandbox: wanted.kind === 'sample',
      by,
      wake,
    })
  }

  /** A sign-in of another account is no new sign-in: it would connect that one. */
  async function expectSame(tenant: TenantId, wanted: Wanted, id: ConnectionId, by: Person): Promise<void> {
    const { name, externalId } = await database.withTenant(tenant, (tx) => readConnection(tx, id))
    const found =
      wanted.kind === 'hubspot' || wanted.kind === 'salesforce' ? await look(tenant, wanted, by) : null
    if (found?.connectedAs?.id === id) return
    throw new HoldfastError(
      'conflict',
      found === null
        ? `"${name}" is not signed in to: it is a file. Bring it as a new connection.`
        : `This sign-in opens ${found.system} ${found.account.id} (${found.object}), and "${name}" is of ${externalId ?? 'a file'}. Nothing was changed. Sign in to the right one, or connect this one beside it.`,
    )
  }

  async function look(
    tenant: TenantId,
    wanted: Exclude<Wanted, { readonly kind: 'sample' }>,
    by: Person,
  ): Promise<AccountFound> {
    if (wanted.kind === 'hubspot') return lookAtPortal(service, { tenant, wanted: portalOptions(wanted), by })
    if (wanted.kind === 'salesforce') {
      const options = orgOptions(wanted)
      return lookAtOrg(service, { tenant, wanted: options, signedIn: await signInTo(tenant, options), by })
    }
    return lookAtFile(service, { tenant, config: { path: await files.pathOf(tenant, wanted.file) } })
  }

  async function madeUp(tenant: TenantId): Promise<string> {
    const path = join(resolve(config.data, 'files', tenant), randomUUID(), 'sample customers.csv')
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await writeWorld(path, { ...SAMPLE, asOf: clock().toISOString().slice(0, 10) })
    return path
  }

  return {
    ...openStatedCustomers(service, wake),
    mapping: openMappingControl(service, wake),
    agreements: openAgreementControl(service, wake),

    files: {
      receive: async (tenant, name, chunks) => {
        const connections = await database.withTenant(tenant, listConnections)
        const used = connections.flatMap((one) =>
          typeof one.config['path'] === 'string' ? [one.config['path']] : [],
        )
        await files.clear(tenant, new Set(used), clock())
        return files.receive(tenant, name, chunks)
      },
    },

    portalInstall: openPortalInstall(service),

    look,

    connect: async (tenant, wanted, choices, by) => {
      if (choices.again !== null) await expectSame(tenant, wanted, choices.again, by)
      const made = await connect(tenant, wanted, choices, by)
      const { id, connection, reconnected = false, warnings } = made
      const { profile } = await database.withTenant(tenant, (tx) => readConnection(tx, asConnection(id)))
      // One whose data was erased is not described any more.
      if (!reconnected || profile === null) await describe(tenant, asConnection(id))
      // Of a sample everybody is a customer: there is nothing to say.
      if (wanted.kind === 'sample')
        await database.withTenant(tenant, (tx) => changePopulation(tx, id, { kind: 'everyone' }))
      return { id, connection, reconnected, warnings }
    },

    beginConsent: async (tenant, { loginUrl, origin }) => {
      expectSalesforce(loginUrl)
      const callback = `${service.publicUrl ?? origin}${CALLBACK}`
      const begun = await service.salesforce.web.begin(tenant, { redirectUri: callback, loginUrl })
      return { ...begun, callback }
    },

    consented: async (tenant, state) => {
      if (!state.startsWith(`${tenant}.`))
        throw new HoldfastError('not_found', 'This sign-in is not known here. Begin again.')
      const how = await service.salesforce.web.look(tenant, state)
      if (how === null) return null
      const { config: signedIn } = await service.salesforce.signIn(tenant, how)
      return { org: signedIn.org, username: signedIn.username }
    },

    check: async (tenant, id, by) => {
      // Of another company there is nothing to look at.
      await database.withTenant(tenant, (tx) => readConnection(tx, id))
      const checks = await lookAt(tenant, id)
      return database.withTenant(tenant, (tx) => saveConnectionCheck(tx, id, { by: by.actor, checks }))
    },

    disconnect: async (tenant, id, data, by) => {
      const connection = await database.withTenant(tenant, (tx) => readConnection(tx, id))
      return disconnectConnection(service, { tenant, connection, data, by, wake })
    },
  }
}
