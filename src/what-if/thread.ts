/** The thread that decides, from the side that asks: started when it is first needed, started anew when it died. */
import { Worker } from 'node:worker_threads'
import { HoldfastError, isErrorCode } from '../contracts/errors.ts'
import type { Answer, Asked, Compared, WhatIfRow } from './protocol.ts'

export interface Thread {
  ask(asked: Extract<Asked, { type: 'hold' | 'drop' }>): Promise<null>
  ask(asked: Extract<Asked, { type: 'compare' }>): Promise<Compared>
  ask(asked: Extract<Asked, { type: 'rows' }>): Promise<readonly WhatIfRow[]>
  /** Whether it is the one that was asked first; another holds nothing. */
  readonly generation: number
  end(): Promise<void>
}

interface Waiting {
  resolve(value: unknown): void
  reject(cause: Error): void
}

export function startThread(): Thread {
  const script = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js'
  const waiting = new Map<number, Waiting>()
  let worker: Worker | null = null
  let generation = 0
  let ids = 0

  function start(): Worker {
    generation++
    // Not this process's options: `node --eval` has some that no file can be run with.
    const made = new Worker(new URL(script, import.meta.url), { execArgv: [] })
    let why = new Error('The thread that decides has ended.')
    made.unref()
    made.on('message', (answer: Answer) => {
      const one = waiting.get(answer.id)
      waiting.delete(answer.id)
      if ('error' in answer) {
        const { code, message } = answer.error
        one?.reject(
          code !== null && isErrorCode(code) ? new HoldfastError(code, message) : new Error(message),
        )
      } else one?.resolve(answer.value)
    })
    made.on('error', (cause: Error) => {
      why = cause
    })
    made.on('exit', () => {
      if (worker !== made) return
      worker = null
      generation++
      for (const one of waiting.values()) one.reject(why)
      waiting.clear()
    })
    return made
  }

  return {
    ask: (asked: Asked) =>
      new Promise<never>((resolve, reject) => {
        worker ??= start()
        const id = ++ids
        waiting.set(id, { resolve: resolve as Waiting['resolve'], reject })
        worker.postMessage({ ...asked, id })
      }),
    get generation() {
      return generation
    },
    end: async () => {
      const ending = worker
      worker = null
      generation++
      for (const one of waiting.values()) one.reject(new Error('This process is ending.'))
      waiting.clear()
      await ending?.terminate()
    },
  }
}
