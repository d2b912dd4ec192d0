/**
 * How soon the app can be used: `npm run bench:app`. A browser without anything in its cache opens a page of a company
 * with customers, on this machine, as often as asked; printed are what went over the wire and when the page could be used,
 * beside what an empty page of the same server takes. Bars: 250 kB of packed JavaScript, interactive within 2 s.
 *
 *   node bench/app.ts [--customers 2000] [--rounds 7] [--path /app/customers]
 */
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { chromium, type Browser } from 'playwright-core'
import { openEngines } from '../src/loop/engines.ts'
import { apiRoutes } from '../src/server/api/routes.ts'
import { pageRoutes } from '../src/server/pages/routes.ts'
import { fillCompany } from '../test/server/pages/company.ts'
import { openTestDatabase } from '../test/support/database.ts'
import { startTestServer } from '../test/support/server.ts'

const { values } = parseArgs({
  options: {
    customers: { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '7' },
    path: { type: 'string', multiple: true, default: ['/app/customers'] },
  },
})

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
)
if (executablePath === undefined) {
  console.log('There is no Chromium here, so nothing was measured. Install it: apt-get install chromium')
  process.exit()
}

const customers = Number(values.customers)
const rounds = Number(values.rounds)
const database = await openTestDatabase()
const acme = await fillCompany(database, { count: customers, name: 'Acme' })
const engines = openEngines({ threads: 1, dataFolder: 'there is none' })
const server = await startTestServer(database, [...apiRoutes, ...pageRoutes], {}, { engines })
const cookie = await server.cookie(acme.tenant, 'admin', true)

interface Opened {
  /** Milliseconds since the navigation began. */
  readonly interactive: number
  /** Bytes of scripts, packed. */
  readonly scripts: number
  readonly all: number
}

/** Once what was asked for is shown and the browser has nothing more to do. */
async function openCold(browser: Browser, path: string): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 } })
  const [name, value] = cookie.split('=')
  await context.addCookies([{ name, value, url: server.url }])
  const tab = await context.newPage()
  const began = performance.now()
  await tab.goto(server.url + path, { waitUntil: 'commit' })
  await tab.locator('h1').waitFor()
  if (path.startsWith('/app')) await tab.locator('main:not(:has([aria-busy=true]))').waitFor()
  await tab.evaluate('new Promise((done) => requestIdleCallback(done))')
  const interactive = performance.now() - began
  const sizes = (await tab.evaluate(
    'performance.getEntriesByType("resource").map(({ name, encodedBodySize }) => [name, encodedBodySize])',
  )) as [string, number][]
  await context.close()
  const sum = (of: typeof sizes): number => of.reduce((all, [, size]) => all + size, 0)
  return { interactive, scripts: sum(sizes.filter(([name]) => name.endsWith('.js'))), all: sum(sizes) }
}

const median = (list: readonly number[]): number =>
  list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]

const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
})
try {
  console.log(
    `The app, ${customers.toLocaleString('en')} customers, nothing in the browser's cache, median of ${rounds}`,
  )
  await openCold(browser, '/sign-in')
  const empty = []
  for (let round = 0; round < rounds; round += 1)
    empty.push((await openCold(browser, '/sign-in')).interactive)
  console.log(`  a page without the app   ${median(empty).toFixed(0)} ms`)
  for (const path of values.path) {
    const seen: Opened[] = []
    for (let round = 0; round < rounds; round += 1) seen.push(await openCold(browser, path))
    const of = (key: keyof Opened): number => median(seen.map((one) => one[key]))
    const worst = Math.max(...seen.map(({ interactive }) => interactive))
    console.log(
      `  ${path.padEnd(24)} interactive after ${of('interactive').toFixed(0)} ms (worst ${worst.toFixed(0)}), ${(of('interactive') / 2000).toFixed(2)} of 2 s; ${(of('scripts') / 1000).toFixed(0)} kB of JavaScript as it came, ${(of('all') / 1000).toFixed(0)} kB in all`,
    )
  }
} finally {
  await browser.close()
  await server.close()
  await engines.close()
  await database.close()
}
