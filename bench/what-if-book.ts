/**
 * "What if" over a company's book, as the page asks it: how long the first question takes, which reads the book, and how
 * long a slider waits after that, against the tenth of a second within which an answer still seems to come at once
 * (Nielsen, Usability Engineering, 1993, ch. 5).
 *
 *     node bench/what-if-book.ts [customers …]
 */
import { openWhatIf } from '../src/what-if/service.ts'
import { changeSettings } from '../src/loop/what-if.ts'
import { parseServiceSettings } from '../src/settings/service.ts'
import { addBook, addScored, loopServices } from '../test/loop/decidable.ts'
import { openTestDatabase } from '../test/support/database.ts'

const STEP = 20_000
const AT_ONCE_MS = 100
const settings = { budget: 50_000, catalogue: { discount_20: { share: 0.03 }, discount_10: { share: 0.01 } } }
const sizes = process.argv.slice(2).map(Number)
for (const customers of sizes.length > 0 ? sizes : [10_000, 100_000]) {
  const database = await openTestDatabase()
  const services = loopServices(database, () => new Date('2026-11-20T10:00:00Z'))
  const place = await addBook(database, { settings })
  for (let from = 1; from <= customers; from += STEP)
    await addScored(database, place, from, Math.min(customers, from + STEP - 1))
  const whatIf = openWhatIf(services, { now: () => performance.now() })
  const started = performance.now()
  const book = await whatIf.open(place.tenant)
  const read = performance.now() - started
  const times: number[] = []
  let longestPause = 0
  let last = performance.now()
  const watch = setInterval(() => {
    longestPause = Math.max(longestPause, performance.now() - last - 5)
    last = performance.now()
  }, 5)
  for (let at = 0; at < 9; at++) {
    const asked = performance.now()
    const change = { label: 'x', costTimes: { discount_20: 1 + at / 10 } }
    const changed = changeSettings(book.settings, change, parseServiceSettings)
    await (await whatIf.open(place.tenant)).compare([{ label: 'x', settings: changed }])
    times.push(performance.now() - asked)
  }
  clearInterval(watch)
  const [first, ...rest] = times
  const sorted = rest.toSorted((a, b) => a - b)
  console.log(
    `${customers} customers: read in ${(read / 1000).toFixed(1)} s, first answer ${first.toFixed(0)} ms, then ` +
      `${sorted[sorted.length >> 1].toFixed(0)} ms (${(sorted[sorted.length >> 1] / AT_ONCE_MS).toFixed(1)} times what seems ` +
      `at once; longest ${sorted.at(-1)!.toFixed(0)} ms); meanwhile the asking thread ` +
      `stood still for ${longestPause.toFixed(0)} ms at most`,
  )
  await whatIf.close()
  await services.engines.close()
  await database.close()
}
