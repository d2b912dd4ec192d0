/** A company as pages show it: a scored and decided book, runs, contacts, and an action in every state. */
import { randomBytes, randomUUID } from 'node:crypto'
import type { EmailMessage } from '../../../actions/channel.ts'
import {
  asCustomer,
  type ConnectionId,
  type InterventionId,
  type TenantId,
} from '../../../src/contracts/ids.ts'
import { createConnection } from '../../../src/store/connections.ts'
import type { Database } from '../../../src/store/database.ts'
import { moveIntervention } from '../../../src/store/intervention-moves.ts'
import { MOVES, type InterventionState } from '../../../src/store/intervention-states.ts'
import { endRun, startRun } from '../../../src/store/runs.ts'
import { refreshStatistics } from '../../../src/store/statistics.ts'
import { activateTenant } from '../../../src/store/tenants.ts'
import { fillBook } from '../../support/book.ts'
import { addTenant } from '../../support/database.ts'
import { addIntervention } from '../../support/ledger.ts'

export interface Company {
  readonly tenant: TenantId
  readonly connection: ConnectionId
  /** Of the first and the last customer. */
  readonly first: number
  readonly last: number
}

/** A connection that was read, with nothing behind it. */
export async function connect(
  database: Database,
  tenant: TenantId,
  { name = 'Customers', population = { kind: 'everyone' } as { kind: 'everyone' } | null } = {},
): Promise<ConnectionId> {
  return database.withTenant(tenant, (tx) =>
    createConnection(tx, { kind: 'csv', name, sandbox: false, config: {}, population }),
  )
}

/** A run that ended well, and its step with it. */
export async function ranWell(
  database: Database,
  tenant: TenantId,
  connection: ConnectionId,
  step: string,
  counts: Readonly<Record<string, number>> = {},
): Promise<void> {
  await database.withTenant(tenant, async (tx) => {
    const run = await startRun(tx, { connection, step, cause: 'schedule' })
    await endRun(tx, run, { status: 'done', counts })
    await tx.query(
      `update steps set last_done_at = now(), due_at = now() + interval '1 hour', error_code = null, error_message = null
       where tenant_id = $1 and connection_id = $2 and step = $3`,
      [tenant, connection, step],
    )
  })
}

export async function fillCompany(
  database: Database,
  { count = 300, name = 'Acme' }: { count?: number; name?: string } = {},
): Promise<Company> {
  const tenant = await addTenant(database, name)
  const connection = await connect(database, tenant)
  const { first, last } = await fillBook(database, tenant, connection, { count, decided: 0.8 })
  // Pages ask for the period of today.
  await database.asSystem('a test', (tx) =>
    tx.query(
      "update decisions set period = to_char(now() at time zone 'UTC', 'YYYY-MM') where tenant_id = $1",
      [tenant],
    ),
  )
  await ranWell(database, tenant, connection, 'sync', { added: count, unchanged: 0 })
  await ranWell(database, tenant, connection, 'score', { scored: count })
  await ranWell(database, tenant, connection, 'decide', { decided: Math.round(count * 0.8), planned: 12 })
  await database.withTenant(tenant, (tx) => activateTenant(tx, tenant))
  await database.asSystem('a test', (tx) => refreshStatistics(tx))
  return { tenant, connection, first, last }
}

export async function addContact(
  database: Database,
  tenant: TenantId,
  customer: number,
  { name = 'Ann Lee', email = 'ann@example.com' as string | null, language = 'en' } = {},
): Promise<void> {
  await database.withTenant(tenant, (tx) =>
    tx.query(
      `insert into recipients (tenant_id, customer_id, external_id, name, role, email, email_hash, language, zone, rank)
       values ($1, $2, $3, $4, 'Head of Operations', $5, $6, $7, 'Europe/Berlin', 0)`,
      [tenant, customer, randomUUID(), name, email, email === null ? null : randomBytes(32), language],
    ),
  )
}

/** Steps from `planned` to each state by moves that the ledger allows. */
const WAYS = new Map<InterventionState, readonly InterventionState[]>([['planned', []]])
for (const [from, way] of WAYS) for (const to of MOVES[from]) if (!WAYS.has(to)) WAYS.set(to, [...way, to])

export async function addActionIn(
  database: Database,
  { tenant, connection }: Pick<Company, 'tenant' | 'connection'>,
  customer: number,
  state: InterventionState,
  {
    actionKey = 'email',
    channel = 'email',
    reason,
    message,
    actualCostMinor,
  }: {
    actionKey?: string
    channel?: 'email' | 'sms' | 'task'
    reason?: string
    message?: Partial<EmailMessage>
    actualCostMinor?: number
  } = {},
): Promise<InterventionId> {
  const id = await addIntervention(
    database,
    { tenant, connection, customer: asCustomer(customer) },
    { actionKey, channel, currency: 'EUR' },
  )
  const way = WAYS.get(state) ?? []
  await database.withTenant(tenant, async (tx) => {
    let from: InterventionState = 'planned'
    for (const to of way) {
      await moveIntervention(tx, {
        id,
        from: [from],
        to,
        actor: 'worker',
        ...(to === state && reason !== undefined ? { reasonCode: 'a_test', reason } : {}),
        set: {
          ...((to === 'leased' || to === 'sending') && message !== undefined
            ? { message: { ...MESSAGE, ...message } }
            : {}),
          ...(to === 'sending' ? { sendingNow: true } : {}),
          ...(to === 'sent' ? { sentNow: true, providerId: '<a@example.com>' } : {}),
          ...(to === 'sent' && actualCostMinor !== undefined ? { actualCostMinor } : {}),
        },
      })
      from = to
    }
  })
  return id
}

const MESSAGE: EmailMessage & { readonly delivery: string } = {
  kind: 'email',
  delivery: 'sandbox',
  to: { name: 'Ann Lee', address: 'ann@example.com' },
  from: { name: 'Acme', address: 'hello@acme.example' },
  replyTo: { name: 'Mara Lindt', address: 'mara@acme.example' },
  subject: 'How is it going?',
  text: 'Hello Ann,\n\nhow is it going?',
  html: '<!doctype html><html><head><style>p{color:#123456}</style></head><body><p>Hello <b>Ann</b>, how is it going?</p></body></html>',
  language: 'en',
  unsubscribe: { url: 'https://acme.example/u/x', mailto: null },
}
