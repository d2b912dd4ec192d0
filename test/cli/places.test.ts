/** Where results go, and what happens when they cannot: nothing half-written, whatever ends the process. */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EXIT } from '../../src/contracts/errors.ts'
import {
  createWorkshop,
  csv,
  customers,
  holdfast,
  launcher,
  parseCsv,
  plainEnvironment,
  telcoHeader,
} from './command.ts'

const workshop = createWorkshop()
afterAll(workshop.remove)
const text = csv(telcoHeader, customers(400))
const file = workshop.write('customers.csv', text)
const model = workshop.at('model')
const score = (...more: string[]): string[] => ['score', file, '--model', model, ...more]
const evaluate = (...more: string[]): string[] => ['evaluate', file, '--target', 'Churn', ...more]

beforeAll(async () => {
  const { code } = await holdfast(['train', file, '--target', 'Churn', '--out', model])
  expect(code).toBe(EXIT.ok)
})

describe('a place that cannot be written', () => {
  it.each<[string, () => string[], number, string, RegExp]>([
    [
      'a plan in a folder that is not there',
      () => score('--out', workshop.at('no/plan.csv')),
      6,
      'output_failed',
      /no folder/,
    ],
    ['a report there', () => evaluate('--out', workshop.at('no/r.html')), 6, 'output_failed', /no folder/],
    ['a plan over the input', () => score('--out', file), 2, 'usage', /file that is being read/],
    [
      'a plan over a link to the input',
      () => {
        symlinkSync(file, workshop.at('link.csv'))
        return score('--out', workshop.at('link.csv'))
      },
      2,
      'usage',
      /file that is being read/,
    ],
    ['a plan over a folder', () => score('--out', dir('plan.csv')), 6, 'output_denied', /is a folder/],
    [
      'a report over a folder',
      () => evaluate('--out', dir('report.html')),
      6,
      'output_denied',
      /is a folder/,
    ],
    [
      'a report over the input',
      () => {
        const page = workshop.write('page.html', text)
        return ['evaluate', page, '--target', 'Churn', '--out', page]
      },
      2,
      'usage',
      /file that is being read/,
    ],
    [
      'a model over a file',
      () => ['train', file, '--target', 'Churn', '--out', file],
      6,
      'output_failed',
      /is a file/,
    ],
    [
      'a model over a folder of other things',
      () => {
        writeFileSync(join(dir('photos'), 'cat.jpg'), '')
        return ['train', file, '--target', 'Churn', '--out', workshop.at('photos')]
      },
      6,
      'output_denied',
      /holds other files/,
    ],
    [
      'a plan on a device',
      () => {
        symlinkSync('/dev/full', workshop.at('full.csv'))
        return score('--out', workshop.at('full.csv'))
      },
      6,
      'output_denied',
      /not a regular file/,
    ],
    [
      'a report on a device',
      () => {
        symlinkSync('/dev/full', workshop.at('full.html'))
        return evaluate('--out', workshop.at('full.html'))
      },
      6,
      'output_denied',
      /not a regular file/,
    ],
  ])('is refused before the work: %s', async (_, args, exit, kind, message) => {
    const { code, err, last } = await holdfast([...args(), '--json'])
    expect({ code, kind: last.error.code }).toEqual({ code: exit, kind })
    expect(last.error.message).toMatch(message)
    expect(err).toBe(`holdfast: ${last.error.message}\n`)
    expect(readFileSync(file, 'utf8')).toBe(text)
    expect(hidden(workshop.folder)).toEqual([])
  })

  // Root may write anywhere.
  it.skipIf(process.getuid?.() === 0)('is a folder without permission', async () => {
    const closed = dir('closed')
    chmodSync(closed, 0o500)
    for (const args of [
      score('--out', join(closed, 'plan.csv')),
      evaluate('--out', join(closed, 'r.html')),
    ]) {
      const { code, last } = await holdfast([...args, '--json'])
      expect({ code, kind: last.error.code }).toEqual({ code: EXIT.output, kind: 'output_denied' })
    }
  })
})

// Without root no small disk can be mounted to be filled.
describe.skipIf(!canMount())(
  'a disk that fills while it is written to (needs to mount one of 100 kB)',
  () => {
    it('leaves what was there, and says so: plan, Parquet, model and report', () => {
      const disk = dir('disk')
      const node = `"${process.execPath}" "${launcher}"`
      const script = `mount -t tmpfs -o size=100k none "${disk}" && cd "${disk}" && printf old > plan.csv
      head -c 95000 /dev/zero > ballast
      for run in "score ${file} --model ${model} --out plan.csv" "score ${file} --model ${model} --out plan.parquet" \
        "train ${file} --target Churn --out model" "evaluate ${file} --target Churn --out report.html" \
        "generate --rows 2000 --out new.csv"; do
        ${node} $run --json --quiet; echo "exit $? left $(ls -A | tr '\n' ' ') plan $(cat plan.csv)"
      done`
      const { stdout } = spawnSync('unshare', ['--mount', 'sh', '-c', script], {
        encoding: 'utf8',
        env: plainEnvironment({ ORT_DISABLE_TELEMETRY: '1' }),
      })
      const lines = stdout.trim().split('\n')
      const codes = lines.filter((_, i) => i % 2 === 0).map((line) => JSON.parse(line).error?.code)
      const left = lines.filter((_, i) => i % 2 === 1)
      expect(codes).toEqual(Array(5).fill('output_full'))
      for (const line of left) expect(line).toBe('exit 6 left ballast plan.csv  plan old')
    })
  },
)

