import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openEmailChannel } from '../../actions/email/channel.ts'
import { openInbox, type Inbox } from '../../actions/email/sandbox/inbox.ts'
import { openSmsChannel } from '../../actions/sms/channel.ts'
import { startSmsSandbox, type SmsSandbox } from '../../actions/sms/sandbox/sandbox.ts'
import { systemClock } from '../../src/contracts/clock.ts'
import { asCustomer, type ConnectionId, type CustomerId, type TenantId } from '../../src/contracts/ids.ts'
import { act } from '../../src/loop/act.ts'
import type { ActServices } from '../../src/loop/act-services.ts'
import { interventionIdOf } from '../../src/loop/intervention-id.ts'
import { reconcileRestore } from '../../src/loop/reconcile-restore.ts'
import { resumeEverything } from '../../src/loop/standing.ts'
import { writeActivities } from '../../src/loop/write-activities.ts'
import { openBackup, writeBackup } from '../../src/store/backup.ts'
import { createConnection } from '../../src/store/connections.ts'
import type { Database } from '../../src/store/database.ts'
import { planInterventions, type PlannedIntervention } from '../../src/store/interventions.ts'
import { restoreBackup } from '../../src/store/restore.ts'
import { saveSettings } from '../../src/store/settings-versions.ts'
import { ensureInstallation } from '../../src/store/tenants.ts'
import { startTaskHubSpot, startTaskSalesforce, type TaskCrm } from '../faults/task-crms.ts'
import { SANDBOX } from '../support/acting.ts'
import { addTenant, databaseKind, openTestDatabase } from '../support/database.ts'
import { ADDRESS_KEY, LINK_KEY } from '../support/keys.ts'
import { plannedIntervention } from '../support/ledger.ts'
import { configOf, crmConnectors } from '../support/worker-crm.ts'

const CHANNELS = { email: 'email', sms: 'sms', task: 'discount_10' } as const
type Name = keyof typeof CHANNELS
/** Of each channel so many were planned before the backup, of which so many went out after it, … */
const BEFORE = 6
const GONE = 4
/** … and so many were decided and went out after it, so that the backup has never heard of them. */
const FORGOTTEN = 3

const folder = mkdtempSync(join(tmpdir(), 'holdfast-restore-'))
let inbox: Inbox
let sms: SmsSandbox
beforeAll(async () => {
  inbox = await openInbox({ port: 0, host: '127.0.0.1' })
  sms = await startSmsSandbox({ port: 0, host: '127.0.0.1', tells: false })
})
afterAll(async () => {
  await inbox.close()
  await sms.close()
  rmSync(folder, { recursive: true })
})

