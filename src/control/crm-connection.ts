/** What connecting any CRM comes to: is it connected already, what is stored, in which currency it is reckoned. */
import { isDeepStrictEqual } from 'node:util'
import { HoldfastError } from '../contracts/errors.ts'
import type { ConnectionId, TenantId } from '../contracts/ids.ts'
import { isCurrency } from '../contracts/money.ts'
import { changePopulation } from '../loop/population.ts'
import type { Service } from '../service.ts'
import type { ServiceSettings } from '../settings/service.ts'
import { recordAudit } from '../store/audit.ts'
import { endErasures, expectNotErasing } from '../store/connection-erasures.ts'
import {
  createConnection,
  findConnectionsByExternalId,
  listConnections,
  setConnectionStatus,
  type Connection,
  type NewConnection,
  type Population,
} from '../store/connections.ts'
import { changeConfig } from '../store/crm-connections.ts'
import type { Transaction } from '../store/database.ts'
import { currentSettings, saveSettings } from '../store/settings-versions.ts'
import { requestStep } from '../store/steps.ts'
import { auditOf, type Person } from './acting-person.ts'

/** A portal or an org that is about to be connected. */
export interface CrmAccount {
  readonly kind: 'hubspot' | 'salesforce'
  /** As people say it: "HubSpot account", "Salesforce org". */
  readonly word: string
  readonly externalId: string
  /** A sandbox or a test account: always dry runs. */
  readonly test: boolean
  /** ISO 4217; null is unknown. */
  readonly currency: string | null
}

/**
 * A connection of the company to the same records, which waits to be signed in to again, or is set up anew.
 *
 * @param wanted.object as the config names it: `companies`, `Account`
 * @param wanted.anew one that works may be set up anew: something was said for it
 * @returns null: there is none
 * @throws HoldfastError `conflict` when they are connected already, here or to another company, or are still being erased
 */
export async function connectedBefore(
  { database }: Pick<Service, 'database'>,
  tenant: TenantId,
  { kind, word, externalId }: Pick<CrmAccount, 'kind' | 'word' | 'externalId'>,
  { object, anew, by }: { readonly object: string; readonly anew: boolean; readonly by: Person },
): Promise<Connection | null> {
  const placed = await database.asSystem('whether a CRM is connected already', (tx) =>
    findConnectionsByExternalId(tx, kind, externalId),
  )
  const what = `The ${objectWords(object)} of ${word} ${externalId}`
  for (const one of placed) {
    const connections = await database.withTenant(one.tenant, listConnections)
    const found = connections.find(({ id }) => id === one.connection)
    if (found === undefined || found.config['object'] !== object) continue
    if (one.tenant !== tenant) {
      if (found.status === 'disconnected') continue
      throw new HoldfastError(
        'conflict',
        `${what} are connected to another company of this installation: both would write over each other. Disconnect it there first.`,
      )
    }
    if (found.status === 'active' && !anew)
      throw new HoldfastError(
        'conflict',
        by.way === 'app'
          ? `${what} are connected already, as "${found.name}", and it works. To sign in to it anew, open the connection and reconnect it there.`
          : `${what} are connected already, as "${found.name}". To change how it is set up, say what is to be different (such as --roles or --fallback-owner) without --customers. For another sign-in or other customers: holdfast disconnect "${found.name}", then connect again; its customers and their history stay.`,
      )
    await database.withTenant(tenant, (tx) => expectNotErasing(tx, found.id))
    return found
  }
  return null
}

/** As people say what a connection is of: "companies", "accounts". */
export const objectWords = (object: string): string =>
  ({ Account: 'accounts', Contact: 'contacts' })[object] ?? object

export interface Stored {
  readonly id: ConnectionId
  /** That the settings were set to; null: they stay as they are. */
  readonly adopted: string | null
  readonly settings: ServiceSettings
}

/**
 * @param options.seal puts the sign-in into the vault, in the same transaction
 * @throws HoldfastError `conflict` when there is a connection of this name
 */
