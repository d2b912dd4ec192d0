/** Scored customers in a store, as the steps before leave them, for what decides and observes. */
import { randomUUID } from 'node:crypto'
import pino from 'pino'
import { STATE_SIZE, writeState } from '../../models/policy/state.ts'
import { random } from '../../models/random.ts'
import type { ConnectionId, TenantId } from '../../src/contracts/ids.ts'
import { asRun } from '../../src/contracts/ids.ts'
import { openEngines } from '../../src/loop/engines.ts'
import type { LoopServices, StepContext } from '../../src/loop/services.ts'
import type { Database } from '../../src/store/database.ts'
import { registerModel } from '../../src/store/models.ts'
import { saveSettings } from '../../src/store/settings-versions.ts'
import { addConnection, addTenant } from '../support/database.ts'

/** The real engines; neither connector nor secret is asked for. */
export function loopServices(database: Database, now: () => Date): LoopServices {
  const none = () => Promise.reject(new Error('not asked for when deciding'))
  return {
    database,
    engines: openEngines({ threads: 1, dataFolder: '' }),
    connectors: { can: () => false, open: none },
    secrets: { addressKey: none, linkKey: none },
    clock: now,
    log: pino({ level: 'silent' }),
  }
}

export function stepContext(
  tenant: TenantId,
  connection: ConnectionId,
  signal = new AbortController().signal,
): StepContext {
  return { tenant, connection, run: asRun(randomUUID()), cause: 'test', signal, progress: () => undefined }
}

export async function addScoredConnection(database: Database, tenant: TenantId): Promise<ConnectionId> {
  const connection = await addConnection(database, tenant)
  await database.withTenant(tenant, (tx) =>
    registerModel(tx, connection, {
      kind: 'churn',
      hash: 'a'.repeat(64),
      name: 'subscription',
      version: '1',
      location: 'shipped:subscription',
      card: {},
    }),
  )
  return connection
}

/** A tenant with a connection whose model is known. */
export async function addBook(
  database: Database,
  { activated = '2026-01-01', settings = {} }: { activated?: string | null; settings?: object } = {},
): Promise<{ tenant: TenantId; connection: ConnectionId }> {
  const tenant = await addTenant(database)
  await database.asSystem('a test', (tx) =>
    tx.query('update tenants set activated_at = $2 where id = $1', [tenant, activated]),
  )
  const connection = await addScoredConnection(database, tenant)
  await database.withTenant(tenant, (tx) => saveSettings(tx, settings, { expected: 0, author: 'test' }))
  return { tenant, connection }
}

/**
 * Customers `from` to `to` (their external ids), each with an address for every channel. Every tenth is in the
 * holdout; the riskier half is worth acting for.
 */
export async function addScored(
  database: Database,
  { tenant, connection }: { tenant: TenantId; connection: ConnectionId },
  from: number,
  to: number,
  context: object = {},
): Promise<void> {
  const chance = random(from)
  const count = to - from + 1
  const states = new Float32Array(count * STATE_SIZE)
  const hazards: number[] = []
  const amounts: number[] = []
  for (let row = 0; row < count; row++) {
    hazards[row] = 0.002 + 0.06 * chance.next() ** 2
    amounts[row] = 2000 + Math.floor(9000 * chance.next())
    writeState(states, row, {
      monthlyHazard: hazards[row],
      contractMonths: chance.next() < 0.5 ? 1 : 12,
      tier: chance.integer(3) / 2,
      tenureMonths: chance.integer(72),
      monthlyCharge: amounts[row] / 100,
      interventions: chance.integer(3),
      daysSinceContact: Infinity,
      responseRate: chance.next(),
      engagement: 100 * chance.next(),
      monthsToNotice: 0,
    })
  }
  await database.withTenant(tenant, async (tx) => {
    await tx.query(
      `insert into customers (tenant_id, connection_id, object, external_id, properties, properties_hash, group_key, group_name)
       select $1, $2, 'company', i::text, '{}', '', i::text, case when i % 10 = 0 then 'holdout' else 'policy' end
       from generate_series($3::integer, $4::integer) i`,
      [tenant, connection, from, to],
    )
    await tx.query(
      `insert into scores (tenant_id, customer_id, connection_id, scored_at, as_of, probability, kind, monthly_hazard, level,
         level_since, reasons, data_confidence, monthly_minor, currency, model_hash, feature_set_hash, input_hash, state, context)
       select $1::uuid, c.id, $2::uuid, now(), '2026-11-20', .3, 'snapshot', r.hazard, 'LOW', now(), '[]', 1, r.amount, 'USD',
         repeat('a', 64), repeat('b', 64), 'i', r.state::real[], $7::jsonb
       from unnest($3::integer[], $4::float8[], $5::bigint[], $6::text[]) as r (id, hazard, amount, state)
       join customers c on c.tenant_id = $1 and c.connection_id = $2 and c.external_id = r.id::text`,
      [
        tenant,
        connection,
        hazards.map((_, row) => from + row),
        hazards,
        amounts,
        hazards.map((_, row) => `{${states.subarray(row * STATE_SIZE, (row + 1) * STATE_SIZE).join()}}`),
        JSON.stringify(context),
      ],
    )
    await tx.query(
      `insert into recipients (tenant_id, customer_id, external_id, email_hash, phone_hash)
       select tenant_id, id, 'r', sha256(external_id::bytea), sha256(external_id::bytea) from customers
       where tenant_id = $1 and connection_id = $2 and external_id::integer between $3 and $4`,
      [tenant, connection, from, to],
    )
  })
}
