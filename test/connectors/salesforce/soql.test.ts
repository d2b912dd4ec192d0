import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addressLength,
  among,
  and,
  compare,
  count,
  countBy,
  not,
  oneOf,
  or,
  pieces,
  select,
  startsWith,
  stated,
  type SoqlValue,
} from '../../../connectors/salesforce/soql.ts'

/** Texts made of what ends, opens or escapes something in SOQL, among anything else. */
const nasty = fc.oneof(
  fc.string({
    unit: fc.constantFrom("'", '\\', '"', '%', '_', '\n', '\r', '(', ')', ';', '-', 'a', ' OR ', '\u0000'),
  }),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    "' OR Name != '",
    "\\' OR Id != null OR Name = '",
    "x'; DELETE",
    '\\',
    "'",
    'a--b',
    '/*',
    '\\u0027',
  ),
)

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' }

/** Reads a quoted text by Salesforce's own list of escapes, and says where it ends. Written apart from the builder. */
function readQuoted(soql: string, start: number): { text: string; end: number } {
  expect(soql[start]).toBe("'")
  let text = ''
  for (let i = start + 1; i < soql.length; i++) {
    const character = soql[i]
    if (character === "'") return { text, end: i + 1 }
    if (character !== '\\') {
      text += character
      continue
    }
    const next = soql[++i]
    if (next === 'u') {
      text += String.fromCharCode(parseInt(soql.slice(i + 1, i + 5), 16))
      i += 4
    } else text += ESCAPES[next] ?? next
  }
  throw new Error('the text is never closed')
}

describe('values in SOQL', () => {
  it('keep any text a text, whatever stands in it', () => {
    fc.assert(
      fc.property(nasty, (value) => {
        const { soql } = compare('Name', '=', value)
        const { text, end } = readQuoted(soql, 'Name = '.length)
        expect(text).toBe(value)
        expect(end).toBe(soql.length)
        expect(soql).not.toMatch(/\p{Cc}/u)
        expect(addressLength(soql)).toBeGreaterThan(0)
      }),
      { numRuns: 500 },
    )
  })

  it('keep every text of a list apart from the next one', () => {
    fc.assert(
      fc.property(fc.array(nasty, { minLength: 1, maxLength: 8 }), (values) => {
        const { soql } = oneOf('Name', values)
        let at = 'Name IN ('.length
        for (const value of values) {
          const read = readQuoted(soql, at)
          expect(read.text).toBe(value)
          at = read.end + 1
        }
        expect(soql[at - 1]).toBe(')')
        expect(at).toBe(soql.length)
      }),
    )
  })

  it('take % and _ of a beginning for what they are', () => {
    expect(startsWith('Name', '50%_\\').soql).toBe(String.raw`Name LIKE '50\%\_\\%'`)
  })

  it('write numbers without exponents, dates and times without quotes', () => {
    const cases: readonly (readonly [SoqlValue, string])[] = [
      [1e21, '1000000000000000000000'],
      [1e-7, '0.0000001'],
      [-12.5, '-12.5'],
      [true, 'true'],
      [null, 'null'],
      [{ date: '2026-11-21' }, '2026-11-21'],
      [{ datetime: new Date('2026-11-21T08:00:00Z') }, '2026-11-21T08:00:00.000Z'],
    ]
    for (const [value, written] of cases) expect(compare('X__c', '=', value).soql).toBe(`X__c = ${written}`)
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const written = compare('X__c', '=', value).soql.slice('X__c = '.length)
        expect(written).toMatch(/^-?\d+(\.\d+)?$/)
        // Beyond 20 digits after the point nothing is kept, and Salesforce keeps no more than 18 in all.
        expect(Math.abs(Number(written) - value)).toBeLessThanOrEqual(
          Math.max(1e-15 * Math.abs(value), 1e-20),
        )
      }),
    )
    expect(() => compare('X__c', '=', Infinity)).toThrow()
    expect(() => compare('X__c', '=', { date: "2026-11-21' OR 'x" })).toThrow()
    expect(() => compare('X__c', '<', null)).toThrow()
  })

  it('refuse what is no name', () => {
    fc.assert(
      fc.property(nasty, (name) => {
        if (/^[A-Za-z]\w{0,79}(\.[A-Za-z]\w{0,79})*$/.test(name)) return
        expect(() => compare(name, '=', 1)).toThrow()
        expect(() => select({ fields: [name], from: 'Account' })).toThrow()
        expect(() => select({ fields: ['Id'], from: name })).toThrow()
        expect(() => select({ fields: ['Id'], from: 'Account', orderBy: [name] })).toThrow()
      }),
    )
  })
})

