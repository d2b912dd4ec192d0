/** What several commands take: threads, dates, a mapping file. */
import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { parseMapping, type Mapping } from '../../models/features/mapping-file.ts'
import { readConfig } from '../config.ts'
import { HoldfastError } from '../contracts/errors.ts'

export interface CommandOptions {
  readonly json?: boolean
  readonly quiet?: boolean
  readonly threads?: number
}

/** Threads to work with: the option, else HOLDFAST_THREADS, else the machine's. */
export function threadsOf(options: CommandOptions): number {
  return options.threads ?? readConfig().threads ?? availableParallelism()
}

/** Today as days since 1970-01-01 UTC. */
export function today(): number {
  return Math.floor(Date.now() / 86_400_000)
}

/** Days since 1970-01-01 as `YYYY-MM-DD`. */
export function isoDay(day: number): string {
  return new Date(day * 86_400_000).toISOString().slice(0, 10)
}

/**
 * @throws HoldfastError `usage` when it is no date
 * @example
 * dayOf('2026-11-01', '--as-of') // 20758
 */
export function dayOf(text: string, option: string): number {
  const time = Date.parse(`${text}T00:00:00Z`)
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || Number.isNaN(time) || isoDay(time / 86_400_000) !== text) {
    throw new HoldfastError('usage', `${option} takes a date such as 2026-01-31, not "${text}".`)
  }
  return time / 86_400_000
}

/**
 * A path as it can be typed again: in quotes where a shell would take it apart.
 *
 * @example
 * typed('my customers.csv') // "'my customers.csv'"
 */
export function typed(path: string): string {
  return /^[\w./@%+:,~-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`
}

/**
 * @throws HoldfastError `input_missing` or `settings_invalid`, naming the place in the file
 */
export async function readMapping(path: string): Promise<Mapping> {
  return parseMapping(await readText(path, 'mapping file'), path)
}

/** A small text file named on the command line. */
export async function readText(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new HoldfastError('input_missing', `The ${what} ${path} cannot be read. Check the path.`, { cause })
  }
}
