/** A company with e-mails, texts and tasks, one for each customer, all of them planned and none of them due yet. */
import { asCustomer, type TenantId } from '../../../src/contracts/ids.ts'
import { createConnection } from '../../../src/store/connections.ts'
import type { Database } from '../../../src/store/database.ts'
import { planInterventions } from '../../../src/store/interventions.ts'
import { saveSettings } from '../../../src/store/settings-versions.ts'
import { SANDBOX } from '../../support/acting.ts'
import { addTenant } from '../../support/database.ts'
import { plannedIntervention } from '../../support/ledger.ts'
import { configOf } from '../../support/worker-crm.ts'
import type { TaskCrm } from '../task-crms.ts'
import type { Schedule } from './schedule.ts'

export type ChannelName = 'email' | 'sms' | 'task'

/** What is known of an intervention from the beginning. */
export interface Planned {
  readonly id: string
  readonly channel: ChannelName
  /** Running number within its channel. */
  readonly at: number
  /** Address, number, or the id of the customer in the CRM. */
  readonly to: string
}

export const mailOf = (at: number): string => `customer-${at}@example.com`
export const numberOf = (at: number): string => `+49171${1_000_000 + at}`

const ACTIONS = { email: 'email', sms: 'sms', task: 'discount_10' } as const

export async function planCompany(
  database: Database,
  crm: TaskCrm,
  { counts }: Schedule,
): Promise<{ readonly tenant: TenantId; readonly planned: readonly Planned[] }> {
  const tenant = await addTenant(database, 'Acme')
  const wanted = (['email', 'sms', 'task'] as const).flatMap((channel) =>
    Array.from({ length: counts[channel] }, (_, at) => ({ channel, at })),
  )
  const customers = wanted.map((one, n) => ({
    ...one,
    id: crm.addCustomer(`Customer ${n}`),
    owner: crm.owners[n % crm.owners.length],
    mail: one.channel === 'email' ? mailOf(one.at) : null,
    phone: one.channel === 'sms' ? numberOf(one.at) : null,
  }))
  const planned = await database.withTenant(tenant, async (tx) => {
    const connection = await createConnection(tx, {
      kind: crm.place.kind,
      name: 'A CRM',
      sandbox: true,
      config: { ...configOf(crm.place), builtIn: true },
      population: null,
    })
    await saveSettings(tx, SANDBOX, { expected: 0, author: 'test' })
    const rows = await tx.query<{ id: number; external_id: string }>(
      `insert into customers (tenant_id, connection_id, object, external_id, name, properties, properties_hash,
         group_key, group_name, responsible_id)
       select $1, $2, $4, r.id, 'Customer ' || r.id, '{}', '', r.id, 'policy', r.owner
       from json_to_recordset($3::json) r (id text, owner text) returning id, external_id`,
      [tenant, connection, JSON.stringify(customers), crm.object],
    )
    await tx.query(
      `insert into recipients (tenant_id, customer_id, external_id, name, email, phone, language)
       select $1, c.id, c.external_id, c.name, r.mail, r.phone, 'en'
       from json_to_recordset($2::json) r (id text, mail text, phone text)
       join customers c on c.tenant_id = $1 and c.external_id = r.id`,
      [tenant, JSON.stringify(customers)],
    )
    const ids = new Map(rows.map((row) => [row.external_id, asCustomer(row.id)]))
    const all = customers.map(({ id, channel, at, mail, phone }) => {
      const row = plannedIntervention(
        { connection, customer: ids.get(id)! },
        // Until it is released.
        { channel, actionKey: ACTIONS[channel], dueAt: new Date(Date.now() + 6 * 86_400_000) },
      )
      return { row, known: { id: row.id, channel, at, to: mail ?? phone ?? id } satisfies Planned }
    })
    await planInterventions(
      tx,
      all.map(({ row }) => row),
      new Date(),
    )
    return all.map(({ known }) => known)
  })
  return { tenant, planned }
}
