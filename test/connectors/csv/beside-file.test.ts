import { existsSync, readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { besideFile } from '../../../connectors/csv/beside-file.ts'
import { neutralise } from '../../../connectors/csv/encode.ts'
import { parseRecords } from '../../../connectors/csv/records.ts'
import { file } from './files.ts'

const ID = 'customer, "id"'
const cellOf = (value: unknown): string =>
  neutralise(Array.isArray(value) ? value.join(' | ') : String(value ?? ''))

/** Rows by id, with the cells of some columns. */
function rowsOf(path: string): Map<string, Record<string, string>> {
  if (!existsSync(path)) return new Map()
  const [header, ...rows] = parseRecords(readFileSync(path, 'utf8'), ',', true)
  return new Map(
    rows.map((cells) => [cells[0], Object.fromEntries(header.map((name, i) => [name, cells[i]]))]),
  )
}

describe('the file beside a customer file', () => {
  // What people and files may call a customer: blanks around it are none of it.
  const id = fc.oneof(
    fc
      .string({ minLength: 1, maxLength: 12, unit: 'grapheme' })
      .map((text) => text.trim())
      .filter((text) => text !== ''),
    fc.constantFrom('=1+1', '-5', "'x", 'a,b', 'say "no"', 'C-1'),
  )
  const fields = fc.record(
    {
      riskPercent: fc.option(fc.integer({ min: 0, max: 1000 }).map((tenths) => tenths / 10)),
      reasons: fc.option(fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 3 })),
      suggestedAction: fc.option(fc.constantFrom('Call them', '=HYPERLINK("x")', 'two\nlines', 'é, "ü"')),
    },
    { requiredKeys: [] },
  )
  const act = fc.oneof(
    { weight: 4, arbitrary: fc.array(fc.tuple(fc.nat(5), fields), { minLength: 1, maxLength: 4 }) },
    { weight: 1, arbitrary: fc.constant('commit' as const) },
    // As when a process is killed.
    { weight: 1, arbitrary: fc.constant('close' as const) },
  )

  it('holds the last that was said of each field, however often the writing stopped and went on', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(id, { minLength: 6, maxLength: 6, selector: neutralise }),
        fc.array(act, { minLength: 1, maxLength: 6 }),
        async (ids, acts) => {
          const source = file('id\n')
          let beside = besideFile(source, ID)
          const expected = new Map<string, Record<string, string>>()
          for (const one of acts) {
            if (one === 'commit') await beside.commit(new Set(ids))
            else if (one === 'close') {
              await beside.close()
              beside = besideFile(source, ID)
            } else {
              await beside.add(one.map(([at, said]) => ({ id: ids[at], fields: said })))
              for (const [at, said] of one) {
                const row = expected.get(neutralise(ids[at])) ?? {
                  risk_percent: '',
                  reasons: '',
                  suggested_action: '',
                }
                if ('riskPercent' in said) row['risk_percent'] = cellOf(said.riskPercent)
                if ('reasons' in said) row['reasons'] = cellOf(said.reasons)
                if ('suggestedAction' in said) row['suggested_action'] = cellOf(said.suggestedAction)
                expected.set(neutralise(ids[at]), row)
              }
            }
          }
          await beside.commit(new Set(ids))
          await beside.close()
          const rows = rowsOf(beside.path)
          expect([...rows.keys()].toSorted()).toEqual([...expected.keys()].toSorted())
          for (const [key, row] of expected) expect(rows.get(key)).toMatchObject(row)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('does nothing where nothing was said', async () => {
    const beside = besideFile(file('id\n'), 'id')
    await beside.commit(new Set())
    await beside.close()
    expect(existsSync(beside.path)).toBe(false)
  })

  it.each([
    ['customers.csv', 'customers.holdfast.csv'],
    ['customers.CSV.gz', 'customers.holdfast.csv'],
    ['my.customers.xlsx', 'my.customers.holdfast.csv'],
    ['book.parquet', 'book.holdfast.csv'],
  ])('of %s is %s', (name, beside) => {
    expect(besideFile(`/data/${name}`, 'id').path).toBe(`/data/${beside}`)
  })
})
