/** `holdfast what-if`: the same customers decided on under changed costs, durations, budget, capacities or caps. */
import { HoldfastError } from '../contracts/errors.ts'
import type { ActionSummary } from '../loop/decide.ts'
import {
  compareSettings,
  type PartialSettings,
  type WhatIfChange,
  type WhatIfOutcome,
} from '../loop/what-if.ts'
import { actionsOf } from '../settings/planning.ts'
import { loadSettings, type Settings } from '../settings/settings.ts'
import type { CommandOptions } from './options.ts'
import { runCommand } from './run.ts'
import { inFileCurrency, openFile, tellBook } from './score.ts'
import { amounts, count, duration, many, money, tableLines, type Terminal } from './terminal.ts'

export interface WhatIfOptions extends CommandOptions {
  readonly model?: string
  readonly mapping?: string
  readonly settings?: string
  readonly id?: string
  readonly asOf?: string
  readonly cost?: readonly string[]
  readonly fixed?: readonly string[]
  readonly multiply?: readonly string[]
  readonly duration?: readonly string[]
  readonly capacity?: readonly string[]
  readonly cap?: readonly string[]
  readonly budget?: string
}

export function whatIf(file: string, options: WhatIfOptions): Promise<number> {
  return runCommand(options, async (terminal) => {
    const started = performance.now()
    const settings = loadSettings(options.settings ?? null)
    const change = changeOf(options, settings)
    const book = await openFile(file, options, settings, terminal)
    terminal.settle()
    tellBook(terminal, book)
    const decidedAt = performance.now()
    const base = inFileCurrency(settings, book, options, terminal)
    const { currency, outcomes } = compareSettings(book.decidable, base, [change])
    const decideMs = performance.now() - decidedAt
    const [now, then] = outcomes
    const seconds = (performance.now() - started) / 1000
    say(terminal, now, then, currency, seconds)
    const side = ({ label, summary }: WhatIfOutcome): Record<string, unknown> => ({ label, ...summary })
    return {
      rows: book.scored.rows,
      change: change.label,
      currency,
      now: side(now),
      changed: side(then),
      difference: then.against,
      decideMs: Number(decideMs.toFixed(1)),
      seconds: Number(seconds.toFixed(3)),
    }
  })
}

/** Turns the options into one change, and says it in words. */
function changeOf(options: WhatIfOptions, settings: Settings): WhatIfChange {
  const actions = actionsOf(settings).slice(1)
  const keys = actions.map(({ key }) => key)
  const words: string[] = []
  const catalogue: Record<string, Record<string, number | null>> = {}
  const costTimes: Record<string, number> = {}
  const set = (name: string, field: string, value: number | null): void => {
    catalogue[name] = { ...catalogue[name], [field]: value }
  }
  const each = (
    list: readonly string[] | undefined,
    option: string,
    use: (key: string, text: string) => void,
  ): void => {
    for (const text of list ?? []) {
      const [name, value] = pair(text, option)
      const named = name === 'all' ? keys : keys.filter((key) => key === name)
      if (named.length === 0) {
        throw new HoldfastError(
          'usage',
          `There is no action "${name}" for ${option}. There are ${keys.join(', ')}, and "all".`,
        )
      }
      for (const key of named) use(key, value)
      words.push(`${option.slice(2)} ${name}=${value}`)
    }
  }
  each(options.cost, '--cost', (key, text) => set(key, 'share', numberOf(text, '--cost', 0, 1)))
  each(options.fixed, '--fixed', (key, text) => set(key, 'fixedCost', numberOf(text, '--fixed', 0, 1e9)))
  each(options.duration, '--duration', (key, text) =>
    set(key, 'durationMonths', wholeOf(text, '--duration', 1, 60)),
  )
  each(options.capacity, '--capacity', (key, text) =>
    set(key, 'capacity', text === 'none' ? null : wholeOf(text, '--capacity', 0, 1e9)),
  )
  each(options.multiply, '--multiply', (key, text) => {
    costTimes[key] = numberOf(text, '--multiply', 0, 1000)
  })
  const contact: Record<string, number | null> = {}
  for (const text of options.cap ?? []) {
    const [name, value] = pair(text, '--cap')
    if (name === 'cooldownDays') contact['cooldownDays'] = numberOf(value, '--cap', 0, 365)
    else if (name === 'maxContacts')
      contact['perPeriod'] = value === 'none' ? null : wholeOf(value, '--cap', 0, 1000)
    else throw new HoldfastError('usage', `--cap takes cooldownDays or maxContacts, not "${name}".`)
    words.push(`cap ${name}=${value}`)
  }
  if (options.budget !== undefined) words.push(`budget=${options.budget}`)
  if (words.length === 0) {
    throw new HoldfastError(
      'usage',
      'Say what to change: --cost, --fixed, --multiply, --duration, --capacity, --cap or --budget (see holdfast what-if --help).',
    )
  }
  const budget =
    options.budget === undefined
      ? {}
      : { budget: options.budget === 'none' ? null : numberOf(options.budget, '--budget', 0, 1e12) }
  const partial: PartialSettings = { catalogue, contact, ...budget }
  return { label: words.join(', '), settings: partial, costTimes }
}

