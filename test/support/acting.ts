/** Everything that `act` needs, with two real mail servers: the sandbox inbox, and one that stands for the world. */
import { randomUUID } from 'node:crypto'
import { pino } from 'pino'
import type { Channel } from '../../actions/channel.ts'
import { openEmailChannel } from '../../actions/email/channel.ts'
import { openInbox, type Inbox } from '../../actions/email/sandbox/inbox.ts'
import { systemClock } from '../../src/contracts/clock.ts'
import type { ConnectionId, CustomerId, InterventionId, TenantId } from '../../src/contracts/ids.ts'
import { act } from '../../src/loop/act.ts'
import type { ActServices, Channels } from '../../src/loop/act-services.ts'
import { hashAddress } from '../../src/security/address-hash.ts'
import { recordConsent, type ConsentStatus } from '../../src/store/consents.ts'
import type { Database } from '../../src/store/database.ts'
import type { InterventionState } from '../../src/store/intervention-states.ts'
import {
  readIntervention,
  type Intervention,
  type PlannedIntervention,
} from '../../src/store/interventions.ts'
import { currentSettings, saveSettings } from '../../src/store/settings-versions.ts'
import { activateTenant } from '../../src/store/tenants.ts'
import { addConnection, addTenant, openTestDatabase, type AddedConnection } from './database.ts'
import { ADDRESS_KEY, LINK_KEY } from './keys.ts'
import { addCustomer, addIntervention } from './ledger.ts'
import { writtenCrm, type WrittenCrm } from './made-up-tasks.ts'

export const hashOf = (email: string): Buffer => {
  const hash = hashAddress(ADDRESS_KEY, 'email', email)
  if (hash === null) throw new Error(`${email} is no address`)
  return hash
}

export interface Place {
  readonly tenant: TenantId
  readonly connection: ConnectionId
  readonly customer: CustomerId
}

export interface RecipientSpec {
  readonly email?: string | null
  readonly name?: string | null
  readonly language?: string | null
  readonly role?: string | null
  readonly phone?: string | null
  /** To calls at `phone`. */
  readonly calls?: ConsentStatus | null
  readonly consent?: ConsentStatus | null
}

