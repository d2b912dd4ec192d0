import { chmodSync, existsSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { ChangePage, Connector, Cursor, RiskFields } from '../../../connectors/connector.ts'
import { openFileConnector, type FileConfig } from '../../../connectors/csv/connector.ts'
import { parseRecords } from '../../../connectors/csv/records.ts'
import { findFileColumns } from '../../../src/loop/file-columns.ts'
import { connectorConformance } from '../../conformance/connector.ts'
import { file, folder } from './files.ts'

const HEADER = 'customer_id,company,email,phone,email_consent,plan,monthly_charges'
const row = (number: number, plan = 'Team'): string =>
  `C-${number},Sample ${number} Ltd,c${number}@example.com,+4930123450${number},Yes,${plan},${10 + number}.50`

function open(path: string, config: Partial<FileConfig> = {}, pageRows?: number): Connector {
  return openFileConnector({
    config: { path, ...config },
    findColumns: findFileColumns,
    ...(pageRows === undefined ? {} : { pageRows }),
  })
}

async function pagesOf(connector: Connector, since: Cursor | null = null): Promise<readonly ChangePage[]> {
  const pages: ChangePage[] = []
  for await (const page of connector.changes(since)) pages.push(page)
  return pages
}

/** All that a pass hands over, and the cursor behind it. */
async function whole(connector: Connector, since: Cursor | null = null) {
  const pages = await pagesOf(connector, since)
  return { records: pages.flatMap(({ upserts }) => upserts), cursor: pages.at(-1)?.cursor ?? since, pages }
}

const FIELD_OF: Readonly<Record<string, keyof RiskFields>> = {
  risk_percent: 'riskPercent',
  risk_level: 'riskLevel',
  level_since: 'levelSince',
  change_30_days: 'change30Days',
  value_at_risk: 'valueAtRisk',
  currency: 'currency',
  reasons: 'reasons',
  suggested_action: 'suggestedAction',
  action_status: 'actionStatus',
  renewal_date: 'renewalDate',
  data_confidence: 'dataConfidence',
  group: 'group',
  status: 'status',
  scored_at: 'scoredAt',
}

function besideOf(path: string): Map<string, Record<string, string>> {
  const beside = path.replace(/\.csv$/, '.holdfast.csv')
  if (!existsSync(beside)) return new Map()
  const [header, ...rows] = parseRecords(readFileSync(beside, 'utf8'), ',', true)
  return new Map(
    rows.map((cells) => [
      cells[0],
      Object.fromEntries(
        header
          .map((name, i) => [FIELD_OF[name] ?? name, cells[i]] as const)
          .slice(1)
          .filter(([, cell]) => cell !== ''),
      ),
    ]),
  )
}

connectorConformance('customer files', async () => {
  const path = join(folder(), 'customers.csv')
  const rows = new Map([1, 2, 3, 4, 5, 6, 7].map((number) => [`C-${number}`, row(number)]))
  const write = async (): Promise<void> => writeFileSync(path, [HEADER, ...rows.values(), ''].join('\n'))
  await write()
  return {
    open: () => open(path, {}, 3),
    ids: [...rows.keys()],
    change: async (id) => {
      rows.set(id, row(Number(id.slice(2)), 'Enterprise'))
      await write()
    },
    add: async () => {
      rows.set('C-9', row(9))
      await write()
      return 'C-9'
    },
    remove: async (id) => {
      rows.delete(id)
      await write()
    },
    written: async (id) => besideOf(path).get(id) ?? null,
    lose: async () => rmSync(path),
    close: async () => undefined,
  }
})

describe('a customer file as a connector', () => {
  const three = [HEADER, row(1), row(2), row(3), ''].join('\n')

  it('reads customers with names, people and consent by columns that it finds', async () => {
    const path = file(
      'id,first_name,last_name,e-mail,mobile,preferred_language,timezone,country,parent_id,account_owner,account_owner_email,email_opt_in,do_not_call,spend\n' +
        '7, Ada , Lovelace ,ada@example.com,+447700900000,en-gb,Europe/London,United Kingdom,G1,Sam Rep,sam@example.com,yes,yes,12\n' +
        '8,Bo,,,,,,,,,,,,13\n',
    )
    const connector = open(path, { idColumn: 'id' })
    const { records } = await whole(connector)
    expect(records.map(({ id, name, topParentId }) => [id, name, topParentId])).toEqual([
      ['7', 'Ada Lovelace', 'G1'],
      ['8', 'Bo', null],
    ])
    expect(records.map(({ responsible }) => responsible)).toEqual([
      { id: 'sam@example.com', name: 'Sam Rep', email: 'sam@example.com' },
      null,
    ])
    expect(records[1].properties).toMatchObject({ id: '8', first_name: 'Bo', 'e-mail': null, spend: '13' })
    // Who cannot be reached at all is no recipient.
    expect(await connector.recipients!(['7', '8'])).toEqual([
      {
        customerId: '7',
        id: '7',
        name: 'Ada Lovelace',
        role: null,
        email: 'ada@example.com',
        phone: '+447700900000',
        language: 'en-GB',
        zone: 'Europe/London',
        country: 'GB',
        consent: { email: 'granted', sms: 'unknown', call: 'refused', changedAt: null },
      },
    ])
    await connector.close()
  })

  it('takes the columns that the connection names before those that it would find', async () => {
    const path = file('id,email,billing_email,spend\n1,a@example.com,b@example.com,2\n2,c@example.com,,3\n')
    const connector = open(path, { idColumn: 'id', emailColumn: 'billing_email' })
    await whole(connector)
    expect((await connector.recipients!(['1', '2'])).map(({ email }) => email)).toEqual(['b@example.com'])
    await connector.close()
  })

  it('does not read a file again that was only touched, and reads one under other columns anew', async () => {
    const path = file(three)
    const connector = open(path)
    const { cursor } = await whole(connector)
    utimesSync(path, new Date(), new Date(Date.now() + 5000))
    const touched = await pagesOf(connector, cursor)
    expect(touched).toHaveLength(1)
    expect(touched[0]).toMatchObject({ upserts: [], deleted: [] })
    expect(touched[0].complete).toBeUndefined()
    expect(await pagesOf(connector, touched[0].cursor)).toEqual([])
    await connector.close()
    const other = open(path, { nameColumn: 'plan' })
    expect((await whole(other, touched[0].cursor)).records.map(({ name }) => name)).toEqual([
      'Team',
      'Team',
      'Team',
    ])
    await other.close()
  })

  it('hands nothing over of a file in which ids are missing or stand twice, and names the line', async () => {
    const missing = open(
      file(`${HEADER}\n${row(1)}\n,x,x@example.com,,,Team,5\n`),
      { idColumn: 'customer_id' },
      1,
    )
    await expect(pagesOf(missing)).rejects.toMatchObject({
      code: 'id_missing',
      retryable: true,
      message: expect.stringContaining('Line 3'),
    })
    await missing.close()
    const twice = open(file([HEADER, row(1), row(2), row(1), ''].join('\n')), { idColumn: 'customer_id' }, 1)
    const pages: ChangePage[] = []
    const passed = (async () => {
      for await (const page of twice.changes(null)) pages.push(page)
    })()
    await expect(passed).rejects.toMatchObject({
      code: 'id_duplicate',
      message: expect.stringMatching(/Line 4.*line 2.*"idColumn"/s),
    })
    expect(pages).toEqual([])
    await twice.close()
  })

  it('breaks off when the file changes under it, and says that the next try may do', async () => {
    const path = file([HEADER, ...[1, 2, 3, 4, 5, 6].map((number) => row(number)), ''].join('\n'))
    const connector = open(path, {}, 2)
    const seen: ChangePage[] = []
    const passed = (async () => {
      for await (const page of connector.changes(null)) {
        seen.push(page)
        writeFileSync(path, three)
      }
    })()
    await expect(passed).rejects.toMatchObject({ code: 'input_format', retryable: true })
    expect(seen.filter(({ complete }) => complete === true)).toEqual([])
    expect((await whole(connector, seen.at(-1)!.cursor)).records).toHaveLength(3)
    await connector.close()
  })

  it('refuses a connection that is not set up rightly, naming what', async () => {
    expect(() => open('')).toThrow(/Correct path/)
    expect(() =>
      openFileConnector({ config: { path: 'x.csv', sheet: 1 }, findColumns: findFileColumns }),
    ).toThrow(/sheet/)
    const connector = open(file(three), { emailColumn: 'mail' })
    await expect(pagesOf(connector)).rejects.toMatchObject({
      code: 'column_missing',
      message: expect.stringMatching(/"mail".*"emailColumn".*customer_id, company/s),
    })
    const noId = open(file('plan,seats\nTeam,1\nTeam,1\n'))
    await expect(pagesOf(noId)).rejects.toMatchObject({
      code: 'connector_configuration',
      message: expect.stringContaining('idColumn'),
    })
    await noId.close()
  })

  it('never touches the file itself', async () => {
    const path = file(three)
    const connector = open(path)
    await connector.write([{ id: 'C-1', fields: { riskPercent: 5 } }])
    await connector.close()
    expect(readFileSync(path, 'utf8')).toBe(three)
  })

  it('takes up what a killed process had written, even when its last line is half', async () => {
    const path = file(three)
    const killed = open(path)
    await killed.write([{ id: 'C-1', fields: { riskPercent: 5 } }])
    const journal = path.replace('.csv', '.holdfast.pending')
    writeFileSync(journal, `${readFileSync(journal, 'utf8')}{"id":"C-2","fie`)
    expect(besideOf(path).size).toBe(0)
    const next = open(path)
    await next.write([{ id: 'C-3', fields: { riskPercent: 7 } }])
    await next.close()
    expect([...besideOf(path)].map(([id, { riskPercent }]) => [id, riskPercent])).toEqual([
      ['C-1', '5'],
      ['C-3', '7'],
    ])
    expect(existsSync(journal)).toBe(false)
    await killed.close()
  })

  it('leaves out rows of customers who are gone from the file', async () => {
    const path = file(three)
    const first = open(path)
    await first.write(['C-1', 'C-2', 'C-3'].map((id) => ({ id, fields: { riskPercent: 5 } })))
    await first.close()
    writeFileSync(path, [HEADER, row(1), row(3), ''].join('\n'))
    const second = open(path)
    await second.write([{ id: 'C-1', fields: { riskLevel: 'LOW' } }])
    await second.close()
    expect([...besideOf(path).keys()]).toEqual(['C-1', 'C-3'])
  })

  // Root may write everywhere.
  it.skipIf(process.getuid?.() === 0)('says where it cannot write, and keeps the old file', async () => {
    const path = file(three)
    chmodSync(dirname(path), 0o500)
    const connector = open(path)
    await expect(connector.write([{ id: 'C-1', fields: { riskPercent: 5 } }])).rejects.toMatchObject({
      code: 'output_denied',
    })
    expect((await connector.verify()).find(({ name }) => name === 'Write-back')).toMatchObject({
      status: 'failed',
    })
    chmodSync(dirname(path), 0o700)
    await connector.close()
  })

  it('writes nothing while the file is not there, and goes on when it is back', async () => {
    const path = file(three)
    const connector = open(path)
    await connector.write([{ id: 'C-1', fields: { riskPercent: 5 } }])
    renameSync(dirname(path), `${dirname(path)}-moved`)
    await expect(connector.write([{ id: 'C-1', fields: { riskPercent: 6 } }])).rejects.toMatchObject({
      code: 'input_missing',
    })
    renameSync(`${dirname(path)}-moved`, dirname(path))
    await connector.close()
    expect(besideOf(path).get('C-1')).toEqual({ riskPercent: '5' })
  })
})
