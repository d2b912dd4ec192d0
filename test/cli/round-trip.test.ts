/** Train, score and evaluate on files of other kinds: what is learned, what is warned of, and on whom it is judged. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { random } from '../../models/random.ts'
import {
  createWorkshop,
  csv,
  customers,
  holdfast,
  parseCsv,
  telcoHeader,
  type Cells,
  type Outcome,
} from './command.ts'

const workshop = createWorkshop()
afterAll(workshop.remove)
/** A file of JSON whose shape the test knows. */
const json = <T>(name: string): T => JSON.parse(readFileSync(workshop.at(name), 'utf8'))

/** A bank's customers, written as in Germany: semicolons, 1.234,56, dates with dots, 0 and 1 for the outcome. */
function bank(count: number): string {
  const { next } = random(11)
  const money = (value: number): string =>
    value.toLocaleString('de-DE', { minimumFractionDigits: 2, maximumFractionDigits: 2 })
  const rows = Array.from({ length: count }, (_, i): Cells => {
    const balance = next() < 0.3 ? 0 : 500 + 120_000 * next()
    const products = 1 + Math.floor(next() * 3)
    const active = next() < 0.5 ? 1 : 0
    const month = String(1 + Math.floor(next() * 12)).padStart(2, '0')
    const left = next() < 0.05 + 0.45 * (active === 0 ? 1 : 0) * (products === 1 ? 1 : 0.3) ? 1 : 0
    return [15_600_000 + i * 7, money(balance), products, active, `01.${month}.20${15 + (i % 9)}`, left]
  })
  return csv(['CustomerId', 'Balance', 'NumOfProducts', 'IsActiveMember', 'Kunde seit', 'Exited'], rows, ';')
}

/** A shop's customers with days, and a reason and a day that are only filled once somebody left. */
function shop(count: number): { header: string[]; rows: Cells[] } {
  const { next } = random(5)
  const header = ['client', 'signup_date', 'last_order', 'orders', 'channel', 'Churn Reason', 'lost']
  const rows = Array.from({ length: count }, (_, i): Cells => {
    const signup = new Date(Date.UTC(2022, 0, 1 + Math.floor(next() * 900)))
    const quiet = Math.floor(next() * 200)
    const last = new Date(Date.UTC(2026, 5, 30) - quiet * 86_400_000)
    const lost = next() < 0.08 + 0.4 * (quiet / 200)
    const day = (date: Date): string => date.toISOString().slice(0, 10)
    const reason = lost ? ['Price', 'Moved', 'Competitor'][Math.floor(next() * 3)] : null
    return [
      `k${i}`,
      day(signup),
      day(last),
      1 + Math.floor(next() * 20),
      ['ads', 'mail', 'web'][i % 3],
      reason,
      lost ? 'gone' : 'here',
    ]
  })
  return { header, rows }
}

describe("a bank's file", () => {
  it('is trained on and scored with its own numbers, dates and id', async () => {
    const file = workshop.write('bank.csv', bank(900))
    const model = workshop.at('bank')
    const trained = await holdfast([
      'train',
      file,
      '--target',
      'Exited',
      '--out',
      model,
      '--horizon',
      '90',
      '--json',
    ])
    expect(trained.code).toBe(0)
    expect(trained.last).toMatchObject({
      rows: 900,
      features: 4,
      leftOut: expect.arrayContaining([{ column: 'CustomerId', why: "is the customer's id" }]),
    })
    expect(trained.last.auc).toBeGreaterThan(0.65)
    const scored = await holdfast([
      'score',
      file,
      '--model',
      model,
      '--out',
      workshop.at('bank-plan.csv'),
      '--json',
    ])
    expect(scored.last).toMatchObject({
      rows: 900,
      missingFeatures: [],
      model: { meaning: { kind: 'horizon', days: 90 } },
    })
    const plan = parseCsv(readFileSync(workshop.at('bank-plan.csv'), 'utf8'))
    expect(plan[1]['CustomerID']).toBe('15600007')
  })
})

describe("a shop's file with columns that are filled after the fact", () => {
  const { header, rows } = shop(800)
  let file = ''
  beforeAll(() => {
    file = workshop.write('shop.csv', csv(header, rows))
  })

  it('leaves such a column out, says so, and does not flatter', async () => {
    const { code, err, last } = await holdfast([
      'train',
      file,
      '--target',
      'lost',
      '--positive',
      'gone',
      '--out',
      workshop.at('shop'),
      '--json',
    ])
    expect(code).toBe(0)
    expect(last.auc).toBeGreaterThan(0.55)
    expect(last.auc).toBeLessThan(0.85)
    expect(err + JSON.stringify(last)).toContain('Churn Reason')
    expect(
      json<{ features: { label: string }[] }>('shop/features.json').features.map(({ label }) => label),
    ).not.toContain('churn reason')
  })

  it('uses it all the same with --keep, and warns that the figures flatter', async () => {
    const { last } = await holdfast([
      'train',
      file,
      '--target',
      'lost',
      '--positive',
      'gone',
      '--keep',
      'Churn Reason',
      '--out',
      workshop.at('kept'),
      '--json',
    ])
    expect(last.auc).toBeGreaterThan(0.97)
    expect(last.notes).toEqual(
      expect.arrayContaining([expect.stringMatching(/"?Churn Reason"?.*--keep.*flatter/)]),
    )
  })
})

