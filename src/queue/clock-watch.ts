/** Notices that the database's clock was set, and mends what would wait for the time that was taken back. */
import type { Logger } from 'pino'
import { settleAfterJump } from '../store/clock-jump.ts'
import type { Transaction } from '../store/database.ts'

export interface ClockWatch {
  /**
   * Compares the database's clock with the time that really passed since the last look. In a system transaction.
   *
   * @param mend whether this process is the one that mends
   */
  look(tx: Transaction, mend: boolean): Promise<void>
}

/** Less is drift, or a process that was busy. */
const JUMP_MS = 30_000

/**
 * @example
 * const clock = watchClock({ log, leaseSeconds: 60 })
 * await database.asSystem('the clock', (tx) => clock.look(tx, true))
 */
export function watchClock({ log, leaseSeconds }: { log: Logger; leaseSeconds: number }): ClockWatch {
  let last: { readonly shown: number; readonly at: number } | null = null
  return {
    look: async (tx, mend) => {
      const [{ now }] = await tx.query<{ now: Date }>('select clock_timestamp() as now')
      const shown = now.getTime()
      const at = performance.now()
      const expected = last === null ? shown : last.shown + at - last.at
      last = { shown, at }
      const seconds = Math.round((shown - expected) / 1000)
      if (Math.abs(shown - expected) < JUMP_MS) return
      if (shown > expected) {
        log.warn({ seconds }, 'the clock of the database went forward, or this machine slept')
        return
      }
      const mended = mend ? await settleAfterJump(tx, { before: new Date(expected), leaseSeconds }) : {}
      log.warn({ seconds, ...mended }, 'the clock of the database was set back; what was due is due still')
    },
  }
}
