/** A company with a Salesforce org, a book of accounts in it, and people who look in from there by its package. */
import { PACKAGE_PATHS } from '../../../connectors/salesforce/app.ts'
import { id18 } from '../../../connectors/salesforce/ids.ts'
import type { ConnectionId, TenantId } from '../../../src/contracts/ids.ts'
import type {
  CardList,
  CardPressed,
  CardSettings,
  CardSettingsSaved,
  RecordCard,
} from '../../../src/contracts/record-card.ts'
import type { FlowResult } from '../../../src/server/crm/salesforce-flow.ts'
import { createConnection } from '../../../src/store/connections.ts'
import type { Database } from '../../../src/store/database.ts'
import { activateTenant } from '../../../src/store/tenants.ts'
import { fillBook } from '../../support/book.ts'
import { addTenant } from '../../support/database.ts'
import type { TestServer } from '../../support/server.ts'

export interface Org {
  readonly tenant: TenantId
  readonly connection: ConnectionId
  readonly org: string
  /** Shown by the package. */
  readonly key: string
  /** Of the first customer. */
  readonly first: number
}

let orgs = 100

const numbered = (prefix: string, n: number): string => id18(`${prefix}Hp${String(n).padStart(10, '0')}`)

/** Of a customer in Salesforce. */
export const accountId = (customer: number): string => numbered('001', customer)
export const contactId = (customer: number): string => numbered('003', customer)
/** The nth customer's owner: every seventh has the same. */
export const userId = (n: number): string => numbered('005', (n + 1) % 7)

export async function connectOrg(
  database: Database,
  server: TestServer,
  {
    tenant,
    org = numbered('00D', orgs++),
    object = 'Account',
    count = 12,
  }: { tenant?: TenantId; org?: string; object?: 'Account' | 'Contact'; count?: number } = {},
): Promise<Org> {
  const of = tenant ?? (await addTenant(database))
  const connection = await database.withTenant(of, (tx) =>
    createConnection(tx, {
      kind: 'salesforce',
      name: `Salesforce ${org} ${object}`,
      sandbox: false,
      externalId: org,
      config: { org, object, auth: 'web' },
      population: { kind: 'everyone' },
    }),
  )
  const { first } = await fillBook(database, of, connection, { count })
  await database.withTenant(of, async (tx) => {
    await activateTenant(tx, of)
    const rows = await tx.query<{ id: number }>(
      'select id from customers where tenant_id = $1 and connection_id = $2 order by id',
      [of, connection],
    )
    const named = rows.map(({ id }, n) => ({
      id,
      record: object === 'Account' ? accountId(id) : contactId(id),
      owner: userId(n),
    }))
    await tx.query(
      `update customers c set object = $3, external_id = r.record, responsible_id = r.owner
       from json_to_recordset($4) as r (id bigint, record text, owner text)
       where c.tenant_id = $1 and c.connection_id = $2 and c.id = r.id`,
      [of, connection, object, JSON.stringify(named)],
    )
    await tx.query(
      `update steps set last_done_at = now(), due_at = now() + interval '5 minutes' where tenant_id = $1 and connection_id = $2`,
      [of, connection],
    )
  })
  return { tenant: of, connection, org, first, key: await server.packageKey(of, org) }
}

/** On whose behalf it is asked; what is left out is as the org's package says it. */
export interface Asker {
  readonly user?: string
  readonly email?: string | null
  readonly org?: string
  /** Null: none is shown. */
  readonly key?: string | null
}

export type Answered<T> = Promise<{ readonly status: number; readonly body: T & { detail?: string } }>

/** Asks as the package's Apex does. */
export function askingFrom(server: TestServer, { org, key }: Pick<Org, 'org' | 'key'>) {
  const raw = (
    method: 'GET' | 'POST',
    path: string,
    { query = {}, body }: { query?: Record<string, string>; body?: unknown },
    by: Asker = {},
  ): Promise<Response> => {
    const search = new URLSearchParams(query).toString()
    const shown = by.key === undefined ? key : by.key
    const email = by.email === undefined ? 'rep@acme.example' : by.email
    return server.fetch(search === '' ? path : `${path}?${search}`, {
      method,
      headers: {
        ...(shown === null ? {} : { authorization: `Bearer ${shown}` }),
        'x-holdfast-org': by.org ?? org,
        'x-holdfast-user': by.user ?? userId(0),
        ...(email === null ? {} : { 'x-holdfast-email': email }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  }
  const answered = async <T>(answer: Promise<Response>) => {
    const came = await answer
    return { status: came.status, body: (await came.json()) as T & { detail?: string } }
  }
  return {
    raw,
    card: (record: string, by?: Asker): Answered<RecordCard> =>
      answered(raw('GET', PACKAGE_PATHS.card, { query: { record } }, by)),
    answer: (record: string, body: object, by?: Asker): Answered<CardPressed> =>
      answered(raw('POST', PACKAGE_PATHS.cardAnswer, { body: { record, ...body } }, by)),
    score: (record: string, by?: Asker): Answered<CardPressed> =>
      answered(raw('POST', PACKAGE_PATHS.cardScore, { body: { record } }, by)),
    customers: (query: Record<string, string> = {}, by?: Asker): Answered<CardList> =>
      answered(raw('GET', PACKAGE_PATHS.customers, { query }, by)),
    settings: (by?: Asker): Answered<CardSettings> => answered(raw('GET', PACKAGE_PATHS.settings, {}, by)),
    changeSettings: (body: object, by?: Asker): Answered<CardSettingsSaved> =>
      answered(raw('POST', PACKAGE_PATHS.settings, { body }, by)),
    pause: (paused: boolean, by?: Asker): Answered<CardSettingsSaved> =>
      answered(raw('POST', PACKAGE_PATHS.pause, { body: { paused } }, by)),
    flow: (body: object, by?: Asker): Answered<{ results: FlowResult[] }> =>
      answered(raw('POST', PACKAGE_PATHS.flow, { body }, by)),
  }
}
