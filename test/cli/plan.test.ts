/** What `score` and `what-if` promise: columns of the plan, counts, order, the same answer twice, the lines they print. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { random } from '../../models/random.ts'
import {
  createWorkshop,
  csv,
  customers,
  holdfast,
  launcher,
  parseCsv,
  plainEnvironment,
  telcoHeader,
  type Cells,
  type Outcome,
} from './command.ts'

const workshop = createWorkshop()
afterAll(workshop.remove)
const header: Cells = [...telcoHeader, 'Region']
const rows = customers(600).map((cells, i): Cells => [...cells, ['North', 'South, East', '=1+1'][i % 3]])
const file = workshop.write('customers.csv', csv(header, rows))
const model = workshop.at('model')
const day = ['--as-of', '2026-11-20']
const reference = [
  'CustomerID',
  'Tenure',
  'MonthlyCharges',
  'ChurnProbability',
  'RiskLevel',
  'ActionID',
  'RecommendedAction',
  'ActionCost',
]
const added = ['Reasons', 'ExpectedValue', 'Propensity', 'DataConfidence', 'ModelVersion']

const score = (out: string, ...more: string[]): Promise<Outcome> =>
  holdfast(['score', file, '--model', model, '--out', workshop.at(out), ...day, ...more])

let scored: Outcome
let trained: Outcome
const plan = (name = 'plan.csv'): Record<string, string>[] =>
  parseCsv(readFileSync(workshop.at(name), 'utf8'))

beforeAll(async () => {
  trained = await holdfast(['train', file, '--target', 'Churn', '--out', model, '--json'])
  scored = await score('plan.csv', '--columns', 'Region,tenure', '--json')
  expect([trained.code, scored.code]).toEqual([0, 0])
})

describe('the last line of --json', () => {
  it('of train tells rows, features, folds, figures and seconds', () => {
    expect(trained.last).toMatchObject({ rows: 600, features: 4, folds: 5, seconds: expect.any(Number) })
    expect(trained.last).toMatchObject({
      auc: expect.closeTo(0.75, 0),
      logLoss: expect.any(Number),
      accuracy: expect.any(Number),
      calibrationError: expect.any(Number),
    })
    expect(trained.out.trimEnd().split('\n')).toHaveLength(1)
  })

  it('of score tells rows, seconds, risk, levels, actions and the file', () => {
    const { last } = scored
    expect(last).toMatchObject({ rows: 600, seconds: expect.any(Number), out: workshop.at('plan.csv') })
    expect(Object.keys(last.levels)).toEqual(['HIGH', 'MEDIUM', 'LOW'])
    // The six of the reference first, under the ids they have in a plan; what followed comes after them.
    expect(last.actions.map(({ id }) => id)).toEqual([0, 1, 2, 3, 4, 5, 6])
    for (const action of last.actions) {
      expect(action).toMatchObject({
        name: expect.any(String),
        count: expect.any(Number),
        plannedSpend: expect.any(Number),
      })
    }
    expect(scored.err).toContain('Scoring')
    expect(scored.out.trimEnd().split('\n')).toHaveLength(1)
  })
})

describe('a plan', () => {
  it('has the reference columns, what Holdfast adds, and what was asked for', () => {
    expect(Object.keys(plan()[0])).toEqual([...reference, ...added, 'Region', 'tenure (file)'])
  })

  it('has the customers of the file in its order, with their own figures', () => {
    const written = plan()
    expect(written.map((row) => row['CustomerID'])).toEqual(rows.map(([id]) => id))
    expect(written.map((row) => Number(row['Tenure']))).toEqual(rows.map(([, tenure]) => tenure))
    expect(written.map((row) => Number(row['MonthlyCharges']))).toEqual(rows.map(([, , amount]) => amount))
    expect(written.map((row) => Number(row['tenure (file)']))).toEqual(rows.map(([, tenure]) => tenure))
  })

  it('adds up to the summary: levels, actions, spend, average risk', () => {
    const written = plan()
    const { last } = scored
    const tally = (of: (row: Record<string, string>) => string, key: string): number =>
      written.filter((row) => of(row) === key).length
    for (const level of ['HIGH', 'MEDIUM', 'LOW'] as const) {
      expect(tally((row) => row['RiskLevel'], level)).toBe(last.levels[level])
    }
    for (const action of last.actions) {
      const chosen = written.filter((row) => row['ActionID'] === String(action.id))
      expect(chosen).toHaveLength(action.count)
      expect(chosen.every((row) => row['RecommendedAction'] === action.name)).toBe(true)
      const spend = chosen.reduce((sum, row) => sum + Number(row['ActionCost']), 0)
      expect(Math.abs(spend - action.plannedSpend)).toBeLessThan(0.005 * chosen.length + 1e-6)
    }
    const risk = written.reduce((sum, row) => sum + Number(row['ChurnProbability']), 0) / written.length
    expect(risk).toBeCloseTo(last.averageRisk, 4)
  })

  it('holds probabilities, reasons in words and the version of what decided', () => {
    for (const row of plan()) {
      expect(Number(row['ChurnProbability'])).toBeGreaterThan(0)
      expect(Number(row['ChurnProbability'])).toBeLessThan(1)
      expect(Number(row['Propensity'])).toBeGreaterThan(0)
      expect(Number(row['Propensity'])).toBeLessThanOrEqual(1)
      expect(row['DataConfidence']).toBe('1')
      expect(row['ModelVersion']).toMatch(/^customers@\d{4}-\d\d-\d\d\+[0-9a-f]{8}\/./)
    }
    const monthly = plan().filter((_, i) => rows[i][3] === 'Month-to-month')
    const told = monthly.filter((row) => row['Reasons'].includes('Month-to-month contract: '))
    expect(told.length).toBeGreaterThan(0.9 * monthly.length)
  })

  it('has no cell that a spreadsheet would run', () => {
    expect(plan().filter((row) => /^[=+@]/.test(row['Region']))).toEqual([])
    expect(plan()[2]['Region']).toBe("'=1+1")
  })

  it('is the same bytes when it is made again, on one thread as on two', async () => {
    await score('again.csv', '--columns', 'Region,tenure', '--threads', '1', '--quiet')
    expect(readFileSync(workshop.at('again.csv'))).toEqual(readFileSync(workshop.at('plan.csv')))
  })

  it('decides the same for each customer when the file is shuffled', async () => {
    const { next } = random(7)
    const shuffled = rows.map((cells) => ({ cells, at: next() })).sort((a, b) => a.at - b.at)
    const other = workshop.write(
      'shuffled.csv',
      csv(
        header,
        shuffled.map(({ cells }) => cells),
      ),
    )
    await holdfast(['score', other, '--model', model, '--out', workshop.at('s.csv'), ...day, '--quiet'])
    const byId = new Map(plan('s.csv').map((row) => [row['CustomerID'], row]))
    for (const row of plan()) {
      const twin = byId.get(row['CustomerID'])!
      for (const column of [...reference, ...added]) expect(twin[column]).toBe(row[column])
    }
  })

  it('is Parquet where its name says so, and can be read as a file of customers again', async () => {
    const out = workshop.at('plan.parquet')
    const first = await holdfast([
      'score',
      file,
      '--model',
      model,
      '--out',
      out,
      ...day,
      '--columns',
      'Contract,Region,tenure',
      '--json',
    ])
    expect(first.code).toBe(0)
    expect(readFileSync(out).subarray(0, 4).toString()).toBe('PAR1')
    const { code, last } = await holdfast([
      'score',
      out,
      '--model',
      model,
      '--out',
      workshop.at('p.csv'),
      ...day,
      '--json',
    ])
    expect({ code, rows: last.rows }).toEqual({ code: 0, rows: 600 })
    expect(plan('p.csv').map((row) => row['ChurnProbability'])).toEqual(
      plan().map((row) => row['ChurnProbability']),
    )
  })
})

describe('customers that are hard to name or to read', () => {
  it('keeps ids with quotes, line ends and signs of a formula', async () => {
    const ids = ['a"b\nc, d', '=cmd()', '+49 123', '-5', '@x', "it's ü 漢字 🎉", ' padded ']
    const odd = rows.slice(0, 7).map((cells, i) => [ids[i], ...cells.slice(1)])
    const path = workshop.write('odd.csv', csv(header, odd))
    const { code } = await holdfast(['score', path, '--model', model, '--out', workshop.at('odd-plan.csv')])
    expect(code).toBe(0)
    expect(plan('odd-plan.csv').map((row) => row['CustomerID'])).toEqual([
      'a"b\nc, d',
      "'=cmd()",
      "'+49 123",
      '-5',
      "'@x",
      "it's ü 漢字 🎉",
      'padded',
    ])
  })

  it('scores one row, an unknown category and a missing column with lower confidence', async () => {
    const one = workshop.write('one.csv', csv(telcoHeader.slice(0, 4), [['x', 5, 'n/a', 'Ten years']]))
    const { code, last } = await holdfast([
      'score',
      one,
      '--model',
      model,
      '--out',
      workshop.at('1.csv'),
      '--json',
    ])
    expect({ code, rows: last.rows }).toEqual({ code: 0, rows: 1 })
    expect(last.notes).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/"Contract" has values that the model never saw \(Ten years\) for 1 customer/),
      ]),
    )
    const [row] = plan('1.csv')
    expect(Number(row['DataConfidence'])).toBeLessThan(1)
    expect(row['MonthlyCharges']).toBe('')
    expect(row['ActionID']).toBe('0')
    expect(row['ExpectedValue']).toBe('')
  })

  it('names customers by their row where there is no id, and says so', async () => {
    const path = workshop.write(
      'nameless.csv',
      csv(
        telcoHeader.slice(1),
        rows.slice(0, 40).map((c) => c.slice(1, 5)),
      ),
    )
    const { err } = await holdfast(['score', path, '--model', model, '--out', workshop.at('n.csv')])
    expect(err).toContain('no column with ids')
    expect(plan('n.csv')[39]['CustomerID']).toBe('row 40')
  })

  it('reads European numbers, spaces around cells and UTF-16 as the same customers', async () => {
    const european = rows.map(([id, tenure, amount, ...rest]): Cells => [
      ` ${id} `,
      tenure,
      `€ ${String(amount).replace('.', ',')}`,
      ...rest.map((cell) => ` ${cell}`),
    ])
    const text = csv(
      header.map((name) => ` ${name} `),
      european,
      ';',
    )
    const path = workshop.write('eu.csv', Buffer.from(`\ufeff${text}`, 'utf16le'))
    const { code } = await holdfast([
      'score',
      path,
      '--model',
      model,
      '--out',
      workshop.at('eu-plan.csv'),
      ...day,
    ])
    expect(code).toBe(0)
    const figures = (name: string): string[] =>
      plan(name).map((row) => reference.map((column) => row[column]).join('|'))
    expect(figures('eu-plan.csv')).toEqual(figures('plan.csv'))
  })

  it('takes the currency that the file names', async () => {
    const path = workshop.write(
      'franc.csv',
      csv(
        [...telcoHeader, 'Currency'],
        rows.slice(0, 50).map((c) => [...c.slice(0, 5), 'CHF']),
      ),
    )
    const { last } = await holdfast([
      'score',
      path,
      '--model',
      model,
      '--out',
      workshop.at('c.csv'),
      '--json',
    ])
    expect(last.currency).toBe('CHF')
  })
})

describe('what if', () => {
  it('tells both sides, and nothing moves when nothing changes', async () => {
    const same = await holdfast(['what-if', file, '--model', model, ...day, '--multiply', 'all=1', '--json'])
    expect(same.last).toMatchObject({
      rows: 600,
      difference: { moved: 0, plannedSpend: 0, expectedValue: 0 },
    })
    const none = await holdfast(['what-if', file, '--model', model, ...day, '--budget', '0', '--json'])
    expect(none.last).toMatchObject({ changed: { plannedSpend: 0 }, change: 'budget=0' })
  })

  it('starts from the same plan as score', async () => {
    const { last } = await holdfast([
      'what-if',
      file,
      '--model',
      model,
      ...day,
      '--capacity',
      'email=1',
      '--json',
    ])
    const { now } = last as unknown as { now: { actions: { count: number }[] } }
    expect(now.actions.map(({ count }) => count)).toEqual(scored.last.actions.map(({ count }) => count))
  })
})

describe('what is printed', () => {
  const run = (env: Readonly<Record<string, string>>, ...more: string[]): Promise<Outcome> =>
    holdfast(['score', file, '--model', model, '--out', workshop.at('print.csv'), ...day, ...more], { env })

  it('is plain in a pipe, coloured when that is forced, and plain under NO_COLOR', async () => {
    const escape = '\u001b['
    const [plain, forced, none] = [
      await run({}),
      await run({ FORCE_COLOR: '1' }),
      await run({ NO_COLOR: '1' }),
    ]
    expect(plain.out).toMatch(/^600 customers scored and decided in [\d.]+ s, average risk \d+\.\d %\n/)
    expect(plain.out + plain.err).not.toContain(escape)
    expect(forced.out).toContain(escape)
    expect(none.out + none.err).not.toContain(escape)
    expect(plain.out).toContain(`Plan written to ${workshop.at('print.csv')}`)
  })

  it('is nothing but the result with --quiet', async () => {
    const { err, out } = await run({}, '--quiet')
    expect(err).toBe('')
    expect(out).toContain('600 customers')
  })

  it.skipIf(!hasScript())('redraws its progress in place on a terminal (needs the command script)', () => {
    const command = `"${process.execPath}" "${launcher}" score "${file}" --model "${model}" --out "${workshop.at('tty.csv')}"`
    const { stdout, status } = spawnSync('script', ['-qec', command, '/dev/null'], {
      encoding: 'utf8',
      env: plainEnvironment({ TERM: 'xterm' }),
    })
    expect(status).toBe(0)
    expect(stdout).toContain('\r\u001b[2KWriting the plan')
    expect(stdout).toContain('600 of 600')
    expect(stdout).toContain('\u001b[1m600 customers')
  })
})

describe('what is loaded', () => {
  it('is no trainer for a plan, nor does the inference library report home', async () => {
    const list = workshop.at('loaded.txt')
    const hook = workshop.write(
      'hook.mjs',
      `import { registerHooks } from 'node:module'
      import { appendFileSync } from 'node:fs'
      const load = (url, context, next) => (appendFileSync(${JSON.stringify(list)}, url + '\\n'), next(url, context))
      registerHooks({ load })`,
    )
    const temporary = workshop.at('temporary')
    mkdirSync(temporary)
    const { code } = await holdfast(['score', file, '--model', model, '--out', workshop.at('l.csv')], {
      env: { NODE_OPTIONS: `--import=${hook}`, TMPDIR: temporary, ORT_DISABLE_TELEMETRY: '' },
    })
    expect(code).toBe(0)
    const loaded = readFileSync(list, 'utf8').split('\n')
    expect(loaded.some((url) => url.endsWith('/models/onnx/serve.ts'))).toBe(true)
    expect(loaded.filter((url) => /\/trainer\/|\/fit[^/]*\.ts|learn\.ts|\/report\//.test(url))).toEqual([])
    expect(readdirSync(temporary).filter((name) => name !== 'node-compile-cache')).toEqual([])
  })
})

const telco = resolve(import.meta.dirname, '../../../shared/data/telco.csv')
describe.skipIf(!existsSync(telco))('the Telco file (needs ../shared/data/telco.csv)', () => {
  it('is scored by the model that was made for it, without a question', async () => {
    const { code, last } = await holdfast(['score', telco, '--out', workshop.at('telco.csv'), '--json'])
    expect({
      code,
      rows: last.rows,
      notes: last.notes.filter((note) => /model never saw|has nothing for/.test(note)),
    }).toEqual({
      code: 0,
      rows: 7043,
      notes: [],
    })
    expect(last.model).toMatchObject({ name: 'telco' })
    expect(last.averageRisk).toBeCloseTo(0.265, 2)
  })
})

function hasScript(): boolean {
  return spawnSync('script', ['--version']).status === 0
}
