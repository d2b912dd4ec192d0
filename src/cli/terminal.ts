/**
 * What the command line prints and where: results to standard output, progress and warnings to standard
 * error, colour only for a terminal (and never under NO_COLOR), so that pipes and logs stay plain.
 */
import { styleText } from 'node:util'
import type { Writable } from 'node:stream'

type Style = Parameters<typeof styleText>[0]

export interface Terminal {
  /** A line of the result. */
  print(line?: string): void
  /** A line of the story beside it: warnings, what was chosen. */
  note(line: string): void
  /** What somebody should know before trusting the result; also kept for --json. */
  warn(line: string): void
  readonly warnings: readonly string[]
  /** A stage of the work, redrawn in place on a terminal, a line at its end elsewhere. */
  progress(label: string, done: number, total: number): void
  /** Ends the stage that is drawn, keeping its last line. */
  settle(): void
  /** Text for standard output in a style, plain where colour is not wanted. */
  style(style: Style, text: string): string
  readonly json: boolean
}

export interface TerminalOptions {
  readonly json: boolean
  readonly quiet: boolean
  readonly out?: Writable & { isTTY?: boolean }
  readonly err?: Writable & { isTTY?: boolean; columns?: number }
  /** Milliseconds, for the rate at which progress is drawn. */
  readonly now?: () => number
}

const redrawEvery = 100

/**
 * @example
 * const terminal = createTerminal({ json: false, quiet: false })
 * terminal.progress('Scoring', 500, 7043)
 */
export function createTerminal(options: TerminalOptions): Terminal {
  const out = options.out ?? process.stdout
  const err = options.err ?? process.stderr
  const now = options.now ?? (() => performance.now())
  const live = err.isTTY === true && !options.quiet
  let drawn = ''
  let drawnAt = -Infinity
  let finished = ''
  const warnings: string[] = []

  const clear = (): void => {
    if (live && drawn !== '') err.write('\r\u001b[2K')
  }
  const errStyle = (style: Style, text: string): string =>
    styleText(style, text, { stream: err as NodeJS.WritableStream })

  const line = (text: string): void => {
    clear()
    err.write(`${text}\n`)
    if (live && drawn !== '') err.write(drawn)
  }

  return {
    json: options.json,
    print: (text = '') => {
      if (!options.json) {
        clear()
        drawn = ''
        out.write(`${text}\n`)
      }
    },
    note: (text) => {
      if (!options.quiet) line(text)
    },
    warn: (text) => {
      warnings.push(text)
      if (!options.quiet) line(`${errStyle('yellow', 'Note:')} ${text}`)
    },
    warnings,
    progress: (label, done, total) => {
      if (options.quiet) return
      const complete = done >= total
      const text = progressLine(label, done, total)
      if (live) {
        const time = now()
        if (!complete && time - drawnAt < redrawEvery) return
        drawnAt = time
        // A terminal that does not know its width says 0.
        drawn = text.slice(0, Math.max(20, (err.columns || 80) - 1))
        err.write(`\r\u001b[2K${drawn}`)
        if (complete) {
          err.write('\n')
          drawn = ''
        }
      } else if (complete && finished !== text) {
        finished = text
        err.write(`${text}\n`)
      }
    },
    settle: () => {
      if (live && drawn !== '') {
        err.write('\n')
        drawn = ''
      }
    },
    style: (style, text) => styleText(style, text, { stream: out as NodeJS.WritableStream }),
  }
}

function progressLine(label: string, done: number, total: number): string {
  if (total <= 0) return label
  const share = Math.min(1, done / total)
  const width = 24
  const full = Math.round(share * width)
  const bar = `${'━'.repeat(full)}${'─'.repeat(width - full)}`
  return `${label.padEnd(22)} ${bar} ${count(done)} of ${count(total)}`
}

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

/** 7043 as "7,043". */
export function count(value: number): string {
  return grouped.format(value)
}

/** "7,043 customers", "1 customer". */
export function many(value: number, one: string, others = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : others}`
}

/** .2654 as "26.5 %". */
export function percent(share: number, digits = 1): string {
  return `${(share * 100).toFixed(digits)} %`
}

/** Seconds as people say them: "0.8 s", "12 s", "3 min 20 s". */
export function duration(seconds: number): string {
  const tenths = Math.round(seconds * 10)
  if (tenths < 100) return `${(tenths / 10).toFixed(1)} s`
  const whole = Math.round(seconds)
  return whole < 120 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`
}

/** An amount with its currency, as in a sentence: "1,204 EUR", "12.50 EUR". */
export function money(amount: number, currency: string): string {
  return `${amounts([amount])(amount)} ${currency}`
}

/**
 * How the amounts of one table are written: all with cents, or, where one reaches 1,000, all without.
 *
 * @example
 * amounts([12, 1043.5])(12) // '12'
 */
export function amounts(all: readonly number[]): (amount: number) => string {
  const digits = all.some((amount) => Math.abs(amount) >= 1000) ? 0 : 2
  const format = new Intl.NumberFormat('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  })
  return (amount) => {
    const text = format.format(amount)
    return /^-0(\.0+)?$/.test(text) ? text.slice(1) : text
  }
}

/**
 * Lines of a table with aligned columns, numbers to the right.
 *
 * @param rows cells as text; the first row is the head
 * @param right which columns are aligned to the right
 */
export function tableLines(rows: readonly (readonly string[])[], right: readonly boolean[]): string[] {
  const widths = right.map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  return rows.map((row) =>
    row
      .map((cell, column) => (right[column] ? cell.padStart(widths[column]) : cell.padEnd(widths[column])))
      .join('   ')
      .trimEnd(),
  )
}
