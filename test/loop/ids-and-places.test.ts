/** What the steps of the loop stand on: ids, fingerprints, currencies, places, whole files. */
import {
  existsSync,
  mkdtempSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import * as fc from 'fast-check'
import { proposeMapping } from '../../models/features/mapping.ts'
import type { TableBatch, TableProfile, TableSource } from '../../src/contracts/table.ts'
import { currenciesOf } from '../../src/loop/currency.ts'
import { idReader } from '../../src/loop/customer-ids.ts'
import { fingerprint, packFingerprints, rowFingerprint, seenBy } from '../../src/loop/fingerprint.ts'
import { checkModelFolder, checkOutputFile } from '../../src/loop/output-place.ts'
import { replaceFiles } from '../../src/loop/replace-files.ts'
import { openTable } from '../../connectors/csv/open.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-loop-'))
afterAll(() => rmSync(folder, { recursive: true }))
const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

describe('ids', () => {
  const table = (format: TableProfile['format']): TableSource => ({
    profile: async () => ({ path: 'a', format, rows: 9, columns: [] }),
    read: () => {
      throw new Error('not read here')
    },
    lineOf: async (row) => row * 10,
    close: async () => undefined,
  })
  const batch = (offset: number, ids: (string | null)[]): TableBatch => ({
    offset,
    rows: ids.length,
    columns: [ids],
  })

  it('come without the blanks around them, batch by batch', async () => {
    const read = idReader(table('csv'), 'id', 0)
    expect(await read(batch(0, [' a', 'b ']))).toEqual(['a', 'b'])
    expect(await read(batch(2, ['c']))).toEqual(['c'])
  })

  it('are refused when one is blank or comes again, by line in text and by row in Parquet', async () => {
    await expect(idReader(table('csv'), 'id', 0)(batch(4, ['x', null]))).rejects.toMatchObject({
      code: 'id_missing',
      message: expect.stringMatching(/^Line 50 /),
    })
    const read = idReader(table('parquet'), 'id', 0)
    await read(batch(0, ['a', 'b']))
    await expect(read(batch(2, ['c', 'a ']))).rejects.toMatchObject({
      code: 'id_duplicate',
      message: expect.stringMatching(/^Row 4 repeats the id "a" of row 1 /),
    })
  })
})

describe('fingerprints', () => {
  it('tell the customers that a model saw from all others', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { minLength: 2, maxLength: 60 }), (ids) => {
        const half = ids.length >> 1
        const seen = seenBy(packFingerprints(Float64Array.from(ids.slice(0, half), fingerprint)))
        expect(ids.map((id) => seen(fingerprint(id)))).toEqual(ids.map((_, index) => index < half))
      }),
    )
  })

  it('are nobody for a model that does not say whom it saw', () => {
    expect(seenBy('')(fingerprint('a'))).toBe(false)
  })

  it('of customers without an id depend on every value', () => {
    const frame = (a: number, b: number) => ({ rows: 1, columns: [Float32Array.of(a), Float32Array.of(b)] })
    expect(rowFingerprint(frame(1, NaN), 0)).toBe(rowFingerprint(frame(1, NaN), 0))
    expect(rowFingerprint(frame(1, 2), 0)).not.toBe(rowFingerprint(frame(1, 3), 0))
    expect(rowFingerprint(frame(1, 12), 0)).not.toBe(rowFingerprint(frame(11, 2), 0))
  })
})

describe('the currency of a file', () => {
  const found = async (name: string, text: string): Promise<readonly string[]> => {
    const table = await openTable(write(name, text))
    try {
      const profile = await table.profile()
      return currenciesOf(profile, proposeMapping(profile))
    } finally {
      await table.close()
    }
  }

  it('is read from its currency column, and is nothing where that holds something else', async () => {
    const rows = (codes: string[]): string =>
      `id,tenure,currency\n${codes.map((code, i) => `c${i},${i},${code}\n`).join('')}`
    expect(await found('eur.csv', rows(['EUR', 'eur ', '']))).toEqual(['EUR'])
    expect(await found('mix.csv', rows(['USD', 'EUR', 'USD']))).toEqual(['USD', 'EUR'])
    expect(await found('odd.csv', rows(['coins', 'EUR', 'EUR']))).toEqual([])
    expect(await found('none.csv', 'id,tenure\na,1\nb,2\n')).toEqual([])
  })
})

describe('places', () => {
  it('of files are told good from bad before anything is written', () => {
    const input = write('in.csv', 'x')
    const link = join(folder, 'link.html')
    symlinkSync(input, link)
    expect(() => checkOutputFile(join(folder, 'new.html'), [input])).not.toThrow()
    expect(() => checkOutputFile(input, [input])).toThrow(/being read/)
    expect(() => checkOutputFile(link, [input])).toThrow(/being read/)
    expect(() => checkOutputFile(folder, [])).toThrow(/is a folder/)
    expect(() => checkOutputFile(join(folder, 'no', 'a.html'), [])).toThrow(/There is no folder/)
    expect(() => checkOutputFile(join(input, 'a.html'), [])).toThrow(/not a folder/)
    expect(() => checkOutputFile('/dev/null', [])).toThrow(/not a regular file/)
  })

  it('of models are new, empty or a model already', () => {
    const at = (name: string): string => join(folder, name)
    for (const name of ['empty', 'model', 'photos']) mkdirSync(at(name))
    writeFileSync(join(at('model'), 'bundle.json'), '')
    writeFileSync(join(at('photos'), 'cat.jpg'), '')
    for (const name of ['new', 'deep/new', 'empty', 'model']) {
      expect(() => checkModelFolder(at(name), 'bundle.json')).not.toThrow()
    }
    expect(() => checkModelFolder(at('photos'), 'bundle.json')).toThrow(/other files/)
    const file = write('file', '')
    expect(() => checkModelFolder(file, 'bundle.json')).toThrow(/is a file/)
    expect(() => checkModelFolder(join(file, 'model'), 'bundle.json')).toThrow(/not a folder/)
  })
})

describe('small files', () => {
  it('are replaced together, or all stay as they were', async () => {
    const first = write('first.txt', 'old')
    const second = join(folder, 'nowhere', 'second.txt')
    await expect(
      replaceFiles(
        new Map([
          [first, 'new'],
          [second, 'new'],
        ]),
      ),
    ).rejects.toMatchObject({ code: 'output_denied' })
    expect(readFileSync(first, 'utf8')).toBe('old')
    await replaceFiles(new Map([[first, 'new']]))
    expect(readFileSync(first, 'utf8')).toBe('new')
    expect(existsSync(second)).toBe(false)
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([])
  })
})