export async function storeConnection(
  { database }: Pick<Service, 'database'>,
  tenant: TenantId,
  {
    account,
    connection,
    by,
    seal,
    wake,
  }: {
    readonly account: CrmAccount
    readonly by: Person
    readonly connection: Pick<NewConnection, 'name' | 'config' | 'population'>
    readonly seal: (tx: Transaction) => Promise<void>
    readonly wake: () => void
  },
): Promise<Stored> {
  const { kind, externalId, test: sandbox } = account
  return database.withTenant(tenant, async (tx) => {
    const { name } = connection
    await expectFreeName(tx, name, by)
    await seal(tx)
    const id = await createConnection(tx, { ...connection, kind, externalId, sandbox })
    await recordAudit(tx, { ...auditOf(by), action: 'connection.create', object: id, detail: { name } })
    tx.afterCommit(wake)
    const adopted = await adoptCurrency(tx, account, by)
    return { id, adopted, settings: (await currentSettings(tx)).settings }
  })
}

/** @throws HoldfastError `conflict` */
export async function expectFreeName(tx: Transaction, name: string, by: Person): Promise<void> {
  if ((await listConnections(tx)).some((one) => one.name === name))
    throw new HoldfastError(
      'conflict',
      `There is a connection "${name}" already. ${by.way === 'cli' ? 'Give this one --name.' : 'Give this one another name.'}`,
    )
}

/**
 * One that was left goes on, with what was said anew.
 *
 * @param options.population null: nothing was said
 */
export async function storeReconnection(
  { database }: Pick<Service, 'database'>,
  tenant: TenantId,
  {
    before,
    changes,
    population,
    by,
    seal,
    wake,
  }: {
    readonly by: Person
    readonly before: Connection
    readonly changes: Readonly<Record<string, unknown>>
    readonly population: Population | null
    readonly seal: (tx: Transaction) => Promise<void>
    readonly wake: () => void
  },
): Promise<{ readonly populationChanged: boolean; readonly settings: ServiceSettings }> {
  const { id } = before
  const populationChanged = population !== null && !isDeepStrictEqual(population, before.population)
  return database.withTenant(tenant, async (tx) => {
    await endErasures(tx, id)
    await seal(tx)
    await changeConfig(tx, id, changes)
    await setConnectionStatus(tx, id, 'active', null)
    if (populationChanged) await changePopulation(tx, id, population)
    await requestStep(tx, { connection: id, step: 'sync', cause: by.way === 'cli' ? 'cli' : 'api' })
    await recordAudit(tx, {
      ...auditOf(by),
      action: before.status === 'active' ? 'connection.change' : 'connection.reconnect',
      object: id,
    })
    tx.afterCommit(wake)
    return { populationChanged, settings: (await currentSettings(tx)).settings }
  })
}

/**
 * A company whose settings nobody touched yet, and that has nothing else connected, reckons in the currency of the
 * account: in another one none of its amounts would be worth anything. What somebody saved is never changed.
 *
 * @returns the currency that was set; null: none was
 */
async function adoptCurrency(
  tx: Transaction,
  { currency, word }: CrmAccount,
  by: Person,
): Promise<string | null> {
  const { version, settings } = await currentSettings(tx)
  if (currency === null || !isCurrency(currency) || currency === settings.currency.file) return null
  if (version > 0 || (await listConnections(tx)).length > 1) return null
  await saveSettings(
    tx,
    { currency: { file: currency } },
    { expected: 0, author: by.actor, note: `The currency of the ${word} that was connected.` },
  )
  return currency
}

/** @param file the currency that the settings reckon in */
export function currencyWarning({ currency, word }: CrmAccount, file: string): readonly string[] {
  if (currency === null || currency === file) return []
  const short = word.split(' ').at(-1)!
  return [
    `The ${short}'s currency is ${currency}, and the settings reckon in ${file} (currency.file). Amounts without a rate are left out of every decision: set currency.file to ${currency}.`,
  ]
}