describe('a leak that nobody can know by its name', () => {
  it('is found by what it does, named, and left out', async () => {
    const rows = customers(700, 3).map((cells): Cells => [...cells, cells[4] === 'Yes' ? 'K4' : 'K1'])
    const file = workshop.write('leak.csv', csv([...telcoHeader, 'flag_b'], rows))
    const { err, last } = await holdfast([
      'train',
      file,
      '--target',
      'Churn',
      '--out',
      workshop.at('leak'),
      '--json',
    ])
    expect(last.leaks.map(({ column }) => column)).toEqual(['flag_b'])
    expect(err).toMatch(/Note: .*flag_b.*Left out; --keep flag_b uses it all the same\./)
    expect(last.auc).toBeLessThan(0.9)
  })
})

describe('evaluate', () => {
  const old = customers(500, 21)
  const fresh = customers(400, 22)
  const model = workshop.at('judged')
  let file = ''
  beforeAll(async () => {
    file = workshop.write('old.csv', csv(telcoHeader, old))
    await holdfast(['train', file, '--target', 'Churn', '--out', model, '--name', 'judged'])
  })
  const evaluate = (path: string, name: string, ...more: string[]): Promise<Outcome> =>
    holdfast(['evaluate', path, '--target', 'Churn', '--out', workshop.at(`${name}.html`), '--json', ...more])

  it('never judges a model on the customers that it was trained on: it cross-validates, and says so', async () => {
    const { code, last } = await evaluate(file, 'seen', '--model', model)
    expect(code).toBe(0)
    expect(last.notes[0]).toMatch(/All 500 customers of old\.csv were in the training data of judged/)
    expect(last.model).toBe('Logistic regression')
    expect(json<{ method: string }>('seen.json').method).toMatch(/trained without it, in 5 folds/)
  })

  it('knows them again by their values where they have no id, also when a leak was left out', async () => {
    const bare = old.map((cells): Cells => [...cells.slice(1), cells[4] === 'Yes' ? 1.5 : 2.5])
    const path = workshop.write('bare.csv', csv([...telcoHeader.slice(1), 'zz'], bare))
    await holdfast(['train', path, '--target', 'Churn', '--out', workshop.at('bare')])
    const { last } = await evaluate(path, 'bare-report', '--model', workshop.at('bare'))
    expect(last.notes[0]).toMatch(/were in the training data/)
  })

  it('counts only the new customers of a file that holds both', async () => {
    const path = workshop.write('both.csv', csv(telcoHeader, [...old.slice(0, 200), ...fresh]))
    const { last } = await evaluate(path, 'both', '--model', model)
    expect(last).toMatchObject({ rows: 400, model: expect.stringMatching(/^judged /) })
    expect(json<{ method: string }>('both.json').method).toMatch(/new to the model; 200 others/)
  })

  it('refuses to judge on a handful', async () => {
    const path = workshop.write('handful.csv', csv(telcoHeader, [...old, ...fresh.slice(0, 20)]))
    const { code, last } = await evaluate(path, 'handful', '--model', model)
    expect({ code, kind: last.error.code }).toEqual({ code: 4, kind: 'too_few_rows' })
    expect(last.error.message).toMatch(
      /Only 20 customers .* are new to this model \(500 were in its training data\)/,
    )
  })

  it('writes one page that needs nothing from elsewhere and runs nothing from the file', async () => {
    // The last column gives the outcome away, so that its name is told in a warning on the page.
    const header: Cells = [
      'customerID',
      'a<i>b',
      'MonthlyCharges',
      '"><img src=x onerror=alert(2)>',
      'Churn',
      leaky,
    ]
    const path = workshop.write(
      '<b>evil.csv',
      csv(
        header,
        fresh.map((cells) => [...cells, cells[4] === 'Yes' ? 7 : 1]),
      ),
    )
    const { code } = await evaluate(path, 'evil')
    expect(code).toBe(0)
    const page = readFileSync(workshop.at('evil.html'), 'utf8')
    expect(/<script|<img|<b>evil|<i>b/.test(page)).toBe(false)
    expect(page.includes('&lt;script&gt;alert(1)')).toBe(true)
    expect(page.includes('&lt;b&gt;evil.csv')).toBe(true)
    const targets = [
      ...page.matchAll(/(?:src|href|action)\s*=\s*["']?([^"'\s>]+)|url\(\s*["']?([^"')]{1,200})/gi),
    ]
      .map((match) => match[1] ?? match[2])
      .filter((target) => !/^(data:|#)/.test(target))
    expect(targets).toEqual([])
    expect(/https?:\/\//.test(page)).toBe(false)
    const { evaluation } = json<{
      evaluation: { rows: number; metrics: { auc: { value: number; low: number } } }
    }>('evil.json')
    expect(evaluation).toMatchObject({
      rows: 400,
      metrics: { auc: { value: expect.any(Number), low: expect.any(Number) } },
    })
  })
})

const leaky = '<script>alert(1)</script>'
