/** Processor time of processes: what a measurement on a machine that others use as well can be judged by. */
import { readFileSync } from 'node:fs'
import { Redis } from 'ioredis'
import type { Database } from '../src/store/database.ts'

/** Milliseconds since each began, user and system. */
export type ProcessorTimes = Readonly<Record<string, number>>

/** Linux counts in hundredths of a second, whatever the kernel's own tick is. */
const TICK_MS = 10

/**
 * Of another process of this machine; 0 where it is gone, or where there is no /proc.
 *
 * @example
 * processMs(child.pid) // 1230
 */
export function processMs(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // Behind the name, which may hold anything: state is the third field, utime the 14th, stime the 15th.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS
  } catch {
    return 0
  }
}

export function ownMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Of the server's processes that work for this database; they are read while they are still connected. */
export async function postgresMs(database: Database): Promise<number> {
  const { rows } = await database.pool.query<{ pid: number }>(
    'select pid from pg_stat_activity where datname = current_database()',
  )
  return rows.reduce((total, { pid }) => total + processMs(pid), 0)
}

/** Of the whole server: nobody else should be using it. */
export async function redisMs(url: string): Promise<number> {
  const redis = new Redis(url)
  try {
    const info = await redis.info('cpu')
    const seconds = (name: string): number => Number(new RegExp(`${name}:([0-9.]+)`).exec(info)?.[1] ?? 0)
    return 1000 * (seconds('used_cpu_user') + seconds('used_cpu_sys'))
  } finally {
    redis.disconnect()
  }
}

/**
 * @returns what each spent between the two, divided by `by`
 * @example
 * spent({ worker: 100 }, { worker: 1100 }, 500) // { worker: 2 }
 */
export function spent(before: ProcessorTimes, after: ProcessorTimes, by: number): ProcessorTimes {
  return Object.fromEntries(
    Object.entries(after).map(([name, ms]) => [name, (ms - (before[name] ?? 0)) / by]),
  )
}
