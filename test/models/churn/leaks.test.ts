import { describe, expect, it } from 'vitest'
import { findLeaks, type LeakColumn } from '../../../models/churn/leaks.ts'
import { sigmoid } from '../../../models/churn/statistics.ts'
import { random } from '../../../models/random.ts'

const nothing = NaN

/** Customers with an honest tenure, contract and charge, churned with about 26 %, and columns made from them. */
function customers(rows: number, seed: number) {
  const chance = random(seed)
  const tenure = Float64Array.from({ length: rows }, () => chance.integer(73))
  const contract = Float64Array.from({ length: rows }, () => chance.integer(3))
  const labels = Uint8Array.from(tenure, (months, row) =>
    chance.next() < sigmoid(0.9 - 0.03 * months - 1.1 * contract[row]) ? 1 : 0,
  )
  const fromLabel = (value: (churned: boolean) => number) =>
    Float64Array.from(labels, (label) => value(label === 1))
  const find = (columns: LeakColumn[]) => findLeaks({ columns, labels })
  return { chance, tenure, contract, labels, fromLabel, find }
}

const number = (name: string, values: ArrayLike<number>): LeakColumn => ({ name, kind: 'number', values })
const category = (name: string, values: ArrayLike<number>): LeakColumn => ({ name, kind: 'category', values })

