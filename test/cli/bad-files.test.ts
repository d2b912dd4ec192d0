/**
 * Files of the "Bad input" list of the product, on the real command: one clear message that names column or line, the
 * fixed exit code, an error object under --json, and nothing written.
 */
import { cpSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { EXIT } from '../../src/contracts/errors.ts'
import { csv, customers, holdfast, telcoHeader, type Cells } from './command.ts'
import { refusals } from './refusals.ts'

const { workshop, places, calls, expectRefusal, refused } = refusals()

const header: Cells = telcoHeader
const few = customers(60)
/** The rows with one cell (or more) changed. */
function changed(row: number, change: (cells: (string | number | null)[]) => void): Cells[] {
  return few.map((cells, index) => {
    const copy = [...cells]
    if (index === row) change(copy)
    return copy
  })
}

describe('a file that cannot be used', () => {
  const latin = Buffer.from(
    csv(
      header,
      changed(3, (cells) => (cells[3] = 'Größe')),
    ),
    'latin1',
  )
  it.each<[string, string, string | Uint8Array | null, number, string, RegExp]>([
    ['that is missing', 'none.csv', null, EXIT.input, 'input_missing', /no file .*none\.csv/],
    ['that is empty', 'empty.csv', '', EXIT.input, 'input_empty', /empty\.csv is empty/],
    ['with a header only', 'header.csv', csv(header, []), EXIT.input, 'input_empty', /but no rows/],
    [
      'with a cell too many',
      'many.csv',
      csv(
        header,
        changed(7, (cells) => cells.push('more')),
      ),
      EXIT.input,
      'input_row',
      /Line 9 of many\.csv has 6 cells.*5 columns/,
    ],
    [
      'with cells too few',
      'few.csv',
      csv(
        header,
        changed(4, (cells) => cells.splice(3)),
      ),
      EXIT.input,
      'input_row',
      /Line 6 of few\.csv has 3 cells/,
    ],
    ['in Latin-1', 'latin.csv', latin, EXIT.input, 'input_encoding', /Line 5 of latin\.csv is not UTF-8/],
    [
      'with two columns of one name',
      'twice.csv',
      csv(
        [...header, 'tenure'],
        few.map((cells) => [...cells, 1]),
      ),
      EXIT.input,
      'input_header',
      /two columns named "tenure"/,
    ],
    [
      'of bytes',
      'bytes.csv',
      Uint8Array.from({ length: 2000 }, (_, i) => i % 256),
      EXIT.input,
      'input_format',
      /binary file/,
    ],
    [
      'with a blank id',
      'blank.csv',
      csv(
        header,
        changed(5, (cells) => (cells[0] = ' ')),
      ),
      EXIT.data,
      'id_missing',
      /Line 7 has no value in the id column "customerID"/,
    ],
    [
      'with an id twice',
      'dup.csv',
      // A cell of two lines above, so that lines are not rows.
      csv(header, [['a\nb', 5, 50, 'One year', 'No'], ...changed(9, (cells) => (cells[0] = 'c-1-2'))]),
      EXIT.data,
      'id_duplicate',
      /Line 13 repeats the id "c-1-2" of line 6/,
    ],
  ])('is refused by every command that reads it: one %s', async (_, name, content, exit, kind, message) => {
    const file = content === null ? workshop.at(name) : workshop.write(name, content)
    const every = Object.values(calls(file))
    // All four read files and ids by the same steps; where only the reading differs, two of them will do.
    const asked = ['none.csv', 'many.csv', 'dup.csv'].includes(name) ? every : every.slice(0, 2)
    const outcomes = await Promise.all(asked.map((args) => holdfast([...args, '--json'])))
    for (const outcome of outcomes) expectRefusal(outcome, exit, kind, message)
  })

  it('is refused as a folder, and with an extension that nobody knows', async () => {
    const { score, train } = calls(places)
    await refused(score, EXIT.input, 'input_format', /is a folder/)
    await refused(train, EXIT.input, 'input_format', /is a folder/)
    const odd = workshop.write('customers.json', '[]')
    await refused(calls(odd).score, EXIT.input, 'input_format', /unknown extension/)
  })

  it('is refused where no column means anything to the model', async () => {
    const file = workshop.write(
      'odd.csv',
      csv(
        ['q1', 'q2'],
        [...Array(30)].map((_, i) => [`x${i}`, i * 1.5]),
      ),
    )
    const { score, 'what-if': whatIf } = calls(file)
    for (const args of [score, whatIf]) {
      await refused(args, EXIT.data, 'no_features', /No column of .*odd\.csv .*months as a customer/)
    }
  })
})

describe('a target that nothing can be learned from', () => {
  const file = (name: string, target: (cells: Cells, index: number) => string): string =>
    workshop.write(
      name,
      csv(
        header,
        few.map((cells, i) => [...cells.slice(0, 4), target(cells, i)]),
      ),
    )

  it.each<[string, () => string, string[], string, RegExp]>([
    [
      'that is no column: the near name is suggested',
      () => workshop.at('train.csv'),
      ['--target', 'churned'],
      'target_missing',
      /no column "churned".*Did you mean "Churn"\?/,
    ],
    ['of one class', () => file('one.csv', () => 'No'), [], 'target_one_class', /no customer who left.*"No"/],
    [
      'of three classes',
      () => file('three.csv', (_, i) => ['Yes', 'No', 'Maybe'][i % 3]),
      [],
      'target_classes',
      /3 classes, "Maybe" \(20\).*--positive/,
    ],
    [
      'of two rows',
      () => workshop.write('two.csv', csv(header, [few[0].with(4, 'Yes'), few[1].with(4, 'No')])),
      [],
      'too_few_rows',
      /2 customers.*subscription starter/,
    ],
    [
      'of one row',
      () => workshop.write('one-row.csv', csv(header, few.slice(0, 1))),
      [],
      'target_one_class',
      /\(1\)/,
    ],
    [
      'without a column beside it',
      () =>
        workshop.write(
          'bare.csv',
          csv(
            ['id', 'Churn'],
            few.map((cells) => [cells[0], cells[4]]),
          ),
        ),
      [],
      'no_features',
      /No column of .*bare\.csv can feed a model/,
    ],
    [
      'without the value that was named',
      () => workshop.at('train.csv'),
      ['--positive', 'perhaps'],
      'target_classes',
      /no value "perhaps".*"No".*"Yes"/,
    ],
  ])('is refused by train and evaluate: one %s', async (_, make, more, kind, message) => {
    const { train, evaluate } = calls(make())
    const outcomes = await Promise.all(
      [train, evaluate].map((args) => holdfast([...args, ...more, '--json'])),
    )
    for (const outcome of outcomes) expectRefusal(outcome, EXIT.data, kind, message)
  })
})

describe('settings and mappings that are wrong', () => {
  it.each<[string, string, string | null, number, string, RegExp]>([
    [
      'settings that are missing',
      '--settings',
      null,
      EXIT.input,
      'input_missing',
      /settings file .* cannot be read/,
    ],
    ['settings that are no JSON', '--settings', '{"budget": ', EXIT.usage, 'settings_invalid', /is not JSON/],
    [
      'settings out of range',
      '--settings',
      '{"budget": -5, "bugdet": 1}',
      EXIT.usage,
      'settings_invalid',
      /budget must not be below 0.*bugdet is no setting/,
    ],
    [
      'a mapping that is missing',
      '--mapping',
      null,
      EXIT.input,
      'input_missing',
      /mapping file .* cannot be read/,
    ],
    [
      'a mapping with a wrong use',
      '--mapping',
      '{"holdfastMapping": 1, "asOf": "newest", "columns": [{"column": "tenure", "use": "featur", "confidence": 1, "why": ""}]}',
      EXIT.usage,
      'settings_invalid',
      /column "tenure".*feature/,
    ],
  ])('end with one message: %s', async (name, option, content, exit, kind, message) => {
    const path = workshop.at(`${name}.json`)
    if (content !== null) writeFileSync(path, content)
    await refused([...calls(workshop.at('train.csv')).score, option, path], exit, kind, message)
  })

  it('are told apart from a mapping whose edit merely has no effect, which scores with a note', async () => {
    const mapping = readFileSync(workshop.at('model.mapping.json'), 'utf8')
      .replace('"feature": "contract"', '"feature": "contrakt"')
      .replace('"column": "tenure"', '"column": "tenur"')
    const path = workshop.write('edited.json', mapping)
    const { score } = calls(workshop.at('train.csv'))
    const { code, last } = await holdfast([
      ...score,
      '--mapping',
      path,
      '--json',
      '--out',
      workshop.at('m.csv'),
    ])
    expect(code).toBe(EXIT.ok)
    expect(last.notes).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/column "tenur" .* Did you mean "tenure"\?/),
        expect.stringMatching(/reads "Contract" as "contrakt".*Did you mean "contract"\?/),
      ]),
    )
  })
})

