/** Commands that are refused, beside a model that could have been used. */
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import { EXIT } from '../../src/contracts/errors.ts'
import { createWorkshop, csv, customers, holdfast, telcoHeader, type Outcome } from './command.ts'

/** A file to learn from and a model of it, made before the tests of the file that calls this, and removed after them. */
export function refusals() {
  const workshop = createWorkshop()
  const places = workshop.at('places')
  afterAll(workshop.remove)

  beforeAll(async () => {
    mkdirSync(places)
    const file = workshop.write('train.csv', csv(telcoHeader, customers(600)))
    const trained = await holdfast([
      'train',
      file,
      '--target',
      'Churn',
      '--out',
      workshop.at('model'),
      '--json',
    ])
    expect(trained.code).toBe(EXIT.ok)
  })

  /** The four commands that read a file of customers, each with a place of its own for what it would write. */
  function calls(file: string): Record<string, string[]> {
    return {
      score: ['score', file, '--model', workshop.at('model'), '--out', join(places, 'plan.csv')],
      train: ['train', file, '--target', 'Churn', '--out', join(places, 'model')],
      evaluate: ['evaluate', file, '--target', 'Churn', '--out', join(places, 'report.html')],
      'what-if': ['what-if', file, '--model', workshop.at('model'), '--budget', '100'],
    }
  }

  /** One sentence for people, the same for programs, the exit code, no trace of the program, nothing written. */
  function expectRefusal(
    { code, out, err, last }: Outcome,
    exit: number,
    kind: string,
    message: RegExp,
  ): void {
    const said = err.split('\n').filter((line) => line.startsWith('holdfast: '))
    expect(said).toHaveLength(1)
    expect(said[0]).toMatch(message)
    expect(said[0]).toMatch(/[.?"]$/)
    expect(err).not.toMatch(/^\s+at |defect|undefined|\[object/m)
    expect(last.error).toEqual({ code: kind, message: said[0].slice('holdfast: '.length), retryable: false })
    expect(out.trimEnd().split('\n')).toHaveLength(1)
    expect(code).toBe(exit)
    expect(readdirSync(places)).toEqual([])
  }

  async function refused(args: string[], exit: number, kind: string, message: RegExp): Promise<void> {
    expectRefusal(await holdfast([...args, '--json']), exit, kind, message)
  }

  return { workshop, places, calls, expectRefusal, refused }
}