describe('findLeaks', () => {
  it('accuses none of the honest columns', () => {
    const { chance, tenure, contract, fromLabel, find } = customers(3000, 1)
    const complained = fromLabel((churned) => (chance.next() < (churned ? 0.6 : 0.1) ? 1 : 0))
    const findings = find([
      number('tenure', tenure),
      category('Contract', contract),
      number(
        'MonthlyCharges',
        tenure.map(() => 20 + 100 * chance.next()),
      ),
      number(
        'EstimatedSalary',
        tenure.map(() => Math.round(200_000_000 * chance.next())),
      ),
      number('Complain', complained), // AUC about .75
      category(
        'City',
        tenure.map(() => chance.integer(400)),
      ),
      number(
        'LastTicketScore',
        tenure.map(() => (chance.next() < 0.7 ? nothing : chance.integer(5))),
      ),
    ])
    expect(findings).toEqual([])
  })

  it("sees through IBM's extended columns", () => {
    const { chance, tenure, contract, fromLabel, find } = customers(7000, 2)
    const findings = find([
      number('tenure', tenure),
      category('Contract', contract),
      category(
        'Churn Reason',
        fromLabel((churned) => (churned ? chance.integer(20) : nothing)),
      ),
      category(
        'Churn Label',
        fromLabel((churned) => (churned ? 1 : 0)),
      ),
      number(
        'Churn Score',
        fromLabel((churned) => Math.round((churned ? 82 : 50) + 16 * chance.normal())),
      ),
      category(
        'Customer Status',
        fromLabel((churned) => (churned ? 0 : 1 + chance.integer(2))),
      ),
    ])
    expect(findings.map(({ column, kind, action }) => [column, kind, action])).toEqual([
      ['Churn Reason', 'filled_after_churn', 'exclude'],
      ['Churn Label', 'predicts_alone', 'exclude'],
      ['Churn Score', 'suspicious', 'exclude'],
      ['Customer Status', 'predicts_alone', 'exclude'],
    ])
    expect(findings[0].sentence).toMatch(
      /filled for 100 % of the customers who churned and 0 % of those who stayed/,
    )
  })

  it('finds a date that only some of the churned have, and one that is emptied when they leave', () => {
    const { chance, fromLabel, find } = customers(2000, 3)
    const cancelled = fromLabel((churned) =>
      churned && chance.next() < 0.3 ? 19_000 + chance.integer(300) : nothing,
    )
    const renewal = fromLabel((churned) =>
      churned && chance.next() < 0.5 ? nothing : 20_000 + chance.integer(300),
    )
    const [first, second] = find([number('end date', cancelled), number('renewal', renewal)])
    expect(first.kind).toBe('filled_after_churn')
    expect(first.sentence).toMatch(/written after they left/)
    expect(second.kind).toBe('filled_after_churn')
    expect(second.sentence).toMatch(/emptied when they left/)
  })

  it('warns of a column that stands out or has a value nobody survives', () => {
    const { chance, tenure, fromLabel, find } = customers(4000, 4)
    const [score, stage] = find([
      number('tenure', tenure),
      number(
        'health',
        fromLabel((churned) => chance.normal() - (churned ? 2 : 0)),
      ),
      {
        ...category(
          'stage',
          fromLabel((churned) => (churned && chance.next() < 0.3 ? 1 : 0)),
        ),
        categories: ['active', 'closing'],
      },
    ])
    expect([score.column, score.kind, score.action]).toEqual(['health', 'suspicious', 'warn'])
    expect([stage.column, stage.kind, stage.action]).toEqual(['stage', 'suspicious', 'warn'])
    expect(stage.sentence).toContain('with "closing" in "stage"')
  })

  it('leaves out dates that stand still once a customer has left, also two that hide each other', () => {
    const { chance, fromLabel, find } = customers(3000, 12)
    const periodStart = fromLabel((churned) => (churned ? 5 + chance.integer(155) : chance.integer(30)))
    const periodEnd = periodStart.map((day) => day - chance.integer(30))
    expect(
      find([number('Current Period Start', periodStart), number('Current Period End', periodEnd)]),
    ).toMatchObject([
      { column: 'Current Period Start', kind: 'predicts_alone', action: 'exclude' },
      { column: 'Current Period End', kind: 'predicts_alone', action: 'exclude' },
    ])
  })

  it('sees a leak whose values do not rise or fall with the risk', () => {
    const { chance, tenure, fromLabel, find } = customers(3000, 5)
    const hidden = fromLabel((churned) =>
      churned ? 40 + chance.integer(10) : chance.next() < 0.5 ? chance.integer(40) : 50 + chance.integer(40),
    )
    expect(find([number('tenure', tenure), number('code', hidden)]).map((f) => [f.column, f.kind])).toEqual([
      ['code', 'predicts_alone'],
    ])
  })

  it('knows ids from amounts, and constants', () => {
    const { chance, tenure, find } = customers(2000, 6)
    const rows = tenure.map((_, i) => i)
    const findings = find([
      number(
        'RowNumber',
        rows.map((i) => i + 1),
      ),
      number(
        'CustomerId',
        rows.map((i) => 15_500_000 + ((i * 7919) % 2000) * 131),
      ),
      category('email', rows),
      category(
        'Surname',
        tenure.map(() => chance.integer(900)),
      ),
      number(
        'Balance',
        tenure.map(() => chance.next() * 1e5),
      ),
      category(
        'Currency',
        tenure.map(() => 0),
      ),
      number(
        'Fax',
        tenure.map(() => nothing),
      ),
    ])
    expect(findings.map(({ column, kind }) => [column, kind])).toEqual([
      ['RowNumber', 'identifier'],
      ['CustomerId', 'identifier'],
      ['email', 'identifier'],
      ['Currency', 'constant'],
      ['Fax', 'constant'],
    ])
  })

  it('does not accuse a lucky column of a small file', () => {
    for (let seed = 0; seed < 10; seed++) {
      const { chance, labels, find } = customers(120, 100 + seed)
      const noise = Array.from({ length: 40 }, (_, i) =>
        number(
          `n${i}`,
          Float64Array.from(labels, () => chance.normal()),
        ),
      )
      const codes = Array.from({ length: 10 }, (_, i) =>
        category(
          `c${i}`,
          Float64Array.from(labels, () => chance.integer(30)),
        ),
      )
      const rare = number(
        'rare',
        Float64Array.from(labels, (label) => (label === 1 && chance.next() < 0.1 ? 1 : nothing)),
      )
      expect(find([...noise, ...codes, rare])).toEqual([])
    }
  })

  it('does not take a category for a leak because its many values are rare', () => {
    // Judged on its own labels, a column of 1,500 codes over 2,000 rows would separate nearly perfectly.
    const { chance, tenure, find } = customers(2000, 7)
    expect(
      find([
        category(
          'postcode',
          tenure.map(() => chance.integer(1500)),
        ),
      ]),
    ).toEqual([])
  })
})
