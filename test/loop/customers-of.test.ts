import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ChangePage } from '../../connectors/connector.ts'
import { agreementReader, monthlyMinor } from '../../src/loop/agreement.ts'
import { groupDraw, groupOf } from '../../src/loop/groups.ts'
import { mappingOf } from '../../src/loop/mapping.ts'
import { pagesAhead } from '../../src/loop/pages-ahead.ts'
import { memberOf, proposePopulation } from '../../src/loop/population.ts'
import { diffProperties, foldChanges } from '../../src/store/property-changes.ts'
import { profileOf } from '../connectors/csv/files.ts'
import { crmRecord, pagesOf } from './syncing.ts'

const TODAY = Date.parse('2026-11-21') / 86_400_000

describe('who counts as a customer', () => {
  it.each([
    [
      'lifecyclestage',
      ['lead', 'customer', 'evangelist'],
      { kind: 'property', property: 'lifecyclestage', values: ['customer', 'evangelist'] },
    ],
    [
      'Type',
      ['Prospect', 'Customer - Direct'],
      { kind: 'property', property: 'Type', values: ['Customer - Direct'] },
    ],
    [
      'Account_Type__c',
      ['Kunde', 'Partner'],
      { kind: 'property', property: 'Account_Type__c', values: ['Kunde'] },
    ],
    ['type', ['gold', 'silver'], { kind: 'everyone' }],
    ['plan', ['customer', 'x'], { kind: 'everyone' }],
  ])('is proposed by what %s says', async (header, values, expected) => {
    const rows = Array.from({ length: 12 }, (_, i) => `${i},${values[i % values.length]}`)
    const proposed = proposePopulation(await profileOf(`id,${header}\n${rows.join('\n')}\n`))
    expect(proposed).toEqual(
      'values' in expected
        ? {
            ...expected,
            values: expect.toSatisfy(
              (found: string[]) => found.toSorted().join() === expected.values!.toSorted().join(),
            ),
          }
        : expected,
    )
  })

  it('is compared without regard to case, blanks around and how letters are composed', () => {
    const is = memberOf({ kind: 'property', property: 'type', values: ['Café', 'true', '7'] })
    expect(
      [{ type: ' cafe\u0301 ' }, { type: true }, { type: 7 }].map((properties) => is({ properties })),
    ).toEqual([true, true, true])
    expect(
      [{ type: 'cafe' }, { type: null }, {}, { kind: 'Café' }].map((properties) => is({ properties })),
    ).toEqual([false, false, false, false])
    expect(memberOf({ kind: 'property', property: 'constructor', values: ['x'] })({ properties: {} })).toBe(
      false,
    )
    expect(memberOf(null)({ properties: { type: 'Café' } })).toBe(false)
  })
})

describe('what a customer pays for, read from its properties', () => {
  /** Agreements of the rows of a file. */
  async function agreements(content: string, currency = 'EUR') {
    const profile = await profileOf(content)
    const mapping = mappingOf({ kind: 'crm', profile, mapping: null }, { today: TODAY })
    const [header, ...rows] = content
      .trim()
      .split('\n')
      .map((line) => line.split(','))
    const read = agreementReader(profile, mapping, { today: TODAY, currency })
    return read(
      rows.map((cells) =>
        Object.fromEntries(header.map((name, i) => [name, cells[i] === '' ? null : cells[i]])),
      ),
    )
  }
  const many = (header: string, ...rows: readonly string[]): string =>
    `id,${header}\n${Array.from({ length: 12 }, (_, i) => `c${i},${rows[i % rows.length]}`).join('\n')}\n`

  it('has its amount in the minor units of its currency', async () => {
    const found = await agreements(
      many('monthly_charges,currency', '49.90,EUR', '5000,JPY', '1.5,KWD', '7,Gold', ',EUR'),
    )
    expect(found.slice(0, 5)).toMatchObject([
      { amountMinor: 4990, currency: 'EUR', periodMonths: 1 },
      { amountMinor: 5000, currency: 'JPY' },
      { amountMinor: 1500, currency: 'KWD' },
      null,
      null,
    ])
  })

  it('keeps the period that an amount is for, and comes to the same a month', async () => {
    const [yearly] = await agreements(many('annual_revenue_per_contract,arr', '1,1200', '2,2400'))
    expect(yearly).toMatchObject({ amountMinor: 120_000, periodMonths: 12 })
    expect(monthlyMinor(yearly!)).toBe(10_000)
  })

  it('takes dates from dates, and none from a number of months', async () => {
    const [, second] = await agreements(
      many(
        'monthly_charges,renewal_date,notice_days,auto_renewal',
        '5,2027-01-31,30,Yes',
        '6,2027-03-31,31,No',
      ),
    )
    expect(second).toMatchObject({
      renewalDate: '2027-03-31',
      noticeDate: '2027-02-28',
      autoRenewal: false,
      startDate: null,
    })
    const [rough] = await agreements(many('monthly_charges,tenure_months', '5,12', '6,30'))
    expect(rough).toMatchObject({ startDate: null })
  })

  it('normalises an amount to a month only where amount, currency and period are known', () => {
    const known = { amountMinor: 100, currency: 'EUR', periodMonths: 3 }
    expect(monthlyMinor(known)).toBe(33)
    for (const missing of [
      { amountMinor: null },
      { currency: null },
      { periodMonths: null },
      { periodMonths: 0 },
    ])
      expect(monthlyMinor({ ...known, ...missing })).toBeNull()
  })
})

