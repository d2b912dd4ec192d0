/** What the dispatch benchmark hands over by each channel: beside the ledger, and planned in it. */
import { randomUUID } from 'node:crypto'
import type { Channel, Message } from '../actions/channel.ts'
import { openEmailChannel } from '../actions/email/channel.ts'
import { openSmsChannel } from '../actions/sms/channel.ts'
import { systemClock } from '../src/contracts/clock.ts'
import { asCustomer, type TenantId } from '../src/contracts/ids.ts'
import { hashAddress } from '../src/security/address-hash.ts'
import { createConnection } from '../src/store/connections.ts'
import { recordConsent } from '../src/store/consents.ts'
import type { Database } from '../src/store/database.ts'
import { planInterventions } from '../src/store/interventions.ts'
import { saveSettings } from '../src/store/settings-versions.ts'
import { planMailing } from '../test/faults/mailing.ts'
import { SANDBOX } from '../test/support/acting.ts'
import { addConnection, addTenant } from '../test/support/database.ts'
import { ADDRESS_KEY } from '../test/support/keys.ts'
import { plannedIntervention } from '../test/support/ledger.ts'
import { configOf, openCrm } from '../test/support/worker-crm.ts'
import type { ProviderPlace } from './dispatch-provider.ts'

type PlaceOf<C extends ProviderPlace['channel']> = Extract<ProviderPlace, { channel: C }>

/** Tasks of one call, as the CRM takes them. */
const BATCH = 100

export const emailChannel = ({ host, port }: PlaceOf<'email'>): Channel =>
  openEmailChannel({
    host,
    port,
    security: 'none',
    user: null,
    password: null,
    dkim: null,
    clock: systemClock,
  })

export const smsChannel = ({ url, accountSid, authToken, messagingServiceSid }: PlaceOf<'sms'>): Channel =>
  openSmsChannel({
    accountSid,
    auth: { authToken },
    baseUrl: url,
    from: { messagingServiceSid },
    statusCallback: () => null,
    clock: systemClock,
  })

/** The provider as fast as it takes `count`: nothing is looked at and nothing remembered. */
export async function handOver(place: ProviderPlace, count: number): Promise<void> {
  if (place.channel === 'task') return makeTasks(place, count)
  const channel = place.channel === 'email' ? emailChannel(place) : smsChannel(place)
  const message = place.channel === 'email' ? emailTo : textTo
  let at = 0
  const one = async (): Promise<void> => {
    while (at < count) {
      const key = randomUUID()
      const deadline = new Date(Date.now() + 30_000)
      const result = await channel.send(message(at++, key), {
        key,
        deadline,
        confirmLease: () => Promise.resolve(),
        note: () => undefined,
      })
      if (result.outcome !== 'sent') throw new Error(`the sandbox did not take it: ${JSON.stringify(result)}`)
    }
  }
  await Promise.all(Array.from({ length: 32 }, one))
  await channel.close()
}

const emailTo = (_: number, key: string): Message => ({
  kind: 'email',
  to: { name: 'Ann', address: `${key}@example.com` },
  from: { name: 'Acme', address: 'hello@acme.example' },
  replyTo: null,
  subject: 'Hello',
  text: 'Hello Ann,\n\nhow are you?',
  html: '<p>Hello Ann,</p><p>how are you?</p>',
  language: 'en',
  unsubscribe: { url: `http://127.0.0.1/u/${key}`, mailto: null },
})

/** Another number each time: the sandbox answers the same text to the same number as Twilio does. */
const numberOf = (n: number): string => `+1212${String(5_550_000 + n).padStart(7, '0')}`

const textTo = (n: number): Message => ({
  kind: 'sms',
  to: numberOf(n),
  text: 'Hello from Acme. Reply STOP to end.',
  language: 'en',
  segments: 1,
  encoding: 'GSM-7',
})

