/** The other side of syncing-process.ts: starts one after another, changes the CRM meanwhile, and kills them. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import type { Random } from '../../models/random.ts'
import { firstDump } from '../../src/store/first-dump.ts'
import type { Held, SyncingOptions } from './syncing-process.ts'

/** One that syncs until it is killed or told to end. */
function startSyncing(options: SyncingOptions) {
  const script = join(import.meta.dirname, 'syncing-process.ts')
  const child = spawn(process.execPath, [script, JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let log = ''
  const waiting = new Set<(line: string) => void>()
  child.stderr.on('data', (piece: Buffer) => void (log += piece.toString()))
  let done: 'page' | 'sync' | null = null
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line === 'page') done = 'page'
    if (line.startsWith('sync ')) done = 'sync'
    for (const tell of waiting) tell(line)
  })
  const gone = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)))
  return {
    /** What follows `start` in the next line that begins with it. */
    line: (start: string): Promise<string> =>
      Promise.race([
        new Promise<string>((resolve) => {
          const tell = (text: string): void => {
            if (!text.startsWith(start)) return
            waiting.delete(tell)
            resolve(text.slice(start.length))
          }
          waiting.add(tell)
        }),
        gone.then((code) => {
          throw new Error(`It ended with ${code} before it said "${start}": ${log}`)
        }),
      ]),
    async kill(): Promise<void> {
      child.kill('SIGKILL')
      await gone
      // By itself it ends only when something went wrong.
      if (child.signalCode !== 'SIGKILL') throw new Error(`It ended with ${child.exitCode}: ${log}`)
    },
    end: () => void child.stdin.end('end\n'),
    gone,
    /** What its last word was about: a page that was stored, or a whole pass. */
    done: () => done,
    stop: () => void child.kill('SIGKILL'),
  }
}

export interface Fire extends Omit<SyncingOptions, 'folder' | 'dump' | 'shiftMs'> {
  readonly rng: Random
  readonly kills: number
  /** During each process, the last one's too. */
  readonly changes: number
  /** Makes one change; called while a process syncs. */
  readonly change: () => void
  /** Between two processes. @returns how far their clocks are ahead */
  readonly pass?: () => number
  /** Until everything that was changed shows. */
  readonly settleMs?: number
}

/** What the database holds in the end, and how many died in the middle of a pass, after a page was stored. */
export interface Survived extends Held {
  readonly midway: number
}

/** Kills one process after the other, and lets the last one end. */
export async function syncUnderFire(fire: Fire): Promise<Survived> {
  const { rng, kills, changes, change, pass = () => 0, settleMs = 0, crm, population } = fire
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-killed-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const start = () => {
    const syncing = startSyncing({ folder, dump: firstDump(), crm, population, shiftMs: pass() })
    onTestFinished(syncing.stop)
    return syncing
  }
  let midway = 0
  for (let life = 0; life < kills; life++) {
    const syncing = start()
    // The first one makes the database; of the others some die while they open it.
    if (life === 0) await syncing.line('page')
    else if (rng.next() < 0.85) await syncing.line('ready')
    const passes = rng.next() < 0.5 ? rng.integer(changes) : null
    for (let i = 0; i < changes; i++) {
      // What is changed from here on is met by a pass that knows where the one before it ended.
      if (i === passes) await syncing.line('sync')
      change()
      if (rng.next() < 20 / changes) await sleep(rng.integer(40))
    }
    // Often right behind a page, when another is to follow or the pass is to end.
    if (rng.next() < 0.5) await syncing.line('page')
    else await sleep(rng.integer(400))
    await sleep(rng.integer(8))
    await syncing.kill()
    if (syncing.done() === 'page') midway++
  }
  const syncing = start()
  await syncing.line('refresh')
  for (let i = 0; i < changes; i++) change()
  await sleep(settleMs)
  const held = syncing.line('held ')
  syncing.end()
  const found = JSON.parse(await held) as Held
  await syncing.gone
  return { ...found, midway }
}

/**
 * Of changes that each set a property to a value that was nowhere before: those that were stored a second time, or that
 * took back a later one. What a CRM tells of the time before a record was first read is its past, and no change.
 */
export function storedTwice({ changes }: Held, property: string): Held['changes'] {
  const seen = new Set<string>()
  const first = new Map<string, number>()
  return changes.filter(({ customer, at, changes: { [property]: value } }) => {
    if (!first.has(customer)) first.set(customer, at)
    if (at < first.get(customer)!) return false
    const one = JSON.stringify([customer, value])
    const again = value !== undefined && seen.has(one)
    seen.add(one)
    return again
  })
}
