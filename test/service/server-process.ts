/** Starts the real server in a process of its own, on a data folder made for the test. */
import { spawn, type ChildProcess } from 'node:child_process'
import { launcher, plainEnvironment } from '../cli/command.ts'

export interface ServerProcess {
  readonly pid: number
  readonly url: string
  /** The link that signs in once. */
  readonly signIn: string
  /** What people read, so far. */
  out(): string
  /** The log, so far: a JSON object a line. */
  log(): string
  /** Milliseconds from the start of the process until it said where it is. */
  readonly startedAfter: number
  /** @returns the exit code, null when a signal ended it */
  end(signal?: NodeJS.Signals): Promise<number | null>
}

/**
 * @throws Error with both streams when the process ends before it serves
 * @example
 * const server = await startServerProcess({ HOLDFAST_DATA: folder })
 */
export async function startServerProcess(
  env: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): Promise<ServerProcess> {
  const begun = performance.now()
  // As `npm start`: with its flags the launcher is the server itself, and a signal reaches it.
  const flags = ['--max-semi-space-size=4', '--wasm-num-compilation-tasks=1']
  const child = spawn(process.execPath, [...flags, launcher, 'serve', ...args], {
    env: plainEnvironment({ PORT: '0', ...env }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let log = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
  const ended = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)))
  await Promise.race([
    said(child, () => /^Data: /m.test(out)),
    ended.then((code) => {
      throw new Error(`The server ended with ${code} before it served.\n${out}\n${log}`)
    }),
  ])
  return {
    pid: child.pid!,
    url: /Holdfast is at (\S+)/.exec(out)?.[1] ?? '',
    signIn: /(http\S+\/sign-in\?token=\S+)/.exec(out)?.[1] ?? '',
    out: () => out,
    log: () => log,
    startedAfter: performance.now() - begun,
    end: (signal = 'SIGTERM') => {
      child.kill(signal)
      return ended
    },
  }
}

function said(child: ChildProcess, seen: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    child.stdout!.on('data', () => {
      if (seen()) resolve()
    })
  })
}
