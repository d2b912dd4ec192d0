/**
 * How the process ends when somebody else ends it: a signal leaves no temporary file behind, a reader that
 * closes the pipe early (`| head -1`) is no failure, and an output that cannot be written is one.
 */
import { constants } from 'node:os'
import { EXIT } from '../contracts/errors.ts'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Ends the process in order on a signal, with the exit code that shells know: 128 and the signal's number. */
export function endOnSignals(): void {
  for (const signal of signals) process.on(signal, end)
}

/**
 * Long computing on the main thread, in which nothing half-written lies about: a signal ends the process at once
 * instead of when the thread next looks up.
 */
export async function interruptible<T>(work: () => Promise<T>): Promise<T> {
  for (const signal of signals) process.off(signal, end)
  try {
    return await work()
  } finally {
    endOnSignals()
  }
}

/**
 * Work that ends in order: the first signal aborts it and it winds down, a second one ends the process at once, which
 * loses nothing either, since what was not committed is done again.
 *
 * @example
 * await inOrder(async (signal) => { await serve(); await once(signal, 'abort'); await drain() })
 */
export async function inOrder<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const asked = new AbortController()
  const ask = (signal: NodeJS.Signals): void => {
    if (asked.signal.aborted) process.exit(128 + constants.signals[signal])
    asked.abort()
  }
  for (const signal of signals) process.off(signal, end).on(signal, ask)
  try {
    return await work(asked.signal)
  } finally {
    for (const signal of signals) process.off(signal, ask).on(signal, end)
  }
}

function end(signal: NodeJS.Signals): never {
  process.stderr.write('\nholdfast: stopped. What it was about to write is not there.\n')
  // Listeners of "exit" remove temporary files.
  process.exit(128 + constants.signals[signal])
}

/** Watches standard output and standard error, so that one that is gone ends nothing but its own lines. */
export function watchStreams(): void {
  process.stderr.on('error', () => undefined)
  process.stdout.on('error', (cause: NodeJS.ErrnoException) => {
    if (cause.code === 'EPIPE') return
    process.stderr.write(
      `holdfast: standard output cannot be written (${cause.code ?? cause.message}), so its lines are lost.\n`,
    )
    process.once('exit', () => {
      if (process.exitCode === EXIT.ok || process.exitCode === undefined) process.exitCode = EXIT.output
    })
  })
}
