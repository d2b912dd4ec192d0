import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { leftOutSentence } from '../../src/cli/left-out.ts'
import { dayOf, typed } from '../../src/cli/options.ts'
import { planColumns } from '../../src/cli/plan-rows.ts'
import {
  amounts,
  count,
  createTerminal,
  duration,
  many,
  money,
  percent,
  tableLines,
} from '../../src/cli/terminal.ts'
import { wrongCall } from '../../src/cli/wrong-call.ts'

function terminal(settings: { json?: boolean; quiet?: boolean; tty?: boolean; columns?: number } = {}) {
  let [out, err, time] = ['', '', 0]
  const stream = (take: (text: string) => void) => {
    const pass = new PassThrough()
    pass.on('data', (text: Buffer) => take(String(text)))
    return Object.assign(pass, { isTTY: settings.tty === true, columns: settings.columns ?? 80 })
  }
  const made = createTerminal({
    json: settings.json === true,
    quiet: settings.quiet === true,
    out: stream((text) => (out += text)),
    err: stream((text) => (err += text)),
    now: () => time,
  })
  return { ...made, out: () => out, err: () => err, pass: (ms: number) => (time += ms) }
}

describe('the terminal', () => {
  it('redraws a stage in place, ten times a second at most, and ends its last line', () => {
    const t = terminal({ tty: true })
    t.progress('Scoring', 1, 10)
    t.progress('Scoring', 2, 10)
    t.pass(150)
    t.progress('Scoring', 3, 10)
    t.progress('Scoring', 10, 10)
    expect(t.err().split('\r\u001b[2K')).toHaveLength(1 + 3)
    expect(t.err()).not.toContain('2 of 10')
    expect(t.err()).toMatch(/10 of 10\n$/)
  })

  it('draws a note above the stage that is under way', () => {
    const t = terminal({ tty: true })
    t.progress('Scoring', 1, 10)
    t.warn('mind this')
    expect(t.err()).toMatch(/mind this\nScoring .*1 of 10$/)
  })

  it('never draws a line longer than the terminal, also where its width is unknown', () => {
    for (const [columns, longest] of [
      [30, 29],
      [0, 79],
    ]) {
      const t = terminal({ tty: true, columns })
      t.progress('Scoring', 1_000_000, 2_000_000)
      expect(t.err().replace('\r\u001b[2K', '').length).toBeLessThanOrEqual(longest)
    }
  })

  it('writes one line a stage where nobody watches, and nothing of it with --quiet', () => {
    const log = terminal()
    for (let done = 0; done <= 10; done++) log.progress('Scoring', done, 10)
    expect(log.err().trimEnd().split('\n')).toHaveLength(1)
    const quiet = terminal({ quiet: true, tty: true })
    quiet.progress('Scoring', 10, 10)
    quiet.note('a note')
    quiet.warn('a warning')
    expect(quiet.err()).toBe('')
    expect(quiet.warnings).toEqual(['a warning'])
  })

  it('prints no result beside --json', () => {
    const t = terminal({ json: true })
    t.print('7,043 customers')
    expect(t.out()).toBe('')
  })
})

describe('figures', () => {
  it('are written as people write them', () => {
    expect([count(7043), percent(0.2654), percent(1, 0)]).toEqual(['7,043', '26.5 %', '100 %'])
    expect([0, 1, 7043].map((value) => many(value, 'customer'))).toEqual([
      '0 customers',
      '1 customer',
      '7,043 customers',
    ])
    expect([1, 2].map((value) => many(value, 'row has', 'rows have'))).toEqual(['1 row has', '2 rows have'])
    expect([0.04, 9.94, 9.97, 59.6, 119.6, 180, 239.7].map(duration)).toEqual([
      '0.0 s',
      '9.9 s',
      '10 s',
      '60 s',
      '2 min 0 s',
      '3 min 0 s',
      '4 min 0 s',
    ])
  })

  it('of money show cents below 1,000 and none in a table that goes beyond', () => {
    expect([money(12.5, 'EUR'), money(1204.5, 'EUR'), money(-0.001, 'EUR')]).toEqual([
      '12.50 EUR',
      '1,205 EUR',
      '0.00 EUR',
    ])
    const sum = amounts([12, 5000])
    expect([sum(12), sum(5000), sum(-0.2)]).toEqual(['12', '5,000', '0'])
  })

  it('stand to the right in tables', () => {
    expect(
      tableLines(
        [
          ['a', 'n'],
          ['bb', '10'],
          ['c', '5'],
        ],
        [false, true],
      ),
    ).toEqual(['a     n', 'bb   10', 'c     5'])
  })
})

describe('what a person reads of a call', () => {
  it('is a sentence and where to look', () => {
    expect(wrongCall("error: unknown option '--ot'\n(Did you mean --out?)", 'score')).toBe(
      `Unknown option '--ot'. Did you mean --out? See "holdfast score --help".`,
    )
    expect(wrongCall("error: unknown command 'x'", 'x')).toBe(`Unknown command 'x'. See "holdfast --help".`)
  })

  it('quotes paths that a shell would take apart', () => {
    expect([typed('a/b-1.csv'), typed('my file.csv'), typed("it's")]).toEqual([
      'a/b-1.csv',
      "'my file.csv'",
      `'it'\\''s'`,
    ])
  })

  it('takes days that there are, and no others', () => {
    expect(dayOf('2026-11-01', '--as-of')).toBe(20_758)
    for (const text of ['2025-02-30', '2026-1-1', 'today', ''])
      expect(() => dayOf(text, '--as-of')).toThrow(/--as-of/)
  })
})

describe('columns that a model leaves out', () => {
  it('are told by reason, in one short sentence', () => {
    const said = leftOutSentence([
      {
        column: 'gender',
        why: 'is a protected mark of persons, left out of model … (read as gender: known)',
      },
      { column: 'Senior', why: 'is a protected mark of persons, left out of model … (read as age: known)' },
      { column: 'note', why: 'is free text' },
      { column: 'id', why: "is the customer's id" },
      { column: 'Churn', why: 'is the target' },
      { column: 'odd', why: 'has the same value, "x", in every row' },
    ])
    expect(said).toBe(
      'Left out: gender, Senior (protected); note (free text); odd (has the same value, "x", in every row). --keep uses a column all the same.',
    )
  })

  it('are counted where they are many, and not mentioned where there are none', () => {
    const many = Array.from({ length: 300 }, (_, i) => ({ column: `c${i}`, why: 'is empty in every row' }))
    expect(leftOutSentence(many)).toBe(
      'Left out: c0, c1, c2, c3, c4 and 295 more (empty). --keep uses a column all the same.',
    )
    expect(leftOutSentence([{ column: 'Churn', why: 'is the target' }])).toBeNull()
  })
})

describe('columns that are carried into the plan', () => {
  it('never share a name with one of the plan, in whatever case', () => {
    const names = planColumns(['tenure', 'Region', 'ACTIONID', 'region']).map(({ name }) => name)
    expect(names.slice(-4)).toEqual(['tenure (file)', 'Region', 'ACTIONID (file)', 'region (file)'])
    expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(names.length)
  })
})
