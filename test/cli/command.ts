/** Runs the real command in a process of its own, on small files made for the test. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { random } from '../../models/random.ts'

export const launcher = resolve(import.meta.dirname, '../../bin/holdfast.js')

export interface Outcome {
  readonly code: number | null
  readonly out: string
  readonly err: string
  /** The last line of standard output, parsed; empty where it is no JSON. */
  readonly last: Answer
}

/** What --json prints; which of it, depends on the command. */
export interface Answer {
  readonly error: { readonly code: string; readonly message: string; readonly retryable: boolean }
  readonly rows: number
  readonly auc: number
  readonly averageRisk: number
  readonly levels: Readonly<Record<'HIGH' | 'MEDIUM' | 'LOW', number>>
  readonly actions: readonly {
    readonly id: number
    readonly name: string
    readonly count: number
    readonly plannedSpend: number
  }[]
  readonly leaks: readonly { readonly column: string }[]
  readonly currency: string
  readonly model: unknown
  readonly notes: readonly string[]
}

export interface RunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** Called once, when this text has been seen on standard error. */
  readonly when?: { readonly seen: string; readonly act: (pid: number) => void }
}

/** The environment without what would colour or steer the command. */
export function plainEnvironment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  // A continuous integration says so in CI, and is then taken for a terminal without colours.
  const { FORCE_COLOR: _force, NO_COLOR: _no, NODE_OPTIONS: _options, CI: _ci, ...rest } = process.env
  return { ...rest, ...extra }
}

/**
 * @example
 * const { code, err } = await holdfast(['score', 'none.csv'])
 */
export function holdfast(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const child = spawn(process.execPath, [launcher, ...args], {
    cwd: options.cwd,
    env: plainEnvironment(options.env),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  let acted = false
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
    if (options.when !== undefined && !acted && err.includes(options.when.seen)) {
      acted = true
      options.when.act(child.pid!)
    }
  })
  return new Promise((done, failed) => {
    child.on('error', failed)
    child.on('close', (code) =>
      done({ code, out, err, last: parsed(out.trimEnd().split('\n').at(-1) ?? '') }),
    )
  })
}

function parsed(line: string): Answer {
  try {
    return JSON.parse(line) as Answer
  } catch {
    return {} as Answer
  }
}

/** A folder that the test file removes when it is done: `afterAll(workshop.remove)`. */
export function createWorkshop() {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-cli-'))
  const at = (name: string): string => join(folder, name)
  return {
    folder,
    at,
    /** Writes a file and gives its path. */
    write(name: string, content: string | Uint8Array): string {
      writeFileSync(at(name), content)
      return at(name)
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

export type Cells = readonly (string | number | null)[]

export const telcoHeader = ['customerID', 'tenure', 'MonthlyCharges', 'Contract', 'Churn'] as const

/** Customers whose risk hangs on contract and tenure; the same for the same seed. */
export function customers(count: number, seed = 1): Cells[] {
  const { next } = random(seed)
  return Array.from({ length: count }, (_, i) => {
    const contract = ['Month-to-month', 'One year', 'Two year'][Math.floor(next() * 3)]
    const tenure = 1 + Math.floor(next() * 72)
    const charges = Math.round(2000 + next() * 10_000) / 100
    const risk = (contract === 'Month-to-month' ? 0.6 : 0.12) * (tenure < 24 ? 1.3 : 0.7)
    return [`c-${seed}-${i}`, tenure, charges, contract, next() < risk ? 'Yes' : 'No']
  })
}

export function csv(header: Cells, rows: readonly Cells[], delimiter = ','): string {
  const cell = (value: string | number | null): string => {
    const text = value === null ? '' : String(value)
    return /["\n\r]/.test(text) || text.includes(delimiter) ? `"${text.replaceAll('"', '""')}"` : text
  }
  return [header, ...rows].map((row) => `${row.map(cell).join(delimiter)}\n`).join('')
}

/** Rows of a CSV as objects; knows quotes and line ends within them. */
export function parseCsv(text: string): Record<string, string>[] {
  const rows: string[][] = [[]]
  let cell = ''
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const c = text[i]
    if (quoted) {
      if (c !== '"') cell += c
      else if (text[i + 1] === '"') cell += text[i++]
      else quoted = false
    } else if (c === '"') quoted = true
    else if (c === ',' || c === '\n') {
      rows.at(-1)!.push(cell)
      cell = ''
      if (c === '\n') rows.push([])
    } else cell += c
  }
  const [header, ...body] = rows.slice(0, -1)
  return body.map((row) => Object.fromEntries(row.map((value, i) => [header[i], value])))
}