describe.each([
  { crmName: 'HubSpot', start: startTaskHubSpot },
  { crmName: 'Salesforce', start: startTaskSalesforce },
])(`a database restored to yesterday, with $crmName (${databaseKind})`, ({ crmName, start }) => {
  let crm: TaskCrm
  beforeAll(async () => {
    crm = await start()
  })
  afterAll(() => crm.close())

  it('starts paused, asks what went out since, and sends none of it again', async ({ annotate }) => {
    const path = join(folder, `${crmName}.gz`)
    const lost = await openTestDatabase()
    const place = await company(lost, crm)
    const early = planned(place, 0, BEFORE)
    await plan(lost, place, early)
    await writeBackup(lost, path, { at: new Date() })

    const late = planned(place, BEFORE, BEFORE + FORGOTTEN)
    await plan(lost, place, late)
    const first = servicesOf(lost, crm)
    const gone = [...early.filter(({ at }) => at < GONE), ...late]
    for (const { row } of gone) expect(await send(first, place, row)).toBe('sent')
    await log(first, place)
    await first.close()
    await lost.close()
    const recorded = tally()

    const database = await openTestDatabase()
    await restoreBackup(database, await openBackup(path), { at: new Date() })
    const { pausedReason } = await database.asSystem('a test', ensureInstallation)
    expect(pausedReason).toMatch(/Restored from a backup/)
    // Decided anew for the same period: the same ids.
    await plan(database, place, late)
    const services = servicesOf(database, crm)
    for (const { row } of [...early, ...late]) expect(await send(services, place, row)).not.toBe('sent')
    expect(tally()).toEqual(recorded)

    const found = await reconcileRestore(services)
    expect(found).toEqual({
      sent: 3 * (GONE + FORGOTTEN),
      // Of SMS it is known that they did not go out; of e-mails nobody can say that.
      unsent: BEFORE - GONE,
      uncertain: BEFORE - GONE,
      problems: [],
    })
    expect(await reconcileRestore(services)).toMatchObject({ sent: 0, unsent: 0 })
    await resumeEverything(database)
    await database.withTenant(place.tenant, (tx) => tx.query('update interventions set due_at = now()'))
    for (const { row } of [...early, ...late]) await send(services, place, row)
    const after = tally()
    await annotate(
      `${JSON.stringify(found)}; at the providers ${JSON.stringify(recorded)}, then ${JSON.stringify(after)}`,
    )
    expect(after).toEqual({
      email: recorded.email,
      sms: recorded.sms + BEFORE - GONE,
      task: recorded.task + BEFORE - GONE,
    })
    const once = new Set(sms.deliveries().map(({ to }) => to))
    expect(once.size).toBe(sms.deliveries().length)
    const addresses = new Set(inbox.deliveries().map(({ to }) => to))
    expect(addresses.size).toBe(inbox.deliveries().length)
    await services.close()
    await database.close()
  })

  it('leaves in doubt what cannot be asked about, and says so', async () => {
    const path = join(folder, `${crmName}-away.gz`)
    const lost = await openTestDatabase()
    const place = await company(lost, crm)
    const rows = planned(place, 100, 101)
    await plan(lost, place, rows)
    await writeBackup(lost, path, { at: new Date() })
    await lost.close()
    const database = await openTestDatabase()
    await restoreBackup(database, await openBackup(path), { at: new Date() })
    const services = servicesOf(database, crm)
    const found = await reconcileRestore({
      ...services,
      channels: { ...services.channels, sms: async () => null },
    })
    expect(found).toMatchObject({ sent: 0, unsent: 0, uncertain: 2 })
    expect(found.problems).toEqual([expect.stringMatching(/Texts could not be looked up.*settings: sms/)])
    await services.close()
    await database.close()
  })

  const tally = () => ({
    email: inbox.deliveries().length,
    sms: sms.deliveries().length,
    task: crm.countTasks() - logged(),
  })
  /** In Salesforce what was sent is on the timeline as a task too. */
  const logged = (): number => {
    const mine = new Set(made.map(({ row }) => (row.channel === 'task' ? null : String(row.id))))
    return crm.tasks().filter(({ key }) => mine.has(String(key))).length
  }
})

interface Place {
  readonly tenant: TenantId
  readonly connection: ConnectionId
  readonly customers: ReadonlyMap<string, { readonly id: CustomerId; readonly external: string }>
}
const made: { readonly at: number; readonly row: PlannedIntervention }[] = []

let numbers = 0

