import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseRecords } from '../../connectors/csv/records.ts'
import type { Properties } from '../../connectors/connector.ts'
import { writeWorld } from '../../connectors/world/write.ts'
import { proposeMapping } from '../../models/features/mapping.ts'
import { openBook, type Book } from '../../src/loop/book.ts'
import { openEngine, type Engine, type ScoredRecord } from '../../src/loop/engine.ts'
import type { EngineReader } from '../../src/loop/engine-reader.ts'
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
    book = await bookOf(path, 'subscription')
    rows = recordsOf(path)
    engine = await openEngine({ model: 'subscription', threads: 1 })
  })
  afterAll(async () => {
    await engine.close()
    rmSync(folder, { recursive: true })
  })

  const reader = (): EngineReader =>
    engine.reader({
      // As they come from the database: parsed anew each time.
      profile: structuredClone(book.profile),
      mapping: structuredClone(book.mapping),
      today,
    })

  function expectAsInTheFile(scored: readonly ScoredRecord[], of: Book): void {
    const width = of.decidable.values.actions
    scored.forEach((record, row) => {
      expect(Math.abs(record.probability - of.scored.probability[row])).toBeLessThan(1e-6)
      expect(record.dataConfidence).toBeCloseTo(of.scored.dataConfidence[row], 6)
      expect(record.monthlyHazard).toBeCloseTo(of.decidable.hazard[row], 6)
      for (const name of ['monthlyCharge', 'emailConsent', 'monthsToNotice', 'discountInForce'] as const)
        expect(record.context[name]).toBe(of.scored.context[name][row])
      record.values.forEach((value, action) => {
        expect(Math.abs(value - of.decidable.values.value[row * width + action])).toBeLessThan(1e-3)
      })
    })
  }

  it('scores records as the file that they come from', async () => {
    const scored = await reader().score(rows)
    expect(scored).toHaveLength(ROWS)
    expectAsInTheFile(scored, book)
  })

  it('scores the shipped example as the command line does, numbers and booleans given as such', async () => {
    const path = resolve(import.meta.dirname, '../../examples', 'customers.csv')
    const example = await bookOf(path, 'telco')
    const telco = await openEngine({ model: 'telco', threads: 1 })
    try {
      const numbers = new Set(
        example.profile.columns.filter(({ kind }) => kind === 'number').map(({ header }) => header),
      )
      const native = recordsOf(path).map((row) =>
        Object.fromEntries(
          Object.entries(row).map(([name, cell]) => [
            name,
            numbers.has(name) && cell !== '' ? Number(cell) : cell,
          ]),
        ),
      )
      const { profile, mapping } = example
      expectAsInTheFile(await telco.reader({ profile, mapping, today }).score(native), example)
    } finally {
      await telco.close()
    }
  })

  it('takes true and false for what a file writes as such', async () => {
    const [yes, no, written] = await engine.scoreFeatures({
      features: [true, false, 'yes'].map((emailConsent) => ({ tenureMonths: 5, emailConsent })),
      today,
    })
    expect([yes, no, written].map(({ context }) => context.emailConsent)).toEqual([1, 0, 1])
    const consent = columnOf('emailConsent')
    const values = ['true', 'false'].map((value) => ({ value, count: 300 }))
    const profile = {
      ...book.profile,
      columns: book.profile.columns.map((column) =>
        column.header === consent ? { ...column, values } : column,
      ),
    }
    const records = await engine
      .reader({ profile, mapping: book.mapping, today })
      .score([{ [consent]: true }, { [consent]: false }])
    expect(records.map(({ context }) => context.emailConsent)).toEqual([1, 0])
  })

  it('answers small calls that come together as if each came alone', async () => {
    const together = await Promise.all(rows.slice(0, 50).map((row) => reader().score([row])))
    expectAsInTheFile(together.flat(), book)
    const texts = new Set(together.flatMap(([{ reasons }]) => reasons.map(({ sentence }) => sentence)))
    expect(texts.size).toBeGreaterThan(3)
  })

  it('gives reasons with their features, strongest first', async () => {
    const scored = await reader().score(rows)
    for (const { reasons } of scored) {
      const sizes = reasons.map(({ contribution }) => Math.abs(contribution))
      expect(sizes).toEqual(sizes.toSorted((a, b) => b - a))
      for (const { feature, label, contribution, raises } of reasons) {
        expect(engine.churn.features.features).toContainEqual(
          expect.objectContaining({ name: feature, label }),
        )
        expect(raises).toBe(contribution > 0)
      }
    }
  })

  it('keeps what is absent missing', async () => {
    const [bare] = await reader().score([{}])
    expect(bare.dataConfidence).toBe(0)
    expect(bare.context.monthlyCharge).toBeNaN()
    expect(bare.probability).toBeGreaterThan(0)
  })

  it('finds the reader of equal content again, whoever parsed it', () => {
    expect(reader()).toBe(reader())
    expect(engine.reader({ profile: book.profile, mapping: book.mapping, today: today + 1 })).not.toBe(
      reader(),
    )
  })

  it('lets go of readers that are no longer used', () => {
    const first = reader()
    for (let day = 1; day <= 30; day++)
      engine.reader({ profile: book.profile, mapping: book.mapping, today: today + day })
    expect(reader()).not.toBe(first)
  })

  it('scores again only what changed', async () => {
    const nothing = rows.map(() => null)
    const before = await reader().scoreChanged(rows, nothing)
    const hashes = before.map((record) => (typeof record === 'string' ? '' : record.inputHash))
    expect(new Set(hashes).size).toBeGreaterThan(ROWS / 2)
    expect(await reader().scoreChanged(rows, hashes)).toEqual(rows.map(() => 'unchanged'))
    const changed = rows.with(7, { ...rows[7], [columnOf('recurringAmount')]: 12_345 })
    const after = await reader().scoreChanged(changed, hashes)
    expect(after.flatMap((record, row) => (record === 'unchanged' ? [] : [row]))).toEqual([7])
    expect(after[7]).toMatchObject((await reader().score([changed[7]]))[0])
  })

  it('scores nobody who objects to being profiled', async () => {
    const column = 'profiling_allowed'
    const values = ['Yes', 'No'].map((value) => ({ value, count: 1 }))
    const like = book.profile.columns.find(({ header }) => header === columnOf('emailConsent'))!
    const profile = {
      ...book.profile,
      columns: [...book.profile.columns, { ...like, header: column, values }],
    }
    const mapping = proposeMapping(profile, {
      like: {
        ...book.mapping,
        columns: [
          ...book.mapping.columns,
          { column, use: 'context', feature: 'profilingConsent', confidence: 1, why: 'set by hand' },
        ],
      },
    })
    const answers = ['Yes', 'No', ''].map((answer) => ({ ...rows[0], [column]: answer }))
    const scored = await engine.reader({ profile, mapping, today }).scoreChanged(
      answers,
      answers.map(() => null),
    )
    expect(scored.map((record) => record === 'objects')).toEqual([false, true, false])
  })

  describe('by the names of features', () => {
    it('scores as records of the same values', async () => {
      const plain = plainColumns()
      expect(plain.length).toBeGreaterThan(3)
      const named = rows.map((row) =>
        Object.fromEntries(plain.map(({ feature, column }) => [feature!, row[column]])),
      )
      const asRecords = rows.map((row) =>
        Object.fromEntries(plain.map(({ column }) => [column, row[column]])),
      )
      const expected = await reader().score(asRecords)
      const scored = await engine.scoreFeatures({ features: named, today })
      scored.forEach(({ probability, dataConfidence }, row) => {
        expect(Math.abs(probability - expected[row].probability)).toBeLessThan(1e-6)
        expect(dataConfidence).toBeCloseTo(expected[row].dataConfidence, 6)
      })
    })

    it('reads spellings, dates and words as a file does', async () => {
      const day = new Date(today * 86_400_000 - 365.25 * 86_400_000).toISOString().slice(0, 10)
      const [written, plain] = await engine.scoreFeatures({
        features: [
          { contract: 'monthly', tenureMonths: day, engagement: '40' },
          { contract: 'Month-to-month', tenureMonths: 12, engagement: 40 },
        ],
        today,
      })
      expect(written.probability).toBeCloseTo(plain.probability, 2)
      expect(written.context.contractMonths).toBe(1)
      expect(written.context.tenureMonths).toBeCloseTo(12, 1)
    })

    it('takes a category that the model never saw for unknown', async () => {
      const [odd, silent] = await engine.scoreFeatures({
        features: [{ tenureMonths: 5, contract: 'by the hour' }, { tenureMonths: 5 }],
        today,
      })
      expect(odd.probability).toBe(silent.probability)
      expect(odd.dataConfidence).toBe(silent.dataConfidence)
    })

    it('refuses what is no feature with the nearest name, and a word for a number', async () => {
      await expect(
        engine.scoreFeatures({ features: [{ tenureMonths: 5 }, { tenureMonth: 5 }], today }),
      ).rejects.toMatchObject({
        code: 'request_invalid',
        message: expect.stringMatching(/Customer 2: "tenureMonth".*"tenureMonths"/),
      })
      await expect(
        engine.scoreFeatures({ features: [{ tenureMonths: 'ages' }], today }),
      ).rejects.toMatchObject({ code: 'request_invalid' })
      await expect(
        engine.scoreFeatures({ features: [JSON.parse('{"__proto__": 3}')], today }),
      ).rejects.toMatchObject({ code: 'request_invalid' })
    })

    it('refuses a customer of whom the model is told nothing, and answers the others', async () => {
      const good = engine.scoreFeatures({ features: [{ tenureMonths: 5 }], today })
      for (const nothing of [{}, { emailConsent: true }, { tenureMonths: null }, { contract: 'by the hour' }])
        await expect(engine.scoreFeatures({ features: [nothing], today })).rejects.toMatchObject({
          code: 'no_features',
        })
      expect(await good).toHaveLength(1)
    })

    it('gives the same answer whoever asks at the same time', async () => {
      const features = Array.from({ length: 300 }, (_, i) => ({ tenureMonths: i, engagement: i % 100 }))
      const whole = await engine.scoreFeatures({ features, today })
      const single = await Promise.all(
        features.map((one) => engine.scoreFeatures({ features: [one], today })),
      )
      expect(single.flat().map(({ probability }) => probability)).toEqual(
        whole.map(({ probability }) => probability),
      )
    })
  })

  function columnOf(feature: string): string {
    return book.mapping.columns.find((column) => column.feature === feature)!.column
  }

  /** Columns that state a feature of the model as the dictionary does, in numbers or words. */
  function plainColumns() {
    return book.mapping.columns.filter(({ use, feature, column, unit }) => {
      const kind = book.profile.columns.find(({ header }) => header === column)?.kind
      const own = engine.churn.features.features.some(({ name }) => name === feature)
      return use === 'feature' && own && kind !== 'date' && unit === undefined
    })
  }
})

function recordsOf(path: string): Properties[] {
  const [headers, ...records] = parseRecords(readFileSync(path, 'utf8'), ',', true)
  return records.map((cells) => Object.fromEntries(headers.map((header, i) => [header, cells[i]])))
}

function bookOf(path: string, model: string): Promise<Book> {
  return openBook({
    path,
    settings: parseSettings({}),
    model,
    carry: [],
    today,
    threads: 1,
    period: '2026-05',
  })
}
