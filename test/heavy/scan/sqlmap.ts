/** sqlmap of Debian on one request: each value that it takes is tried, and the tool's own word is taken for it. */
import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Operation } from './operations.ts'

export interface Scanned {
  readonly name: string
  /** What it found: empty is none. */
  readonly found: readonly string[]
  /** Values that it tried. */
  readonly tried: number
  readonly output: string
}

/**
 * The request as it goes over the wire, with a mark behind each value that is to be tried.
 *
 * @param marked `*` is sqlmap's own mark
 */
export function requestFile(
  { host, credentials }: { readonly host: string; readonly credentials: Readonly<Record<string, string>> },
  { method, path, given, query, headers, body }: Operation,
): { readonly text: string; readonly marks: number } {
  let marks = 0
  const marked = (text: string): string => {
    marks++
    return `${text.replaceAll('*', '')}*`
  }
  const place = given.reduce((to, one) => to.replace(`/${one}`, `/${marked(one)}`), path)
  const asked = Object.entries(query)
    .map(([name, value]) => `${name}=${marked(encodeURIComponent(value))}`)
    .join('&')
  const own = Object.entries(headers).map(([name, value]) => `${name}: ${marked(value)}`)
  const json = body === null ? '' : JSON.stringify(markedIn(body, marked))
  return {
    marks,
    text: [
      `${method} ${place}${asked === '' ? '' : `?${asked}`} HTTP/1.1`,
      `Host: ${host}`,
      ...Object.entries(credentials).map(([name, value]) => `${name}: ${value}`),
      ...own,
      ...(body === null ? [] : ['Content-Type: application/json']),
      '',
      json,
    ].join('\r\n'),
  }
}

/** Numbers are tried as texts: what a number cannot be is refused before anybody asks the database. */
function markedIn(value: unknown, marked: (text: string) => string): unknown {
  if (typeof value === 'string') return marked(value)
  if (typeof value === 'number') return marked(String(value))
  if (Array.isArray(value)) return value.map((one) => markedIn(one, marked))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, markedIn(one, marked)]))
}

/** What it holds to once it has looked twice: an answer that differs by chance only "appears to be" one of an injection. */
const FOUND = /^.*(?:identified the following injection point|is vulnerable).*$/gim

/** @param folder of its own, for what it writes */
export async function sqlmap(folder: string, name: string, request: string): Promise<Scanned> {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'request.txt')
  writeFileSync(file, request)
  const output = await runTool('sqlmap', [
    '-r',
    file,
    '--batch',
    '--output-dir',
    join(folder, 'out'),
    '--flush-session',
    '--disable-coloring',
    '--ignore-stdin',
    '--dbms',
    'PostgreSQL',
    '--technique',
    'BEU',
    '--level',
    '1',
    '--risk',
    '2',
    '--threads',
    '4',
    '--ignore-code',
    '*',
    '--skip-waf',
    '--timeout',
    '20',
    '--retries',
    '1',
    '--parse-errors',
    '--answers',
    'redirect=N,skip further=N,skip testing=N,keep testing=Y,custom injection=Y,JSON=Y',
  ])
  return {
    name,
    found: [...output.matchAll(FOUND)].map(([line]) => line.trim()),
    tried: [...output.matchAll(/does not seem to be injectable/g)].length,
    output,
  }
}

/** Whole output of a command; a tool that ends badly says so in it. */
export function runTool(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', () => resolve(output))
  })
}