/** With a customer for each message that it may send. */
async function company(database: Database, crm: TaskCrm): Promise<Place> {
  await database.asSystem('the first start', ensureInstallation)
  const tenant = await addTenant(database, 'Acme')
  const names = [...Array.from({ length: BEFORE + FORGOTTEN }, (_, at) => at), 100].flatMap((at) =>
    (Object.keys(CHANNELS) as Name[]).map((channel) => ({ name: `${channel} ${at}`, channel })),
  )
  const wanted = names.map(({ name, channel }) => ({
    name,
    id: crm.addCustomer(name),
    owner: crm.owners[0],
    mail: channel === 'email' ? `${randomUUID()}@example.com` : null,
    phone: channel === 'sms' ? `+49171${2_000_000 + numbers++}` : null,
  }))
  return database.withTenant(tenant, async (tx) => {
    const connection = await createConnection(tx, {
      kind: crm.place.kind,
      name: 'A CRM',
      sandbox: true,
      config: { ...configOf(crm.place), builtIn: true },
      population: null,
    })
    await saveSettings(tx, SANDBOX, { expected: 0, author: 'test' })
    const rows = await tx.query<{ id: number; external: string; name: string }>(
      `insert into customers (tenant_id, connection_id, object, external_id, name, properties, properties_hash,
         group_key, group_name, responsible_id)
       select $1, $2, $4, r.id, r.name, '{}', '', r.id, 'policy', r.owner
       from json_to_recordset($3::json) r (id text, name text, owner text) returning id, external_id as external, name`,
      [tenant, connection, JSON.stringify(wanted), crm.object],
    )
    await tx.query(
      `insert into recipients (tenant_id, customer_id, external_id, name, email, phone, language)
       select $1, c.id, c.external_id, c.name, r.mail, r.phone, 'en'
       from json_to_recordset($2::json) r (id text, mail text, phone text)
       join customers c on c.tenant_id = $1 and c.external_id = r.id`,
      [tenant, JSON.stringify(wanted)],
    )
    const customers = new Map(
      rows.map(({ id, external, name }) => [name, { id: asCustomer(id), external }] as const),
    )
    return { tenant, connection, customers }
  })
}

/** One of each channel for each number; the same ones whenever they are asked for. */
function planned({ connection, customers }: Place, from: number, to: number): typeof made {
  const rows = Array.from({ length: to - from }, (_, n) => from + n).flatMap((at) =>
    (Object.keys(CHANNELS) as Name[]).map((channel) => {
      const { id: customer, external } = customers.get(`${channel} ${at}`)!
      const id = interventionIdOf(connection, external, CHANNELS[channel], '2026-11', 'period')
      const row = plannedIntervention(
        { connection, customer },
        { id, idempotencyKey: id, channel, actionKey: CHANNELS[channel] },
      )
      return { at, row }
    }),
  )
  made.push(...rows)
  return rows
}

async function plan(database: Database, { tenant }: Place, rows: typeof made): Promise<void> {
  await database.withTenant(tenant, (tx) =>
    planInterventions(
      tx,
      rows.map(({ row }) => row),
      new Date(),
    ),
  )
}

function servicesOf(database: Database, crm: TaskCrm): ActServices & { close(): Promise<void> } {
  const mail = openEmailChannel({
    host: inbox.host,
    port: inbox.port,
    security: 'none',
    user: null,
    password: null,
    dkim: null,
    clock: systemClock,
  })
  const texts = openSmsChannel({
    accountSid: sms.accountSid,
    auth: { authToken: sms.authToken },
    baseUrl: sms.url,
    from: { messagingServiceSid: sms.messagingServiceSid },
    statusCallback: (key) => `http://127.0.0.1:9/status?a=${key}`,
    clock: systemClock,
  })
  return {
    database,
    channels: {
      email: async () => mail,
      sms: async () => texts,
      smsSituation: () => ({ sandbox: true, missing: [] }),
    },
    connectors: crmConnectors(crm.place),
    secrets: { addressKey: async () => ADDRESS_KEY, linkKey: async () => LINK_KEY },
    clock: systemClock,
    log: pino({ level: 'silent' }),
    publicUrl: null,
    localUrl: 'http://localhost:3000',
    close: async () => {
      await mail.close()
      await texts.close()
    },
  }
}

const send = (services: ActServices, { tenant }: Place, { id }: PlannedIntervention) =>
  act(services, { tenant, intervention: id, worker: randomUUID(), signal: new AbortController().signal })

/** What was sent is put on the timeline. */
async function log(services: ActServices, { tenant, connection }: Place): Promise<void> {
  const { kind, config } = await services.database.withTenant(tenant, async (tx) => {
    const [row] = await tx.query<{ kind: string; config: object }>('select kind, config from connections')
    return row
  })
  await writeActivities(services, { tenant, connection, signal: new AbortController().signal }, () =>
    services.connectors.open({ tenant, id: connection, kind, config }),
  )
}
