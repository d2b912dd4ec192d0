/**
 * Runs a job in a process of its own: what crashes there, takes too much memory or is not wanted any more ends alone. The
 * process is given nothing of the environment that is secret.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { availableParallelism, freemem, totalmem } from 'node:os'
import { environmentOfChildren } from '../config.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { ChildAnswer } from './child-protocol.ts'
import type { JobAnswer, TellProgress, TrainingJob } from './job.ts'

export interface ApartOptions {
  /** Ends the process. */
  readonly signal: AbortSignal
  readonly onProgress?: TellProgress
  /** Megabytes that it may take; default half of the machine's, at most 4,096. */
  readonly memoryMb?: number
  /** Milliseconds; default none. */
  readonly longestMs?: number
}

/** Threads that train: one is left to whoever waits for a page. */
export const trainingThreads = (): number => Math.max(1, availableParallelism() - 1)

/** Megabytes that a training may take. */
export const trainingMemoryMb = (): number =>
  Math.round(Math.min(4096, Math.max(512, totalmem() / 2 / 2 ** 20)))

/**
 * @throws the signal's reason when aborted; HoldfastError what the job threw, or that its process ended
 * @example
 * const look = await doApart({ kind: 'look', path, name, threads: 1, request }, { signal })
 */
export async function doApart<Job extends TrainingJob>(
  job: Job,
  { signal, onProgress = () => undefined, memoryMb = trainingMemoryMb(), longestMs }: ApartOptions,
): Promise<JobAnswer<Job>> {
  signal.throwIfAborted()
  if (freemem() / 2 ** 20 < 150) throw noMemory('There are less than 150 MB of memory free on this machine.')
  const script = new URL(import.meta.url.endsWith('.ts') ? './child.ts' : './child.js', import.meta.url)
  const child = fork(script, [], {
    // Not this process's: some of them no other script can be run with.
    execArgv: [`--max-old-space-size=${memoryMb}`],
    env: environmentOfChildren(),
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
  })
  const words = lastWords(child)
  const watch = watchMemory(child, memoryMb)
  let late = false
  const giveUp = (): void => {
    late = true
    child.kill('SIGKILL')
  }
  const timer = longestMs === undefined ? null : setTimeout(giveUp, longestMs)
  const stop = (): void => void child.kill('SIGKILL')
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await new Promise<JobAnswer<Job>>((resolve, reject) => {
      child.on('message', (answer: ChildAnswer) => {
        if (answer.kind === 'progress') onProgress(answer.share, answer.phase)
        else if (answer.kind === 'done') resolve(answer.value as JobAnswer<Job>)
        else reject(new HoldfastError(answer.code, forPeople(answer.message, job)))
      })
      child.once('error', reject)
      child.once('exit', (code, killed) => {
        if (signal.aborted) reject(signal.reason as Error)
        else if (watch.exceeded()) reject(noMemory(`It took more than the ${memoryMb} MB that it may.`))
        else if (late) reject(tooLong(longestMs!))
        else reject(ended(job, { code, killed, words: words() }))
      })
      child.send(job)
    })
  } finally {
    signal.removeEventListener('abort', stop)
    if (timer !== null) clearTimeout(timer)
    watch.end()
    // One that is done ends by itself; whatever else it does nobody waits for.
    if (child.exitCode === null) setTimeout(stop, 2000).unref()
  }
}

/** Whoever asked is told that it was the file; a training that cannot be carried out is told in its row. */
function ended(
  { kind }: TrainingJob,
  { code, killed, words }: { code: number | null; killed: NodeJS.Signals | null; words: string },
): HoldfastError {
  const how = killed === null ? `with code ${code}` : `by ${killed}`
  const memory = /heap out of memory/i.test(words) || killed === 'SIGKILL'
  return new HoldfastError(
    kind === 'train' ? 'internal' : 'input_format',
    memory
      ? `The process that worked on it was ended ${how}, most likely for want of memory. Use fewer rows or columns, or give the machine more memory. Everything else goes on.`
      : `The process that worked on it ended ${how}. Everything else goes on. If it happens again with the same file, tell us.`,
    { cause: words },
  )
}

function tooLong(ms: number): HoldfastError {
  return new HoldfastError(
    'too_many_requests',
    `It took longer than ${Math.round(ms / 60_000)} minutes and was broken off: the machine is busy, or the file is very large. Try again later, or with fewer rows.`,
    { retryable: true },
  )
}

function noMemory(what: string): HoldfastError {
  return new HoldfastError(
    'too_many_requests',
    `${what} Use fewer rows or columns, or give the machine more memory. Everything else goes on.`,
  )
}

/** The end of what it wrote to standard error. */
function lastWords({ stderr }: ChildProcess): () => string {
  let text = ''
  stderr?.setEncoding('utf8').on('data', (more: string) => {
    text = (text + more).slice(-4000)
  })
  return () => text
}

const PAGE_KB = 4

/** Ends a process that takes more than it may. Where the system does not tell (other than Linux) its heap alone is bounded. */
function watchMemory(child: ChildProcess, mostMb: number): { exceeded(): boolean; end(): void } {
  let exceeded = false
  const look = async (): Promise<void> => {
    const pages = await readFile(`/proc/${child.pid}/statm`, 'utf8').catch(() => '')
    const residentMb = (Number(pages.split(' ')[1] ?? 0) * PAGE_KB) / 1024
    if (!(residentMb > mostMb) || child.exitCode !== null) return
    exceeded = true
    child.kill('SIGKILL')
  }
  const timer = process.platform === 'linux' ? setInterval(() => void look(), 500) : null
  return { exceeded: () => exceeded, end: () => clearInterval(timer ?? undefined) }
}

/** Without the path of the file and without the options of the command line. */
export function forPeople(message: string, job: TrainingJob): string {
  const named =
    job.kind === 'try' ? message.replaceAll(` in ${job.folder}`, '') : message.replaceAll(job.path, job.name)
  return named.replace(/ with --[a-z-]+/g, '').replace(/--([a-z-]+)/g, '$1')
}
