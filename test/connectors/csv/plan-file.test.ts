import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, mkdirSync, readdirSync, readFileSync, symlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMissing } from '../../../connectors/csv/missing.ts'
import { neutralise } from '../../../connectors/csv/encode.ts'
import { createPlanFile, type PlanColumn } from '../../../connectors/csv/plan-file.ts'
import { file, folder, readAll, withTable } from './files.ts'

const columns: PlanColumn[] = [
  { name: 'CustomerID', type: 'text' },
  { name: 'Tenure', type: 'integer' },
  { name: 'ChurnProbability', type: 'number', decimals: 4 },
  { name: 'Reasons', type: 'text' },
]
const rows = [
  ['a', 'b', null],
  new Float64Array([3, NaN, 12]),
  new Float32Array([0.123456, 1, NaN]),
  ['one, "two"', '', 'x\ny'],
]

const text = `CustomerID,Tenure,ChurnProbability,Reasons
a,3,0.1235,"one, ""two"""
b,,1,
,12,,"x
y"
`

describe('a plan file', () => {
  it('is written as CSV with the quotes of RFC 4180', async () => {
    const path = join(folder(), 'plan.csv')
    const plan = createPlanFile(path, columns)
    await plan.append(rows)
    expect(await plan.commit()).toEqual({ rows: 3, bytes: Buffer.byteLength(text) })
    expect(readFileSync(path, 'utf8')).toBe(text)
  })

  it('is written as Parquet, where empty text differs from none', async () => {
    const path = join(folder(), 'plan [1].parquet')
    const plan = createPlanFile(path, columns)
    await plan.append(rows)
    await plan.append([['=1+1'], [7], [0.5], ['z']])
    expect((await plan.commit()).rows).toBe(4)
    expect(readdirSync(join(path, '..'))).toEqual(['plan [1].parquet'])
    const read = await withTable(path, (table) =>
      readAll(table, [
        { column: 'CustomerID', as: 'text' },
        { column: 'Tenure', as: 'number' },
        { column: 'ChurnProbability', as: 'number' },
        { column: 'Reasons', as: 'text' },
      ]),
    )
    expect(read).toEqual([
      ['a', 'b', null, '=1+1'],
      [3, NaN, 12, 7],
      [0.1235, 1, NaN, 0.5],
      ['one, "two"', null, 'x\ny', 'z'],
    ])
  })

  it('appears only when it is committed, and replaces the one before whole', async () => {
    const path = file('old', 'plan.csv')
    const plan = createPlanFile(path, columns)
    await plan.append(rows)
    expect(readFileSync(path, 'utf8')).toBe('old')
    await plan.commit()
    expect(readFileSync(path, 'utf8')).toBe(text)
    await plan.abort()
    expect(readFileSync(path, 'utf8')).toBe(text)
    expect(readdirSync(join(path, '..'))).toEqual(['plan.csv'])
  })

  it.each(['plan.csv', 'plan.parquet'])('leaves nothing behind when %s is aborted', async (name) => {
    const where = folder()
    const plan = createPlanFile(join(where, name), columns)
    await plan.append(rows)
    await plan.abort()
    expect(readdirSync(where)).toEqual([])
    await expect(plan.append(rows)).rejects.toMatchObject({ code: 'output_failed' })
  })

  it.each([
    ['ENOSPC', 'output_full', 507],
    ['EDQUOT', 'output_full', 507],
    ['EACCES', 'output_denied', 403],
    ['EROFS', 'output_denied', 403],
    ['EIO', 'output_failed', 500],
  ])('keeps the old file and removes its own when a write fails with %s', async (code, expected, status) => {
    const path = file('old', 'plan.csv')
    const failing = async (): Promise<void> => {
      throw Object.assign(new Error(code), { code })
    }
    const plan = createPlanFile(path, columns, { write: failing })
    const writing = (async () => {
      await plan.append(rows)
      await plan.commit()
    })()
    await expect(writing).rejects.toMatchObject({ code: expected, status, exit: 6 })
    expect(readFileSync(path, 'utf8')).toBe('old')
    expect(readdirSync(join(path, '..'))).toEqual(['plan.csv'])
  })

  it('follows a link to the file that it replaces', async () => {
    const path = file('old', 'real.csv')
    const link = join(path, '..', 'link.csv')
    symlinkSync(path, link)
    const plan = createPlanFile(link, columns)
    await plan.append(rows)
    await plan.commit()
    expect(readFileSync(path, 'utf8')).toBe(text)
  })

  it('never writes over its own input', () => {
    const path = file('id\n1\n')
    const link = join(path, '..', 'same.csv')
    symlinkSync(path, link)
    for (const target of [path, link]) {
      expect(() => createPlanFile(target, columns, { inputs: [path] })).toThrow(
        /is the file that is being read/,
      )
    }
    expect(readdirSync(join(path, '..')).length).toBe(2)
  })

  it('says at once that a place cannot be written', () => {
    const where = folder()
    mkdirSync(join(where, 'dir.csv'))
    expect(() => createPlanFile(join(where, 'dir.csv'), columns)).toThrow(/is a folder/)
    expect(() => createPlanFile(join(where, 'none', 'plan.csv'), columns)).toThrow(/There is no folder/)
    expect(() => createPlanFile(join(where, 'plan.pdf'), columns)).toThrow(/must end in .csv or .parquet/)
  })

  // Root may write everywhere.
  it.skipIf(process.getuid?.() === 0)(
    'says that a folder is read-only (skipped for root, who may write anywhere)',
    () => {
      const where = folder()
      chmodSync(where, 0o500)
      expect(() => createPlanFile(join(where, 'plan.csv'), columns)).toThrow(/may not be written/)
    },
  )
})