describe('the groups that customers are drawn into', () => {
  it('are as large as the shares say, and the same each time', () => {
    const names = Array.from({ length: 20_000 }, (_, i) =>
      groupOf('a salt', `C-${i}`, { holdout: 0.1, usual: 0.2 }),
    )
    const share = (name: string) => names.filter((one) => one === name).length / names.length
    // Five standard deviations of a share of 20,000.
    expect(Math.abs(share('holdout') - 0.1)).toBeLessThan(0.011)
    expect(Math.abs(share('usual') - 0.2)).toBeLessThan(0.015)
    expect(groupOf('a salt', 'C-7', { holdout: 0.1, usual: 0.2 })).toBe(names[7])
    expect(new Set(Array.from({ length: 50 }, (_, i) => groupDraw(`salt ${i}`, 'C-7'))).size).toBe(50)
  })

  it('leave nobody out at the ends of the shares', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ minLength: 1 }), (key, salt) => {
        const draw = groupDraw(salt, key)
        expect(draw).toBeGreaterThanOrEqual(0)
        expect(draw).toBeLessThan(1)
        expect(groupOf(salt, key, { holdout: 0, usual: 0 })).toBe('policy')
        expect(groupOf(salt, key, { holdout: 0.5, usual: 0.5 })).not.toBe('policy')
      }),
    )
  })
})

describe('the history of properties', () => {
  const value = fc.oneof(fc.string({ maxLength: 3 }), fc.integer(), fc.boolean(), fc.constant(null))
  const properties = fc.dictionary(fc.constantFrom('a', 'b', '__proto__', 'toString'), value)
  const present = (all: object): [string, unknown][] =>
    Object.entries(all)
      .filter(([, one]) => one !== null)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))

  it('folds to what was there, whatever the differences', () => {
    fc.assert(
      fc.property(fc.array(properties, { minLength: 1, maxLength: 5 }), (states) => {
        const changes = states.map((state, i) => ({
          changes: diffProperties(i === 0 ? {} : states[i - 1], state) ?? {},
        }))
        expect(present(foldChanges(changes))).toEqual(present(states.at(-1)!))
      }),
    )
  })

  it('has nothing to say of what is the same, where nothing and a blank are', () => {
    fc.assert(
      fc.property(properties, (state) => {
        expect(diffProperties(state, state)).toBeNull()
      }),
    )
    expect(diffProperties({ a: null }, {})).toBeNull()
    expect(diffProperties({ a: 1 }, { a: '1' })).toEqual({ a: '1' })
  })
})

describe('pages of a source, fetched ahead', () => {
  async function collect(pages: AsyncIterable<ChangePage>) {
    const seen: [unknown, boolean][] = []
    const error = await (async () => {
      for await (const { page, last } of pagesAhead(pages)) seen.push([page.cursor['at'], last])
    })().then(
      () => null,
      (thrown: unknown) => thrown,
    )
    return { seen, error }
  }

  it('come in their order, and the last is known as it comes', async () => {
    expect(await collect(pagesOf())).toEqual({ seen: [], error: null })
    expect(await collect(pagesOf([]))).toEqual({ seen: [[1, true]], error: null })
    expect(await collect(pagesOf([], [], []))).toEqual({
      seen: [
        [1, false],
        [2, false],
        [3, true],
      ],
      error: null,
    })
  })

  it.each([0, 1, 2, 3])('that fail after %i pages are all handed over before the error', async (count) => {
    async function* failing(): AsyncGenerator<ChangePage> {
      for (let at = 1; at <= count; at++)
        yield { upserts: [crmRecord(`${at}`, {})], deleted: [], cursor: { at } }
      throw new Error('lost')
    }
    const { seen, error } = await collect(failing())
    expect(seen).toEqual(Array.from({ length: count }, (_, i) => [i + 1, false]))
    expect(error).toMatchObject({ message: 'lost' })
  })

  it('are given back to their source when nobody wants more', async () => {
    let ended = false
    async function* source(): AsyncGenerator<ChangePage> {
      try {
        yield* pagesOf([], [], [], [])
      } finally {
        ended = true
      }
    }
    for await (const _ of pagesAhead(source())) break
    expect(ended).toBe(true)
  })
})
