/**
 * A process that syncs a changing portal into its database is killed with SIGKILL again and again, wherever it is. In
 * the end it holds what the portal holds, and no change is stored twice.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { firstDump } from '../../src/store/first-dump.ts'
import { random } from '../../models/random.ts'
import { startReading } from '../connectors/hubspot/reading.ts'

const COMPANIES = 800
const KILLS = 8
const CHANGES_A_LIFE = 150
const LAG_MS = 700

interface Held {
  readonly held: readonly { readonly external_id: string; readonly properties: Record<string, unknown> }[]
  readonly changes: readonly { readonly customer_id: string; readonly changes: unknown }[]
}

const folders: string[] = []
const children = new Set<ChildProcess>()
afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function startSyncing(args: readonly string[]) {
  const script = join(import.meta.dirname, 'syncing-process.ts')
  const child = spawn(process.execPath, [script, ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
  children.add(child)
  let log = ''
  let onLine: (line: string) => void = () => undefined
  child.stderr.on('data', (piece: Buffer) => void (log += piece.toString()))
  createInterface({ input: child.stdout }).on('line', (line) => onLine(line))
  const gone = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)))
  const line = (start: string): Promise<string> =>
    Promise.race([
      new Promise<string>((resolve) => {
        onLine = (text) => void (text.startsWith(start) && resolve(text.slice(start.length)))
      }),
      gone.then((code) => {
        throw new Error(`It ended with ${code} before it said "${start}": ${log}`)
      }),
    ])
  return {
    line,
    async kill(): Promise<void> {
      child.kill('SIGKILL')
      await gone
      children.delete(child)
    },
    end: () => void child.stdin.end('end\n'),
    gone,
  }
}

describe('a process that syncs and is killed', () => {
  it.each([1, 2, 3])(`${KILLS} times, loses nothing and stores no change twice, seed %i`, async (seed) => {
    const rng = random(seed)
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-killed-'))
    folders.push(folder)
    const { sandbox } = await startReading({ indexLagMs: LAG_MS })
    const { state } = sandbox
    const pick = (): string => state.ids('companies')[rng.integer(state.count('companies'))]
    for (let i = 0; i < COMPANIES; i++)
      state.createRecord('companies', { name: `Company ${i}`, numberofemployees: rng.integer(500) })
    let archived = 0
    const change = (): void => {
      const draw = rng.next()
      if (draw < 0.08) state.createRecord('companies', { name: `Later ${rng.integer(1e6)}` })
      // Fewer than a page: the list of what was archived is looked at in every pass.
      else if (draw < 0.12 && ++archived < 90) state.archiveRecord('companies', pick())
      else if (draw < 0.16) {
        const [primary, other] = [pick(), pick()]
        if (primary !== other)
          state.mergeRecords('companies', primary, other, undefined, { newId: draw < 0.14 })
      } else state.updateRecord('companies', pick(), { numberofemployees: rng.integer(1e9) })
    }
    const dump = firstDump()
    const args = [folder, sandbox.url, sandbox.portal, sandbox.privateAppToken(), dump ?? '']
    for (let life = 0; life < KILLS; life++) {
      const worker = startSyncing(args)
      await worker.line(life === 0 ? 'page' : 'ready')
      for (let i = 0; i < CHANGES_A_LIFE; i++) {
        change()
        if (rng.next() < 0.2) await sleep(rng.integer(20))
      }
      await sleep(rng.integer(400))
      await worker.kill()
    }
    const worker = startSyncing(args)
    await worker.line('synced')
    await sleep(LAG_MS + 100)
    const answer = worker.line('held ')
    worker.end()
    const { held, changes } = JSON.parse(await answer) as Held
    await worker.gone
    const live = state
      .ids('companies')
      .map((id) => [id, state.value('companies', id, 'numberofemployees') ?? null] as const)
    const stored = held.map(
      ({ external_id, properties }) =>
        [external_id, String(properties['numberofemployees'] ?? '') || null] as const,
    )
    await sandbox.close()
    expect(existsSync(folder)).toBe(true)
    const byId = (a: readonly [string, unknown], b: readonly [string, unknown]): number =>
      Number(a[0]) - Number(b[0])
    expect(stored.toSorted(byId)).toEqual(live.toSorted(byId))
    // Every number is another one: the same change twice in a row would be an effect that was repeated.
    const twice = changes.filter(
      (one, i) =>
        i > 0 &&
        changes[i - 1].customer_id === one.customer_id &&
        JSON.stringify(changes[i - 1].changes) === JSON.stringify(one.changes),
    )
    expect(twice).toEqual([])
    process.stdout.write(
      `seed ${seed}: ${KILLS} kills, ${KILLS * CHANGES_A_LIFE} changes, ${held.length} customers held, ${changes.length} changes stored, ${twice.length} twice\n`,
    )
  })
})
