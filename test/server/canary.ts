/** A company that wears one word in everything that can be said of it, to be looked for in what others are told. */
import { randomUUID } from 'node:crypto'
import { asCustomer } from '../../src/contracts/ids.ts'
import { createApiKey } from '../../src/security/api-keys.ts'
import { invitePerson } from '../../src/security/people.ts'
import type { Database, Transaction } from '../../src/store/database.ts'
import { holdCustomer } from '../../src/store/holds.ts'
import { addCodes } from '../../src/store/offer-codes.ts'
import { addWebhook } from '../../src/store/outgoing-webhooks.ts'
import { endRun, startRun } from '../../src/store/runs.ts'
import { saveSettings } from '../../src/store/settings-versions.ts'
import { requestStep } from '../../src/store/steps.ts'
import { pauseTenant } from '../../src/store/tenants.ts'
import type { TestServer } from '../support/server.ts'
import { asking, comesIn, owner } from './signing.ts'
import type { Place } from './companies.ts'
import type { Things } from './matrix.ts'

export async function plantCanary(
  {
    database,
    server,
    word,
  }: { readonly database: Database; readonly server: TestServer; readonly word: string },
  { tenant, connection, customer, intervention, run, training }: Place,
): Promise<Things> {
  const person = await comesIn(
    server,
    asking(server, await owner(server, tenant)),
    `${word}@${word}.example`,
    'admin',
    `${word} person`,
  )
  const code = `${word}-1`.toUpperCase()
  return database.withTenant(tenant, async (tx) => {
    await tx.query('update tenants set name = $2 where id = $1', [tenant, `${word} Ltd`])
    await tx.query('update connections set name = $2, config = $3 where id = $1', [
      connection,
      `${word} file`,
      JSON.stringify({ path: `/data/${word}.csv` }),
    ])
    await writeCustomers(tx, word)
    await tx.query(
      `insert into recipients (tenant_id, customer_id, external_id, name, email, phone, email_hash)
       values ($1, $2, $3, $4, $5, '+4917099988877', '\\x01')`,
      [tenant, customer, `${word} contact`, `${word} reader`, `reader@${word}.example`],
    )
    await tx.query(
      `insert into agreements (tenant_id, customer_id, external_id, amount_minor, currency) values ($1, $2, $3, 100, 'EUR')`,
      [tenant, customer, `${word} deal`],
    )
    await tx.query('update interventions set message = $2, reason = $3, created_by = $4 where id = $1', [
      intervention,
      JSON.stringify({ to: `reader@${word}.example`, subject: `${word} subject`, text: `${word} text` }),
      `${word} reason`,
      `user:${word}`,
    ])
    await tx.query(
      `insert into intervention_events (tenant_id, intervention_id, to_state, actor, reason, detail)
       values ($1, $2, 'awaiting_approval', $3, $4, $5)`,
      [tenant, intervention, `user:${word}`, `${word} note`, JSON.stringify({ said: word })],
    )
    await holdCustomer(tx, {
      customer: asCustomer(customer),
      kind: 'by_hand',
      reason: `${word} hold`,
      actor: `user:${word}`,
    })
    await saveSettings(tx, settingsOf(word), { expected: 0, author: `${word} author`, note: `${word} note` })
    await addCodes(tx, { pool: word, codes: [{ code, validUntil: null }], actor: `user:${word}` })
    await addOffer(tx, { word, code, customer, connection, intervention })
    const { id: webhook } = await addWebhook(tx, {
      name: `${word} webhook`,
      format: 'signed',
      host: `${word}.example`,
      kinds: ['customer.level'],
      createdBy: `user:${word}`,
    })
    await tx.query(
      `insert into told (tenant_id, kind, level, subject, body, dedup_key, via, target, target_name)
       values ($1, 'level', 'info', $2, $2, $2, 'email', $3, $2)`,
      [tenant, `${word} notice`, `told@${word}.example`],
    )
    await requestStep(tx, { connection, step: 'sync', cause: 'first' })
    await endRun(tx, await startRun(tx, { connection, step: 'sync', cause: 'first' }), {
      status: 'failed',
      error: { code: 'input_missing', message: `${word} is gone.` },
    })
    await pauseTenant(tx, tenant, `${word} pause`)
    const author = { actor: `user:${word}`, requestId: word }
    await invitePerson(
      tx,
      { email: `second@${word}.example`, name: `${word} second`, role: 'viewer' },
      author,
    )
    const key = await createApiKey(tx, { name: `${word} key`, scopes: ['read'], ...author })
    const [{ session }] = await tx.query<{ session: string }>(
      'select id as session from sessions where person_id = $1',
      [person.id],
    )
    const kept = await addKept(tx, word)
    const [{ decision }] = await tx.query<{ decision: number }>('select max(id) as decision from decisions')
    return {
      tenant,
      connection,
      customer,
      decision,
      intervention,
      run,
      training,
      ...kept,
      person: person.id,
      session,
      apiKey: key.id,
      webhook,
      code,
      pool: word,
    }
  })
}

/** What has an id of its own beside customers: a view, an alert, an erasure, an export. */
async function addKept(
  tx: Transaction,
  word: string,
): Promise<Pick<Things, 'view' | 'alert' | 'erasure' | 'dataExport'>> {
  const [view, erasure, dataExport] = [randomUUID(), randomUUID(), randomUUID()]
  const actor = `user:${word}`
  await tx.query(
    `insert into customer_views (tenant_id, id, name, query, columns, created_by) values ($1, $2, $3, '{}', '{}', $4)`,
    [tx.tenant, view, `${word} view`, actor],
  )
  await tx.query(
    `insert into erasures (tenant_id, id, actor, source, reference, counts, markers) values ($1, $2, $3, 'admin', $4, '{}', 1)`,
    [tx.tenant, erasure, actor, `${word} request`],
  )
  await tx.query(
    `insert into data_exports (tenant_id, id, actor, reference, format, expires_at)
     values ($1, $2, $3, $4, 'json', now() + interval '1 hour')`,
    [tx.tenant, dataExport, actor, `${word} request`],
  )
  const [{ alert }] = await tx.query<{ alert: string }>(
    'select id as alert from told order by id desc limit 1',
  )
  return { view, alert, erasure, dataExport }
}

async function writeCustomers(tx: Transaction, word: string): Promise<void> {
  await tx.query(
    `update customers set name = $1 || ' customer ' || id, external_id = $1 || '-' || id,
       responsible_name = $1 || ' rep', responsible_email = 'rep@' || $1 || '.example', responsible_id = $1 || ' rep',
       properties = properties || jsonb_build_object('remark', $1::text)`,
    [word],
  )
}

async function addOffer(
  tx: Transaction,
  {
    word,
    code,
    customer,
    connection,
    intervention,
  }: { word: string; code: string; customer: number; connection: string; intervention: string },
): Promise<void> {
  await tx.query(
    `insert into offers (tenant_id, intervention_id, customer_id, connection_id, action_key, fulfilment, delivery,
       basis_points, months, currency, expires_on, terms, disclosure, code, status, status_reason)
     values ($1, $2, $3, $4, 'discount_10', 'pool', 'live', 1000, 3, 'EUR', '2027-01-01', $5, $5, $6, 'issued', $5)`,
    [tx.tenant, intervention, customer, connection, `${word} terms`, code],
  )
}

const settingsOf = (word: string): object => ({
  sender: {
    name: `${word} sender`,
    company: `${word} company`,
    address: `hello@${word}.example`,
    replyTo: `reply@${word}.example`,
    postalAddress: `${word} Street 1, 10115 Berlin`,
    language: 'en',
  },
})