describe('a process that is stopped', () => {
  const big = workshop.at('big.csv')
  beforeAll(() => {
    const rows = csv(telcoHeader, customers(40_000))
    writeFileSync(big, Buffer.from(`\ufeff${rows}`, 'utf16le'))
  })

  it.each<[string, NodeJS.Signals, number, string, string]>([
    ['Ctrl-C while a plan is made', 'SIGINT', 130, 'plan.csv', 'Scoring'],
    ['a kill while Parquet is written', 'SIGTERM', 143, 'plan.parquet', 'Writing the plan'],
  ])('leaves no temporary file and no half output: %s', async (_, signal, exit, name, seen) => {
    const place = dir(`stopped-${signal}`)
    const temporary = dir(`temporary-${signal}`)
    writeFileSync(join(place, name), 'old')
    const { code, err } = await holdfast(['score', big, '--model', model, '--out', join(place, name)], {
      env: { TMPDIR: temporary },
      when: { seen, act: (pid) => process.kill(pid, signal) },
    })
    expect(code).toBe(exit)
    expect(err).toMatch(/holdfast: stopped\. What it was about to write is not there\.\n$/)
    expect(readdirSync(place)).toEqual([name])
    expect(readFileSync(join(place, name), 'utf8')).toBe('old')
    // Node keeps its own cache there; the copy of the customers' data must be gone.
    expect(readdirSync(temporary).filter((entry) => entry !== 'node-compile-cache')).toEqual([])
  })
})

describe('standard output that nobody reads', () => {
  it('ends nothing: the plan is written and the exit code is 0', () => {
    const out = workshop.at('piped.csv')
    const { stdout, stderr } = inShell(
      `"$NODE" "$CLI" score "$FILE" --model "$MODEL" --out "${out}" | head -1; echo "exit \${PIPESTATUS[0]}"`,
    )
    expect(stdout).toMatch(/^400 customers scored .*\nexit 0\n$/)
    expect(stderr).not.toMatch(/EPIPE|Error/)
    expect(parseCsv(readFileSync(out, 'utf8'))).toHaveLength(400)
  })

  // Linux alone has a device that is always full.
  it.skipIf(!existsSync('/dev/full'))('is an error of output when the disk behind it is full', () => {
    const out = workshop.at('full-log.csv')
    const { stdout, stderr } = inShell(
      `"$NODE" "$CLI" score "$FILE" --model "$MODEL" --out "${out}" --json >/dev/full; echo "exit $?"`,
    )
    expect(stdout).toBe('exit 6\n')
    expect(stderr).toContain('holdfast: standard output cannot be written (ENOSPC)')
    expect(existsSync(out)).toBe(true)
  })
})

describe('what is there already', () => {
  it('keeps the permissions of a plan that is replaced', async () => {
    const out = workshop.write('private.csv', 'old')
    chmodSync(out, 0o600)
    const { code } = await holdfast(score('--out', out, '--quiet'))
    expect(code).toBe(EXIT.ok)
    expect(statSync(out).mode & 0o777).toBe(0o600)
  })

  it('never loses a mapping that somebody edited: it steps aside', async () => {
    const out = workshop.at('edited')
    const train = ['train', file, '--target', 'Churn', '--out', out]
    await holdfast(train)
    const mapping = `${out}.mapping.json`
    const edited = readFileSync(mapping, 'utf8').replace('"kind": "number"', '"kind":  "number"')
    writeFileSync(mapping, edited)
    const { err } = await holdfast(train)
    expect(err).toContain('edited.mapping.previous.json')
    expect(readFileSync(`${out}.mapping.previous.json`, 'utf8')).toBe(edited)
    expect(readFileSync(mapping, 'utf8')).not.toBe(edited)
    // Trained with, it stays where it is.
    writeFileSync(mapping, edited)
    await holdfast([...train, '--mapping', mapping])
    expect(readFileSync(mapping, 'utf8')).toBe(edited)
  })
})

function dir(name: string): string {
  mkdirSync(workshop.at(name), { recursive: true })
  return workshop.at(name)
}

function hidden(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.startsWith('.') || name.includes('.part'))
}

function inShell(command: string): { stdout: string; stderr: string } {
  return spawnSync('bash', ['-c', command], {
    encoding: 'utf8',
    env: plainEnvironment({ NODE: process.execPath, CLI: launcher, FILE: file, MODEL: model }),
  })
}

function canMount(): boolean {
  const folder = createWorkshop()
  const { status } = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', folder.folder])
  folder.remove()
  return status === 0
}
