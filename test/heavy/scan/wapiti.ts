/** wapiti of Debian over pages and addresses: it follows links, fills in forms, and reports what it found as JSON. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { runTool } from './sqlmap.ts'

const reportSchema = z.object({
  vulnerabilities: z.record(
    z.string(),
    z.array(
      z.object({ method: z.string(), path: z.string(), info: z.string(), parameter: z.string().nullish() }),
    ),
  ),
  anomalies: z.record(
    z.string(),
    z.array(z.object({ method: z.string(), path: z.string(), info: z.string() })),
  ),
})

export interface Scan {
  /** Kind, address and what it says; empty: nothing. */
  readonly found: readonly string[]
  /** Addresses that it looked at. */
  readonly crawled: number
  readonly output: string
}

/** A header that no browser looks at any more, and whose only use was to switch a harmful filter off. */
const NO_FINDING = /X-XSS-Protection is not set/

/**
 * Those that need a host on the internet to call back (ssrf, xxe), that guess names of files, or that try passwords are left
 * out.
 */
const MODULES =
  'sql,blindsql,xss,permanentxss,exec,file,crlf,redirect,cookieflags,http_headers,csp,shellshock'

/**
 * @param starts addresses beside the first one
 * @param seconds for following links, and for each kind of attack
 */
export async function wapiti(
  folder: string,
  {
    url,
    starts = [],
    seconds,
  }: {
    readonly url: string
    readonly starts?: readonly string[]
    readonly seconds: number
  },
): Promise<Scan> {
  mkdirSync(folder, { recursive: true })
  const report = join(folder, 'report.json')
  const output = await runTool('wapiti', [
    '-u',
    url,
    '--scope',
    'domain',
    '--flush-session',
    '--store-session',
    join(folder, 'session'),
    ...starts.flatMap((one) => ['-s', one]),
    '-m',
    MODULES,
    '--max-scan-time',
    String(seconds),
    '--max-attack-time',
    String(seconds),
    '-f',
    'json',
    '-o',
    report,
    '-v',
    '1',
    '-t',
    '20',
    '--no-bugreport',
    '--max-links-per-page',
    '60',
  ])
  if (!existsSync(report)) throw new Error(`wapiti wrote no report:\n${output}`)
  const { vulnerabilities, anomalies } = reportSchema.parse(JSON.parse(readFileSync(report, 'utf8')))
  const all = [...Object.entries(vulnerabilities), ...Object.entries(anomalies)]
  return {
    found: all
      .flatMap(([kind, many]) => many.map(({ method, path, info }) => `${kind}: ${method} ${path}: ${info}`))
      .filter((one) => !NO_FINDING.test(one)),
    crawled: Number(/Wapiti found (\d+) URLs/.exec(output)?.[1] ?? 0),
    output,
  }
}
