/** A company with a HubSpot account, a book of companies on it, and people who look in from there. */
import { randomUUID } from 'node:crypto'
import {
  asCustomer,
  type ConnectionId,
  type CustomerId,
  type InterventionId,
  type TenantId,
} from '../../../src/contracts/ids.ts'
import type {
  CardBulk,
  CardList,
  CardPressed,
  CardSettings,
  CardSettingsSaved,
  RecordCard,
} from '../../../src/contracts/record-card.ts'
import { APP_PATHS } from '../../../connectors/hubspot/app.ts'
import type { Role } from '../../../src/security/access.ts'
import { createConnection } from '../../../src/store/connections.ts'
import type { Database } from '../../../src/store/database.ts'
import { insertPerson } from '../../../src/store/people.ts'
import { currentSettings, saveSettings } from '../../../src/store/settings-versions.ts'
import { activateTenant } from '../../../src/store/tenants.ts'
import { fillBook } from '../../support/book.ts'
import { addTenant } from '../../support/database.ts'
import { addDecision } from '../../support/deciding.ts'
import { signHubSpot, type HubSpotUser } from '../../support/hubspot-signing.ts'
import { addIntervention } from '../../support/ledger.ts'
import type { TestServer } from '../../support/server.ts'

export const BASE = 'https://holdfast.example'
export const SECRET = 'yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy'
export const APP_KEY = { secret: SECRET, base: BASE }

export interface Account {
  readonly tenant: TenantId
  readonly connection: ConnectionId
  readonly portal: string
  /** Of the first customer: its record in HubSpot is `record(first)`. */
  readonly first: number
}

let portals = 60_000

/** A number that is no customer's id and no record of another account, unless it is asked for on purpose. */
export const recordOf = (customer: number): string => String(7000 + customer)

export async function connectAccount(
  database: Database,
  {
    tenant,
    portal = String(portals++),
    object = 'companies',
    sandbox = false,
  }: { tenant?: TenantId; portal?: string; object?: 'companies' | 'contacts'; sandbox?: boolean } = {},
): Promise<Account> {
  const of = tenant ?? (await addTenant(database))
  const connection = await database.withTenant(of, (tx) =>
    createConnection(tx, {
      kind: 'hubspot',
      name: `HubSpot ${portal} ${object}`,
      sandbox,
      externalId: portal,
      config: { portal, object, auth: 'oauth' },
      population: { kind: 'everyone' },
    }),
  )
  const { first } = await fillBook(database, of, connection, { count: 12 })
  await database.withTenant(of, async (tx) => {
    await activateTenant(tx, of)
    await tx.query(
      `update customers set object = $3, external_id = (7000 + id)::text where tenant_id = $1 and connection_id = $2`,
      [of, connection, object],
    )
    await tx.query(
      `update steps set last_done_at = now(), due_at = now() + interval '5 minutes' where tenant_id = $1 and connection_id = $2`,
      [of, connection],
    )
  })
  return { tenant: of, connection, portal, first }
}

/** The customer's responsible, as `fillBook` makes them: the nth customer's. */
export const repOf = (n: number): string => `rep${(n + 1) % 7}@example.com`

export interface Asking extends Partial<HubSpotUser> {
  readonly key?: { readonly secret: string; readonly base: string }
}

let asked = 0

export function asking(server: TestServer, { portal }: Pick<Account, 'portal'>) {
  const send = (
    method: 'GET' | 'POST',
    path: string,
    query: Record<string, string>,
    body: unknown,
    by: Asking,
  ) => {
    const { path: whole, ...init } = signHubSpot({
      ...(by.key ?? APP_KEY),
      method,
      path,
      // No two are the same request.
      query: { ...query, n: String(asked++) },
      ...(body === undefined ? {} : { body }),
      by: { portal, ...by },
      now: new Date(),
    })
    return server.fetch(whole, init)
  }
  const answered = async <T>(answer: Promise<Response>): Promise<{ status: number; body: T }> => {
    const { status, ...rest } = await answer.then(async (one) => ({
      status: one.status,
      body: (await one.json()) as T,
    }))
    return { status, ...rest }
  }
  return {
    raw: send,
    card: (objectId: string, by: Asking = {}, objectTypeId = '0-2') =>
      answered<RecordCard & { detail?: string }>(
        send('GET', APP_PATHS.card, { objectTypeId, objectId }, undefined, by),
      ),
    answer: (objectId: string, body: object, by: Asking = {}) =>
      answered<CardPressed & { detail?: string }>(
        send('POST', APP_PATHS.cardAnswer, {}, { objectTypeId: '0-2', objectId, ...body }, by),
      ),
    score: (objectId: string, by: Asking = {}, objectTypeId = '0-2') =>
      answered<CardPressed & { detail?: string }>(
        send('POST', APP_PATHS.cardScore, {}, { objectTypeId, objectId }, by),
      ),
    customers: (query: Record<string, string> = {}, by: Asking = {}) =>
      answered<CardList & { detail?: string }>(send('GET', APP_PATHS.customers, query, undefined, by)),
    bulk: (ids: readonly string[], by: Asking = {}, objectTypeId = '0-2') =>
      answered<CardBulk & { detail?: string }>(
        send('POST', APP_PATHS.bulk, {}, { objectTypeId, ids, verb: 'score' }, by),
      ),
    settings: (by: Asking = {}) =>
      answered<CardSettings & { detail?: string }>(send('GET', APP_PATHS.settings, {}, undefined, by)),
    changeSettings: (body: object, by: Asking = {}) =>
      answered<CardSettingsSaved & { detail?: string }>(send('POST', APP_PATHS.settings, {}, body, by)),
    pause: (paused: boolean, by: Asking = {}) =>
      answered<CardSettingsSaved & { detail?: string }>(send('POST', APP_PATHS.pause, {}, { paused }, by)),
  }
}

/** The nth customer has an e-mail suggested, and it waits for a yes. */
export async function suggest(
  database: Database,
  { tenant, connection, first }: Pick<Account, 'tenant' | 'connection' | 'first'>,
  n: number,
  { group = 'policy', state = 'awaiting_approval' as 'awaiting_approval' | 'planned' } = {},
): Promise<{ readonly customer: CustomerId; readonly intervention: InterventionId }> {
  const customer = asCustomer(first + n)
  const decision = await addDecision(
    database,
    { tenant, connection, customer },
    {
      group,
      action: 'email',
      weighed: { email: [51_200, 'open'], sms: [300, 'no_consent'] },
      expectedValueMinor: 51_200,
      plannedCostMinor: 6000,
      at: new Date(Date.now() - 3_600_000).toISOString(),
      period: new Date().toISOString().slice(0, 7),
    },
  )
  const intervention = await addIntervention(
    database,
    { tenant, connection, customer },
    { state, decision, currency: 'EUR', plannedCostMinor: 6000 },
  )
  return { customer, intervention }
}

/** Somebody who signs in to Holdfast with this address. */
export async function addPerson(
  database: Database,
  tenant: TenantId,
  { email, role }: { readonly email: string; readonly role: Role },
): Promise<void> {
  await database.withTenant(tenant, (tx) =>
    insertPerson(tx, {
      id: randomUUID(),
      email,
      name: email.split('@')[0],
      role,
      origin: 'invited',
      createdBy: 'a test',
    }),
  )
}

export async function change(
  database: Database,
  tenant: TenantId,
  settings: Readonly<Record<string, unknown>>,
): Promise<void> {
  await database.withTenant(tenant, async (tx) => {
    const { version, settings: before } = await currentSettings(tx)
    await saveSettings(tx, { ...before, ...settings }, { expected: version, author: 'a test' })
  })
}