function pair(text: string, option: string): [string, string] {
  const at = text.indexOf('=')
  if (at <= 0 || at === text.length - 1) {
    throw new HoldfastError('usage', `${option} takes name=value, not "${text}".`)
  }
  return [text.slice(0, at).trim(), text.slice(at + 1).trim()]
}

function numberOf(text: string, option: string, least: number, most: number): number {
  const value = Number(text)
  if (text === '' || !(value >= least && value <= most)) {
    throw new HoldfastError('usage', `${option} takes a number from ${least} to ${most}, not "${text}".`)
  }
  return value
}

function wholeOf(text: string, option: string, least: number, most: number): number {
  const value = numberOf(text, option, least, most)
  if (!Number.isInteger(value))
    throw new HoldfastError('usage', `${option} takes a whole number, not "${text}".`)
  return value
}

function say(
  terminal: Terminal,
  now: WhatIfOutcome,
  then: WhatIfOutcome,
  currency: string,
  seconds: number,
): void {
  const { print, style } = terminal
  const gain = then.against.expectedValue
  print(
    style(
      'bold',
      `What if ${then.label}: ${many(then.against.moved, 'customer moves', 'customers move')}, ${change(then.against.plannedSpend, currency)} planned spend, ${change(gain, currency)} expected margin`,
    ),
  )
  print()
  const sum = amounts(
    [now.summary, then.summary].flatMap(({ plannedSpend, expectedValue }) => [plannedSpend, expectedValue]),
  )
  const spend = ({ count, plannedSpend, id }: ActionSummary): string =>
    count === 0 || id === 0 ? '' : sum(plannedSpend)
  const rows = now.summary.actions.map((action, index) => {
    const after = then.summary.actions[index]
    return [
      action.name,
      count(action.count),
      count(after.count),
      signed(after.count - action.count),
      spend(action),
      spend(after),
    ]
  })
  const total = (name: string, of: 'plannedSpend' | 'expectedValue'): string[] => [
    name,
    '',
    '',
    '',
    sum(now.summary[of]),
    sum(then.summary[of]),
  ]
  const lines = tableLines(
    [
      ['Action', 'now', 'then', 'change', `spend now, ${currency}`, `then, ${currency}`],
      ...rows,
      total('Planned spend', 'plannedSpend'),
      total('Expected margin', 'expectedValue'),
    ],
    [false, true, true, true, true, true],
  )
  lines.forEach((line, index) => print(`  ${index === 0 ? style('dim', line) : line}`))
  print()
  for (const alarm of then.summary.alarms) terminal.warn(alarm.sentence)
  print(
    `A changed cost is counted for what is done now; what may be done in later months is valued as before. ${duration(seconds)}.`,
  )
}

function signed(value: number): string {
  return value > 0 ? `+${count(value)}` : count(value)
}

function change(amount: number, currency: string): string {
  return `${amount >= 0 ? '+' : ''}${money(amount, currency)}`
}