describe('queries in SOQL', () => {
  it('are put together of conditions that stay together', () => {
    const won = among('Id', { field: 'AccountId', from: 'Opportunity', where: compare('IsWon', '=', true) })
    const where = and(
      or(compare('Type', '=', 'a'), compare('Type', '=', null)),
      not(compare('Name', '=', 'b')),
      won,
    )
    expect(
      select({ fields: ['Id', 'Owner.Name', 'Id'], from: 'Account', where, orderBy: ['Id DESC'], limit: 5 }),
    ).toBe(
      "SELECT Id,Owner.Name FROM Account WHERE ((Type = 'a' OR Type = null) AND (NOT (Name = 'b')) AND Id IN (SELECT AccountId FROM Opportunity WHERE IsWon = true)) ORDER BY Id DESC LIMIT 5",
    )
    expect(count({ from: 'Account' })).toBe('SELECT COUNT() FROM Account')
    expect(countBy({ field: 'Type', from: 'Account' })).toBe(
      'SELECT Type,COUNT(Id) records FROM Account GROUP BY Type',
    )
  })

  it('cut lists of ids so that each query fits an address', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 0, max: 12_000 }), (number, rest) => {
        const ids = Array.from({ length: number }, (_, i) => `001${String(i).padStart(15, '0')}`)
        const beside = 'x'.repeat(rest)
        const cut = pieces(ids, beside)
        expect(cut.flat()).toEqual(ids)
        for (const piece of cut)
          expect(addressLength(beside + oneOf('Id', piece).soql)).toBeLessThanOrEqual(16_000)
      }),
      { numRuns: 30 },
    )
  })
})

describe('a condition in an admin’s own words', () => {
  it.each([
    "Type = 'Customer'",
    "Type IN ('Customer', 'Partner') AND (NOT Name LIKE 'Test%')",
    'CreatedDate = LAST_N_DAYS:30',
    'CreatedDate > 2026-01-01T00:00:00Z AND AnnualRevenue > 1e6',
    'Id IN (SELECT AccountId FROM Opportunity WHERE IsWon = true)',
    "Name = 'LIMIT 5; -- \\' ORDER BY'",
    "Tags__c INCLUDES ('a;b')",
    "Limit__c > 5 AND Order.Status = 'x'",
    'Amount__c > USD5000',
  ])('is taken as it stands: %s', (text) => {
    expect(stated(text).soql).toBe(`(${text})`)
  })

  it.each([
    ["Type = 'Customer' LIMIT 5", 'LIMIT'],
    ["Type = 'Customer' order\n by Id", 'ORDER BY'],
    ["Type = 'x') OR (Id != null", 'bracket'],
    ["(Type = 'x'", 'bracket'],
    ["Type = 'x", 'quote'],
    ["Type = 'x\\'", 'quote'],
    ['SELECT Id FROM Account', 'whole query'],
    ["Type = 'x' -- rest", 'comment'],
    ["Type = 'x' /* rest */", 'no place'],
    ["Type = 'x'; DELETE", 'no place'],
    ['Name = :name', 'variable'],
    ["Type = 'x' FOR UPDATE", 'FOR UPDATE'],
    ["Type = 'x' ALL ROWS", 'ALL ROWS'],
    ["Type = 'x' WITH SECURITY_ENFORCED", 'WITH'],
    ['Type', 'compares nothing'],
    ['  ', 'empty'],
    ["Name = 'a\nb'", 'several lines'],
  ])('is refused where it could end the clause or is none: %s', (text, why) => {
    expect(() => stated(text)).toThrow(expect.objectContaining({ code: 'connector_configuration' }))
    expect(() => stated(text)).toThrow(new RegExp(why))
  })

  it('never leaves its brackets, whatever it is', () => {
    fc.assert(
      fc.property(fc.oneof(nasty, fc.string()), (text) => {
        let soql
        try {
          soql = stated(`Name = '1' AND ${text}`).soql
        } catch {
          return
        }
        let depth = 0
        for (let i = 0; i < soql.length; i++) {
          if (soql[i] === "'") i = readQuoted(soql, i).end - 1
          else if (soql[i] === '(') depth++
          else if (soql[i] === ')') depth--
          if (depth === 0) expect(i).toBe(soql.length - 1)
        }
        expect(depth).toBe(0)
      }),
      { numRuns: 500 },
    )
  })
})
