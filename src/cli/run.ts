/**
 * Runs a command and ends the process as scripts expect it: exit code by kind of error, one message, and
 * with --json one object as the last line of standard output, for success and failure alike.
 */
import { EXIT, HoldfastError } from '../contracts/errors.ts'
import { createTerminal, type Terminal } from './terminal.ts'

export interface CommonOptions {
  readonly json?: boolean
  readonly quiet?: boolean
}

/**
 * @param body does the work; what it returns is the object that --json prints, with what was noted beside it
 * @returns the exit code
 */
export async function runCommand(
  options: CommonOptions,
  body: (terminal: Terminal) => Promise<Readonly<Record<string, unknown>>>,
): Promise<number> {
  const json = options.json === true
  const terminal = createTerminal({ json, quiet: options.quiet === true })
  try {
    const result = await body(terminal)
    if (json) process.stdout.write(`${JSON.stringify({ ...result, notes: terminal.warnings })}\n`)
    return EXIT.ok
  } catch (error) {
    terminal.settle()
    return reportFailure(error, json)
  }
}

/** Prints one clear message for whatever went wrong, and says the exit code. */
export function reportFailure(error: unknown, json: boolean): number {
  if (error instanceof HoldfastError) {
    process.stderr.write(`holdfast: ${error.message}\n`)
    if (json) {
      process.stdout.write(
        `${JSON.stringify({ error: { code: error.code, message: error.message, retryable: error.retryable } })}\n`,
      )
    }
    return error.exit
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.stderr.write(
    `holdfast: a defect of Holdfast, not of your data. Please report it with the lines below.\n${text}\n`,
  )
  if (json) {
    const message = error instanceof Error ? error.message : String(error)
    process.stdout.write(`${JSON.stringify({ error: { code: 'internal', message, retryable: false } })}\n`)
  }
  return EXIT.internal
}