async function makeTasks({ crm, companies, owner }: PlaceOf<'task'>, count: number): Promise<void> {
  const connector = openCrm(crm)
  for (let from = 0; from < count; from += BATCH) {
    const tasks = companies.slice(from, Math.min(count, from + BATCH)).map((customerId) => ({
      key: randomUUID(),
      customerId,
      recipientId: null,
      responsibleId: owner,
      kind: 'todo' as const,
      action: 'discount_10',
      subject: 'Hello',
      body: 'Offer them a discount.',
      dueAt: new Date(),
    }))
    const results = await connector.upsertTasks!(tasks)
    const failed = results.find(({ ok }) => !ok)
    if (failed !== undefined) throw new Error(`the sandbox did not take it: ${JSON.stringify(failed)}`)
  }
  await connector.close()
}

/** `count` of them due now, one a customer. */
export function plan(database: Database, place: ProviderPlace, count: number): Promise<TenantId> {
  if (place.channel === 'email') return planMailing(database, count)
  return place.channel === 'sms' ? planTexts(database, count) : planTasks(database, place, count)
}

async function planTexts(database: Database, count: number): Promise<TenantId> {
  const tenant = await addTenant(database, 'Acme')
  const connection = await addConnection(database, tenant)
  await database.withTenant(tenant, async (tx) => {
    await saveSettings(tx, SANDBOX, { expected: 0, author: 'bench' })
    const customers = await tx.query<{ id: number; n: number }>(
      `insert into customers (tenant_id, connection_id, object, external_id, name, properties, properties_hash,
         group_key, group_name)
       select $1, $2, 'company', n::text, 'Customer ' || n, '{}', '', n::text, 'policy'
       from generate_series(0, $3::integer - 1) n returning id, external_id::integer as n`,
      [tenant, connection, count],
    )
    const hashes = customers.map(({ n }) => hashAddress(ADDRESS_KEY, 'phone', numberOf(n))!)
    await tx.query(
      `insert into recipients (tenant_id, customer_id, external_id, name, phone, phone_hash)
       select $1, r.* from unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::bytea[]) r`,
      [
        tenant,
        customers.map(({ id }) => id),
        customers.map(({ n }) => String(n)),
        customers.map(({ n }) => `Customer ${n}`),
        customers.map(({ n }) => numberOf(n)),
        hashes,
      ],
    )
    for (const hash of hashes)
      await recordConsent(tx, { hash, channel: 'sms', status: 'granted', source: 'crm' })
    const planned = customers.map(({ id }) =>
      plannedIntervention({ connection, customer: asCustomer(id) }, { actionKey: 'sms', channel: 'sms' }),
    )
    await planInterventions(tx, planned, new Date())
  })
  return tenant
}

async function planTasks(
  database: Database,
  { crm, companies, owner }: PlaceOf<'task'>,
  count: number,
): Promise<TenantId> {
  const tenant = await addTenant(database, 'Acme')
  await database.withTenant(tenant, async (tx) => {
    const connection = await createConnection(tx, {
      kind: crm.kind,
      name: 'A CRM',
      sandbox: true,
      config: { ...configOf(crm), builtIn: true },
      population: null,
    })
    await saveSettings(tx, SANDBOX, { expected: 0, author: 'bench' })
    const customers = await tx.query<{ id: number }>(
      `insert into customers (tenant_id, connection_id, object, external_id, name, properties, properties_hash,
         group_key, group_name, responsible_id)
       select $1, $2, 'companies', r.id, 'Customer ' || r.id, '{}', '', r.id, 'policy', $4
       from unnest($3::text[]) r (id) returning id`,
      [tenant, connection, companies.slice(0, count), owner],
    )
    const planned = customers.map(({ id }) =>
      plannedIntervention(
        { connection, customer: asCustomer(id) },
        { actionKey: 'discount_10', channel: 'task' },
      ),
    )
    await planInterventions(tx, planned, new Date())
  })
  return tenant
}