/** Runs a command with `disk` mounted as a file system of 1 MB, which nobody else sees and which goes with it. */
function onSmallDisk(disk: string, ...command: string[]): string {
  const mount = 'mount -t tmpfs -o size=1m tmpfs "$0" && exec "$@"'
  return execFileSync('unshare', ['--map-root-user', '--mount', 'sh', '-c', mount, disk, ...command], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
}

const canMount = ((): boolean => {
  const disk = mkdtempSync(join(tmpdir(), 'holdfast-test-'))
  try {
    return onSmallDisk(disk, 'echo', 'yes') === 'yes\n'
  } catch {
    return false
  } finally {
    rmSync(disk, { recursive: true, force: true })
  }
})()

describe.skipIf(!canMount)('a disk that fills (skipped where no small file system can be mounted)', () => {
  it.each(['plan.csv', 'plan.parquet'])('keeps the old %s whole', (name) => {
    const script = new URL('full-disk.ts', import.meta.url).pathname
    const disk = folder()
    const outcome: unknown = JSON.parse(onSmallDisk(disk, process.execPath, script, disk, name))
    expect(outcome).toEqual({ said: 'output_full', left: [name], plan: 'old' })
  })
})

describe('cells that a spreadsheet would run', () => {
  it.each(['=1+1', '+cmd', '-2+3', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '＝1', '-', '+49 170 1234567'])(
    '%j gets an apostrophe',
    (cell) => {
      expect(neutralise(cell)).toBe(`'${cell}`)
    },
  )
  it.each(['-5', '+3.25', '-1e3', '-.5', 'a=b', '', '1-2', 'Ünal', "'=1", 'x@example.com'])(
    '%j stays',
    (cell) => {
      expect(neutralise(cell)).toBe(cell)
    },
  )

  const special = fc.constantFrom(
    '"',
    ',',
    ';',
    '\n',
    '\r',
    '\t',
    '=',
    '-',
    '@',
    "'",
    ' ',
    '|',
    'é',
    '😀',
    'x',
    '1',
  )
  const cell = fc.oneof(
    fc.array(special, { maxLength: 12 }).map((parts) => parts.join('')),
    fc.string({ unit: 'grapheme', maxLength: 20 }),
    fc.constantFrom('NA', 'null', '', '=1', '-7'),
  )
  it('come back as they went, but for the apostrophe, whatever is in them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 20 }), async (table) => {
        const clean = table.map((row) => row.map((value) => value.replaceAll('\0', '')))
        const path = join(folder(), 'plan.csv')
        const plan = createPlanFile(path, [
          { name: 'key', type: 'integer' },
          { name: '=a', type: 'text' },
          { name: 'b "c", d', type: 'text' },
        ])
        await plan.append([clean.map((_, i) => i), clean.map((row) => row[0]), clean.map((row) => row[1])])
        await plan.commit()
        const read = await withTable(path, (source) =>
          readAll(source, [
            { column: "'=a", as: 'text' },
            { column: 'b "c", d', as: 'text' },
          ]),
        )
        const cellAfter = (value: string): string | null =>
          isMissing(neutralise(value)) ? null : neutralise(value)
        expect(read).toEqual([0, 1].map((k) => clean.map((row) => cellAfter(row[k]))))
        for (const line of read.flat()) expect(String(line ?? '')).not.toMatch(/^[=@\t\r\n]/)
      }),
      { numRuns: 30 },
    )
  })
})
