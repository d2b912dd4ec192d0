import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseRecords } from '../../connectors/csv/records.ts'
import type { Properties } from '../../connectors/connector.ts'
import { writeWorld } from '../../connectors/world/write.ts'
import { openBook, type Book } from '../../src/loop/book.ts'
import { openEngine, type Engine } from '../../src/loop/engine.ts'
import { parseSettings } from '../../src/settings/settings.ts'

const ROWS = 600
const today = 20_600

describe('the engine', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-engine-'))
  let book: Book
  let engine: Engine
  let rows: Properties[]

  beforeAll(async () => {
    const path = join(folder, 'customers.csv')
    await writeWorld(path, { seed: 7, rows: ROWS, outcome: false })
    book = await openBook({
      path,
      settings: parseSettings({}),
      model: 'subscription',
      carry: [],
      today,
      threads: 1,
      period: '2026-05',
    })
    const [headers, ...records] = parseRecords(readFileSync(path, 'utf8'), ',', true)
    rows = records.map((cells) => Object.fromEntries(headers.map((header, i) => [header, cells[i]])))
    engine = await openEngine({ model: 'subscription', threads: 1 })
  })
  afterAll(async () => {
    await engine.close()
    rmSync(folder, { recursive: true })
  })

  const request = (of: Properties[]) => ({
    profile: book.profile,
    mapping: book.mapping,
    rows: of,
    today,
  })

  it('scores records as the file that they come from', async () => {
    const scored = await engine.score(request(rows))
    expect(scored).toHaveLength(ROWS)
    scored.forEach((record, row) => {
      expect(Math.abs(record.probability - book.scored.probability[row])).toBeLessThan(1e-6)
      expect(record.dataConfidence).toBeCloseTo(book.scored.dataConfidence[row], 6)
      expect(record.context.monthlyCharge).toBe(book.scored.context.monthlyCharge[row])
      const width = book.decidable.values.actions
      record.values.forEach((value, action) => {
        expect(Math.abs(value - book.decidable.values.value[row * width + action])).toBeLessThan(1e-3)
      })
    })
  })

  it('answers small calls that come together as if each came alone', async () => {
    const together = await Promise.all(rows.slice(0, 50).map((row) => engine.score(request([row]))))
    together.forEach(([record], row) => {
      expect(Math.abs(record.probability - book.scored.probability[row])).toBeLessThan(1e-6)
    })
    const texts = new Set(together.flatMap(([{ reasons }]) => reasons.raising))
    expect(texts.size).toBeGreaterThan(3)
  })

  it('keeps what is absent missing', async () => {
    const [bare] = await engine.score(request([{}]))
    expect(bare.dataConfidence).toBe(0)
    expect(bare.context.monthlyCharge).toBeNaN()
    expect(bare.probability).toBeGreaterThan(0)
  })
})
