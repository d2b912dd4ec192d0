/**
 * Calls of the "Bad input" list of the product, on the real command: one clear message that names the column, the fixed
 * exit code, an error object under --json, and nothing written. What is wrong with files is in bad-files.test.ts.
 */
import { describe, expect, it } from 'vitest'
import { EXIT } from '../../src/contracts/errors.ts'
import { holdfast } from './command.ts'
import { refusals } from './refusals.ts'

const { workshop, places, calls, expectRefusal, refused } = refusals()

describe('a call that is wrong', () => {
  const train = workshop.at('train.csv')
  it.each<[string, string[], RegExp]>([
    ['an unknown command', ['scroe', train], /Unknown command 'scroe'\. Did you mean score\?/],
    ['an unknown option', ['score', train, '--ot', 'x.csv'], /Unknown option '--ot'\. Did you mean --out\?/],
    ['no file', ['score'], /Missing required argument 'file'/],
    ['two files', ['score', train, train], /Too many arguments/],
    ['no target', ['train', train], /'--target <column>' not specified.*holdfast train --help/],
    ['an option out of range', ['train', train, '--target', 'Churn', '--folds', '1'], /from 2 to 20/],
    ['threads that are none', ['score', train, '--threads', 'all'], /whole number from 1 to 256/],
    ['a day that is none', ['train', train, '--target', 'Churn', '--as-of', '2025-02-30'], /"2025-02-30"/],
    ['the same for score', ['score', train, '--as-of', 'today'], /such as 2026-01-31/],
    [
      'an id that is the target',
      ['train', train, '--target', 'Churn', '--id', 'churn'],
      /both the target and the id/,
    ],
    ['levels that are none', ['score', train, '--levels', 'high'], /base-rate or reference, not "high"/],
    ['a plan of another format', ['score', train, '--out', 'plan.xlsx'], /must end in \.csv or \.parquet/],
    [
      'a report of another format',
      ['evaluate', train, '--target', 'Churn', '--out', 'r.pdf'],
      /end in \.html/,
    ],
    ['nothing to change', ['what-if', train], /Say what to change/],
    ['an action that there is not', ['what-if', train, '--cost', 'fax=0.1'], /no action "fax".*email, sms/],
    ['a share above 1', ['what-if', train, '--cost', 'email=2'], /from 0 to 1, not "2"/],
    ['a budget that is none', ['what-if', train, '--budget', 'lots'], /--budget takes a number/],
  ])('ends with exit code 2 and what to do: %s', async (_, args, message) => {
    expectRefusal(await holdfast([...args, '--json'], { cwd: places }), EXIT.usage, 'usage', message)
  })

  it('prints its help on standard error when it is called with nothing', async () => {
    const { code, out, err } = await holdfast([])
    expect({ code, out }).toEqual({ code: EXIT.usage, out: '' })
    expect(err).toContain('Usage: holdfast')
  })

  it('names columns that are not in the file, with near ones', async () => {
    const { score } = calls(train)
    await refused([...score, '--id', 'customer'], EXIT.data, 'column_missing', /Did you mean "customerID"/)
    await refused([...score, '--columns', 'Contrakt'], EXIT.data, 'column_missing', /Did you mean "Contract"/)
    await refused([...calls(train).train, '--keep', 'nope'], EXIT.data, 'column_missing', /"nope".*--keep/)
  })

  it('names the variable of the environment that cannot be used', async () => {
    const outcome = await holdfast([...calls(train).score, '--json'], { env: { HOLDFAST_THREADS: 'many' } })
    expectRefusal(outcome, EXIT.usage, 'usage', /HOLDFAST_THREADS/)
  })
})
