/** The other side of worker.ts: starts one, watches it, kills it, freezes it. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Progress, Question, WorkerOptions } from './worker.ts'

export interface WorkerProcess {
  /** Interventions, or the records of them, by state; null when the database could not say. */
  ask(what: Plain): Promise<Progress['states']>
  /** Makes due so many of what was planned for later. */
  release(count: number): Promise<void>
  /** Keeps its event loop busy. */
  block(ms: number): Promise<void>
  /** Sets its clock, not the database's. */
  jump(ms: number): Promise<void>
  readonly pid: number
  /** SIGTERM; resolves when it has ended by itself. */
  term(): Promise<void>
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>
  /** SIGSTOP and SIGCONT. */
  freeze(): void
  thaw(): void
  /** Set when it ended, by itself or not. */
  readonly ended: { readonly code: number | null; readonly signal: string | null } | null
  /** What it logged. */
  readonly log: string
}

/** What is asked with nothing more to say. */
type Plain = Exclude<Question, { ms: number } | { count: number }>['ask']
type Asked = Question extends infer Q ? (Q extends { id: number } ? Omit<Q, 'id'> : never) : never

const running = new Set<WorkerProcess>()

/** After a test, however it ended. */
export async function killAll(): Promise<void> {
  await Promise.all([...running].map((one) => one.kill()))
}

export async function startWorker(options: WorkerOptions): Promise<WorkerProcess> {
  const child = fork(new URL('./worker.ts', import.meta.url), [JSON.stringify(options)], {
    execArgv: [],
    env: {},
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let log = ''
  let ended: WorkerProcess['ended'] = null
  let questions = 0
  child.stderr?.on('data', (chunk: Buffer) => (log += chunk.toString()))
  const gone = once(child, 'exit').then(([code, signal]) => (ended = { code, signal }))
  const answers = new Map<number, (states: Progress['states']) => void>()
  const ready = new Promise<void>((resolve) => answers.set(0, () => resolve()))
  child.on('message', ({ id, states }: Progress) => {
    answers.get(id)?.(states)
    answers.delete(id)
  })
  await Promise.race([ready, gone])
  if (ended !== null) throw new Error(`A worker did not start: ${log}`)
  const ask = (asked: Asked): Promise<Progress['states']> =>
    new Promise((resolve, reject) => {
      const id = ++questions
      answers.set(id, resolve)
      child.send({ ...asked, id } as Question, (error) => error && reject(error))
      void gone.then(() => reject(new Error(`A worker ended: ${log}`)))
    })
  const worker: WorkerProcess = {
    ask: (what) => ask({ ask: what }),
    release: async (count) => {
      if ((await ask({ ask: 'release', count })) === null)
        throw new Error('The database could not release what was planned.')
    },
    block: async (ms) => void (await ask({ ask: 'block', ms })),
    jump: async (ms) => void (await ask({ ask: 'jump', ms })),
    pid: child.pid!,
    term: async () => {
      child.kill('SIGTERM')
      await gone
    },
    kill: async () => {
      child.kill('SIGKILL')
      await gone
    },
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    get ended() {
      return ended
    },
    get log() {
      return log
    },
  }
  running.add(worker)
  void gone.then(() => running.delete(worker))
  return worker
}

/** Looks again and again; throws when it takes too long. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  { timeoutMs = 60_000, everyMs = 100 }: { timeoutMs?: number; everyMs?: number } = {},
): Promise<void> {
  const late = performance.now() + timeoutMs
  while (!(await holds())) {
    if (performance.now() > late) throw new Error(`Not within ${timeoutMs} ms: ${what}`)
    await sleep(everyMs)
  }
}

/**
 * Asks a worker until nothing is left to be done. Throws when nothing moved for a minute: how long all of it takes is the
 * machine's affair (hundreds of e-mails on a busy one outlast any fixed time), that it goes on is Holdfast's.
 */
export async function untilSettled(
  ask: () => Promise<Progress['states']>,
  { stalledMs = 60_000, everyMs = 100 }: { stalledMs?: number; everyMs?: number } = {},
): Promise<void> {
  let last = { at: performance.now(), states: '' }
  for (;;) {
    const states = await ask()
    if (isSettled(states)) return
    const now = JSON.stringify(states)
    if (now !== last.states) last = { at: performance.now(), states: now }
    else if (performance.now() - last.at > stalledMs)
      throw new Error(`Nothing moved for ${stalledMs} ms: ${now}`)
    await sleep(everyMs)
  }
}

/** Whether nothing is left to be done but for what is in doubt. */
export function isSettled(states: Progress['states']): boolean {
  return (
    states !== null &&
    Object.keys(states).every((state) => !['planned', 'deferred', 'leased', 'sending'].includes(state))
  )
}