describe('a model that is broken', () => {
  const broken = (name: string, spoil: (folder: string) => void): string => {
    const folder = workshop.at(name)
    cpSync(workshop.at('model'), folder, { recursive: true })
    spoil(folder)
    return folder
  }

  it.each<[string, () => string, string, RegExp]>([
    ['that is not there', () => workshop.at('nowhere'), 'model_missing', /no model in .*nowhere/],
    [
      'cut off in the middle',
      () => broken('cut', (folder) => truncateSync(join(folder, 'model.onnx'), 200)),
      'model_corrupt',
      /model\.onnx has 200 bytes/,
    ],
    [
      'with half a list of its parts',
      () => broken('half', (folder) => truncateSync(join(folder, 'bundle.json'), 30)),
      'model_corrupt',
      /bundle\.json/,
    ],
    [
      'with a byte changed',
      () =>
        broken('byte', (folder) => {
          const bytes = readFileSync(join(folder, 'model.json'))
          bytes[bytes.length >> 1] ^= 1
          writeFileSync(join(folder, 'model.json'), bytes)
        }),
      'model_corrupt',
      /model\.json/,
    ],
  ])('is refused by score and evaluate: one %s', async (_, make, kind, message) => {
    const folder = make()
    const { score, evaluate } = calls(workshop.at('train.csv'))
    const outcomes = await Promise.all(
      [score, evaluate].map((args) => holdfast([...args, '--model', folder, '--json'])),
    )
    for (const outcome of outcomes) expectRefusal(outcome, EXIT.model, kind, message)
    expect(existsSync(join(places, 'plan.csv'))).toBe(false)
  })
})
