/**
 * How long a whole decision takes, and what a slider over it costs: one change against the plan as it is.
 * Random customers with the reference catalogue; CPU time, the least of several runs, against the least that any decision
 * has to do: what each action is worth to each customer, less its cost, and the best of them.
 *
 *     node bench/what-if.ts [rows …]
 */
import { decide, type ScoredBook } from '../src/loop/decide.ts'
import { changeSettings } from '../src/loop/what-if.ts'
import { parseSettings } from '../src/settings/settings.ts'
import { scoredBook } from '../test/loop/scored.ts'

function leastOf(times: number, work: () => void): number {
  let ms = Infinity
  for (let i = 0; i <= times; i++) {
    const before = process.cpuUsage()
    work()
    const spent = process.cpuUsage(before)
    ms = Math.min(ms, (spent.user + spent.system) / 1000)
  }
  return ms
}

/** Of each customer the action with the largest gain over its cost: no rule, no limit, no explanation. */
function leastThereIs({ values: { rows, actions, value }, trained, recurring }: ScoredBook): number {
  let total = 0
  for (let row = 0; row < rows; row++) {
    let best = 0
    for (let a = 1; a < actions; a++) {
      const gain = value[row * actions + a] - value[row * actions]
      best = Math.max(
        best,
        trained.margin * gain * recurring[row] - trained.costs[a].share * 12 * recurring[row],
      )
    }
    total += best
  }
  return total
}

const settings = parseSettings({})
const changes = [
  { label: 'the defaults' },
  { label: 'discounts half as dear again', costTimes: { discount_10: 1.5, discount_20: 1.5 } },
  { label: 'a year to half a year', durationMonths: 6 },
  { label: 'a budget that binds' },
  { label: 'a budget and three capacities' },
]
const sizes = process.argv.slice(2).map(Number)
for (const rows of sizes.length > 0 ? sizes : [7043, 1_000_000]) {
  const scored = scoredBook(rows)
  const times = rows > 100_000 ? 2 : 15
  const least = leastOf(times, () => void leastThereIs(scored))
  for (const change of changes) {
    const tight = change.label.startsWith('a budget') ? { budget: rows * 4 } : {}
    const scarce = change.label.endsWith('capacities')
      ? { catalogue: { discount_10: { capacity: rows >> 5 }, discount_20: { capacity: rows >> 6 } } }
      : {}
    const changed = changeSettings(settings, { ...change, settings: { ...tight, ...scarce } })
    const ms = leastOf(times, () => decide(scored, changed))
    const { summary } = decide(scored, changed)
    console.log(
      `${rows} customers, ${change.label}: ${ms.toFixed(1)} ms, ${((1000 * ms) / rows).toFixed(2)} us a customer, ` +
        `${(ms / least).toFixed(0)} times the bare comparison; ${summary.actions.map((a) => a.count).join('/')}, lambda ${summary.budgetPrice.toFixed(2)}`,
    )
  }
}
