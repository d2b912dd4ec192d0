import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openTable } from '../../connectors/csv/open.ts'
import { proposeMapping } from '../../models/features/mapping.ts'
import type { TableSource } from '../../src/contracts/table.ts'
import { lookAtTable } from '../../src/training/look.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-look-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function table(name: string, text: string): Promise<TableSource> {
  const path = join(folder, name)
  writeFileSync(path, text)
  return openTable(path)
}

const HEADER = 'customerID,tenure,Contract,Churn\n'

describe('a look at a table', () => {
  it('learns from no column without values, whatever a mapping made before takes it for', async () => {
    const before = await table(
      'before.csv',
      `${HEADER}a,1,One year,No\nb,20,Month-to-month,Yes\nc,3,One year,No\n`,
    )
    const mapping = proposeMapping(await before.profile())
    await before.close()
    const used = mapping.columns.filter(({ use }) => use === 'feature').map(({ column }) => column)
    expect(used).toContain('tenure')
    const now = await table('now.csv', `${HEADER}a,,One year,\nb,,Month-to-month,\nc,,One year,\n`)
    const look = await lookAtTable(now, { keep: [], seed: 42, today: 20_777, mapping })
    await now.close()
    const of = (name: string) => look.columns.find(({ column }) => column === name)
    expect(of('tenure')).toMatchObject({ use: 'left_out', why: 'is empty in every row' })
    expect(of('Churn')).toMatchObject({ use: 'left_out', why: 'is empty in every row' })
    expect(of('Contract')).toMatchObject({ use: 'feature' })
    expect(look.problem).toMatchObject({ code: 'target_missing' })
  })
})