export interface Acting {
  readonly database: Database
  readonly services: ActServices
  readonly sandbox: Inbox
  /** What a live channel speaks to. */
  readonly world: Inbox
  /** What connections of the kind `crm` are written to. */
  readonly crm: WrittenCrm
  /** A tenant of its own with one customer and an agreeing recipient. */
  scene(options?: {
    settings?: object
    recipients?: readonly RecipientSpec[]
    activated?: boolean
    responsible?: { name: string; email: string; id?: string } | null
    connection?: AddedConnection
  }): Promise<Place & { readonly email: string }>
  plan(place: Place, differs?: Partial<PlannedIntervention>): Promise<InterventionId>
  act(
    place: Place,
    id: InterventionId,
    differs?: { services?: Partial<ActServices>; worker?: string; signal?: AbortSignal },
  ): Promise<InterventionState | null>
  read(place: Place, id: InterventionId): Promise<Intervention>
  settings(place: Place, settings: object): Promise<void>
  sql(place: Place, text: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>
  close(): Promise<void>
}

export async function openActing(): Promise<Acting> {
  const database = await openTestDatabase()
  const [sandbox, world] = await Promise.all([1, 2].map(() => openInbox({ port: 0, host: '127.0.0.1' })))
  const channelTo = (inbox: Inbox): Channel =>
    openEmailChannel({
      host: inbox.host,
      port: inbox.port,
      security: 'none',
      user: null,
      password: null,
      dkim: null,
      clock: systemClock,
      timeoutMs: 5000,
    })
  const open = { sandbox: channelTo(sandbox), live: channelTo(world) }
  const crm = writtenCrm()
  const channels: Channels = { email: ({ delivery }) => Promise.resolve(open[delivery]) }
  const services: ActServices = {
    database,
    channels,
    connectors: crm.connectors,
    secrets: {
      addressKey: () => Promise.resolve(ADDRESS_KEY),
      linkKey: () => Promise.resolve(LINK_KEY),
    },
    clock: systemClock,
    log: pino({ level: 'silent' }),
    publicUrl: 'https://holdfast.example.com',
    localUrl: 'http://localhost:3000',
  }
  const sql: Acting['sql'] = ({ tenant }, text, values = []) =>
    database.withTenant(tenant, (tx) => tx.query(text, values))

  const save: Acting['settings'] = ({ tenant }, settings) =>
    database.withTenant(tenant, async (tx) => {
      const { version } = await currentSettings(tx)
      await saveSettings(tx, atAnyTime(settings), { expected: version, author: 'test' })
    })

  async function addRecipient(place: Place, spec: RecipientSpec, rank: number): Promise<void> {
    const {
      email = null,
      name = null,
      language = null,
      consent = null,
      role = null,
      phone = null,
      calls = null,
    } = spec
    const usable = email === null ? null : hashAddress(ADDRESS_KEY, 'email', email)
    await database.withTenant(place.tenant, async (tx) => {
      await tx.query(
        `insert into recipients (tenant_id, customer_id, external_id, name, email, email_hash, language, rank, role,
           phone, phone_hash)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
        [
          place.tenant,
          place.customer,
          randomUUID(),
          name,
          email,
          usable,
          language,
          rank,
          role,
          phone,
          phone === null ? null : hashAddress(ADDRESS_KEY, 'phone', phone),
        ],
      )
      const called = phone === null ? null : hashAddress(ADDRESS_KEY, 'phone', phone)
      if (calls !== null && called !== null)
        await recordConsent(tx, { hash: called, channel: 'call', status: calls, source: 'crm' })
      if (consent !== null && usable !== null)
        await recordConsent(tx, { hash: usable, channel: 'email', status: consent, source: 'crm' })
    })
  }

  return {
    database,
    services,
    sandbox,
    world,
    crm,
    async scene({ settings = {}, recipients, activated = true, responsible = null, connection: added } = {}) {
      const tenant = await addTenant(database, 'Acme')
      const connection = await addConnection(database, tenant, added)
      const customer = await addCustomer(database, { tenant, connection }, { responsible })
      const place = { tenant, connection, customer }
      const email = `ann-${randomUUID().slice(0, 8)}@example.com`
      for (const [rank, spec] of (
        recipients ?? [{ email, name: 'Ann', consent: 'granted' as const }]
      ).entries())
        await addRecipient(place, spec, rank)
      if (activated) await database.withTenant(tenant, (tx) => activateTenant(tx, tenant))
      await save(place, settings)
      return { ...place, email }
    },
    plan: (place, differs) => addIntervention(database, place, differs),
    act: (place, id, { services: other = {}, worker = randomUUID(), signal } = {}) =>
      act(
        { ...services, ...other },
        {
          tenant: place.tenant,
          intervention: id,
          worker,
          signal: signal ?? new AbortController().signal,
        },
      ),
    read: ({ tenant }, id) => database.withTenant(tenant, (tx) => readIntervention(tx, id)),
    settings: save,
    sql,
    async close() {
      await Promise.all([open.sandbox.close(), open.live.close(), sandbox.close(), world.close()])
      await database.close()
    },
  }
}

const ALWAYS = { from: '00:00', to: '24:00', days: 'every' }

/** Settings with which only what a test is about speaks against sending: no hours, no caps, nobody asked. */
export function atAnyTime(settings: object): object {
  const own: { readonly delivery?: object; readonly guard?: object; readonly contact?: object } = settings
  return {
    ...settings,
    delivery: { approval: { discounts: false, calls: false }, ...own.delivery },
    guard: { email: ALWAYS, sms: ALWAYS, call: ALWAYS, perDay: null, perWeek: null, ...own.guard },
    contact: { cooldownDays: 0, perPeriod: null, ...own.contact },
  }
}

/** Settings under which e-mails go into the sandbox, and under which they go to the test list. */
export const SANDBOX = atAnyTime({ delivery: { mode: 'sandbox' } })
export const liveTo = (...testList: string[]): object => ({
  delivery: { mode: 'test_list', testList },
  sender: { name: 'Acme', address: 'hello@acme.example', postalAddress: '1 Main Street' },
  smtp: { host: 'smtp.acme.example' },
})
