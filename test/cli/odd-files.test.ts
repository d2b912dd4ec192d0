/** Train and score on files that are small, odd, or mapped by somebody: what is learned of them, and what is warned of. */
import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { random } from '../../models/random.ts'
import { createWorkshop, csv, customers, holdfast, telcoHeader, type Cells } from './command.ts'

const workshop = createWorkshop()
afterAll(workshop.remove)
/** A file of JSON whose shape the test knows. */
const json = <T>(name: string): T => JSON.parse(readFileSync(workshop.at(name), 'utf8'))

describe('a small file', () => {
  it('gets the cautious model, and is told how many customers are missing', async () => {
    const file = workshop.write('small.csv', csv(telcoHeader, customers(300)))
    const { out, err } = await holdfast(['train', file, '--target', 'Churn', '--out', workshop.at('small')])
    expect(out).toMatch(/^Logistic regression on 300 customers/)
    expect(err).toMatch(
      /There are \d+ customers who churned and \d+ who stayed; training in earnest needs 200 and 500/,
    )
  })

  it('says when its model may be no better than chance', async () => {
    const { next } = random(2)
    const noise = Array.from({ length: 200 }, (_, i): Cells => [
      `n${i}`,
      next(),
      next(),
      next() < 0.3 ? 'yes' : 'no',
    ])
    const file = workshop.write('noise.csv', csv(['id', 'a', 'b', 'churned'], noise))
    const { last } = await holdfast([
      'train',
      file,
      '--target',
      'churned',
      '--out',
      workshop.at('noise'),
      '--json',
    ])
    expect(last.notes).toEqual(expect.arrayContaining([expect.stringMatching(/no better than chance/)]))
  })
})

describe('a file that is odd, but holds customers', () => {
  it('is learned from in spite of thousands of categories, empty columns, long headers and NaN', async () => {
    const { next } = random(9)
    const more = Array.from({ length: 40 }, (_, i) => `measure ${i}`)
    const header: Cells = [...telcoHeader, 'agent', 'blank', '漢'.repeat(300), 'odd', ...more]
    const rows = customers(2500, 4).map((cells, i): Cells => [
      ...cells,
      `agent ${i % 2000}`,
      null,
      i % 2,
      ['NaN', 'Infinity', String(i), String(-i)][i % 4],
      ...(i < 300 ? more.map(() => Math.round(next() * 100)) : more.map(() => null)),
    ])
    const file = workshop.write('odd.csv', csv(header, rows))
    const model = workshop.at('odd')
    const { code, last, err } = await holdfast([
      'train',
      file,
      '--target',
      'Churn',
      '--out',
      model,
      '--folds',
      '2',
      '--json',
    ])
    expect(code).toBe(0)
    expect(last.auc).toBeGreaterThan(0.7)
    expect(err).toMatch(/Left out: .*blank/)
    const scored = await holdfast([
      'score',
      file,
      '--model',
      model,
      '--out',
      workshop.at('odd-plan.csv'),
      '--json',
    ])
    expect(scored.last).toMatchObject({ rows: 2500 })
  })
})

describe('an edited mapping', () => {
  it('decides what is learned from, and stays what somebody made it', async () => {
    const file = workshop.write('own.csv', csv(telcoHeader, customers(300)))
    await holdfast(['train', file, '--target', 'Churn', '--out', workshop.at('own')])
    const mapping = json<{ columns: { column: string; use: string }[] }>('own.mapping.json')
    mapping.columns.find(({ column }) => column === 'Contract')!.use = 'ignore'
    const edited = workshop.write('edited.json', JSON.stringify(mapping))
    const { last, err } = await holdfast([
      'train',
      file,
      '--target',
      'Churn',
      '--mapping',
      edited,
      '--out',
      workshop.at('own2'),
      '--json',
    ])
    expect(last).toMatchObject({ features: 2 })
    expect(err).toContain('Left out: Contract')
  })
})
