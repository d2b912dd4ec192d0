/** `holdfast score`: every customer of a file scored, explained and decided on, as a retention plan. */
import { basename } from 'node:path'
import { createPlanFile } from '../../connectors/csv/plan-file.ts'
import { calibratedScale } from '../../models/churn/explain/attribution.ts'
import { reasonWriter } from '../../models/churn/explain/sentence.ts'
import { levelOf, levelThresholds, type LevelThresholds } from '../../models/churn/levels.ts'
import { LEVELS, type Level } from '../contracts/customer-terms.ts'
import { HoldfastError } from '../contracts/errors.ts'
import { openBook, type Book } from '../loop/book.ts'
import { currenciesOf } from '../loop/currency.ts'
import { decide, type Plan } from '../loop/decide.ts'
import { periodOf } from '../settings/planning.ts'
import { loadSettings, type Settings } from '../settings/settings.ts'
import { dayOf, readMapping, threadsOf, today, type CommandOptions } from './options.ts'
import { planColumns, writePlan } from './plan-rows.ts'
import { runCommand } from './run.ts'
import { amounts, count, duration, many, money, percent, tableLines, type Terminal } from './terminal.ts'

export interface ScoreOptions extends CommandOptions {
  readonly out: string
  readonly model?: string
  readonly mapping?: string
  readonly settings?: string
  readonly id?: string
  readonly columns?: readonly string[]
  readonly levels?: string
  readonly asOf?: string
}

export function score(file: string, options: ScoreOptions): Promise<number> {
  return runCommand(options, async (terminal) => {
    const started = performance.now()
    const settings = settingsOf(options)
    const plan = createPlanFile(options.out, planColumns(carriedBy(options)), {
      inputs: [file],
    })
    try {
      const book = await openFile(file, options, settings, terminal)
      terminal.settle()
      const { probability } = book.scored
      const thresholds = levelThresholds(settings.levels, book.model.population.baseRate, probability)
      const decided = decide(book.decidable, inFileCurrency(settings, book, options, terminal))
      const levels = countLevels(probability, thresholds)
      const write = reasonWriter(book.model.features.features, book.model.population, {
        scale: calibratedScale(book.model.model),
      })
      await writePlan(plan, { book, decided, thresholds, write }, (done, total) =>
        terminal.progress('Writing the plan', done, total),
      )
      await plan.commit()
      const seconds = (performance.now() - started) / 1000
      tellBook(terminal, book)
      say(terminal, book, decided, { levels, thresholds, seconds, out: options.out })
      return summary(book, decided, { levels, thresholds, seconds, out: options.out })
    } catch (error) {
      await plan.abort()
      throw error
    }
  })
}

function settingsOf(options: Pick<ScoreOptions, 'settings' | 'levels'>): Settings {
  const settings = loadSettings(options.settings ?? null)
  if (options.levels === undefined) return settings
  if (options.levels === 'reference') return { ...settings, levels: { kind: 'reference' } }
  if (options.levels === 'base-rate') return { ...settings, levels: { kind: 'multiple' } }
  throw new HoldfastError('usage', `--levels takes base-rate or reference, not "${options.levels}".`)
}

/** Opens a file as a book, as the options of `score` and `what-if` say. */
export async function openFile(
  file: string,
  options: Pick<ScoreOptions, 'model' | 'mapping' | 'id' | 'columns' | 'asOf' | 'threads'>,
  settings: Settings,
  terminal: Terminal,
): Promise<Book> {
  const day = options.asOf === undefined ? today() : dayOf(options.asOf, '--as-of')
  const mapping = options.mapping === undefined ? undefined : await readMapping(options.mapping)
  return openBook({
    path: file,
    settings,
    carry: carriedBy(options),
    today: day,
    threads: threadsOf(options),
    period: periodOf(settings.period, new Date(day * 86_400_000)),
    onProgress: (done, total) => terminal.progress('Scoring', done, total),
    ...(options.model === undefined ? {} : { model: options.model }),
    ...(options.id === undefined ? {} : { id: options.id }),
    ...(options.asOf === undefined ? {} : { asOf: options.asOf }),
    ...(mapping === undefined ? {} : { mapping }),
  })
}

/** The settings in the currency that the file names, unless a settings file says which one it is. */
export function inFileCurrency(
  settings: Settings,
  { profile, mapping }: Pick<Book, 'profile' | 'mapping'>,
  options: Pick<ScoreOptions, 'settings'>,
  terminal: Terminal,
): Settings {
  const found = currenciesOf(profile, mapping)
  const { file } = settings.currency
  if (found.length === 0 || (found.length === 1 && found[0] === file)) return settings
  if (found.length === 1 && options.settings === undefined) {
    return { ...settings, currency: { ...settings.currency, file: found[0] } }
  }
  terminal.warn(
    found.length === 1
      ? `The file says that its amounts are in ${found[0]}, the settings say ${file}; ${file} is used. Correct "currency" in the settings if the file is right.`
      : `Amounts in ${found.slice(0, 5).join(', ')} stand in one column; they are all taken for ${file}. Score customers of one currency at a time.`,
  )
  return settings
}

function carriedBy({ columns = [] }: Pick<ScoreOptions, 'columns'>): readonly string[] {
  return [...new Set(columns)]
}

type LevelCounts = Record<Level, number>

function countLevels(probability: Float32Array, thresholds: LevelThresholds): LevelCounts {
  const counts: LevelCounts = { HIGH: 0, MEDIUM: 0, LOW: 0 }
  for (let row = 0; row < probability.length; row++) counts[levelOf(probability[row], thresholds)]++
  return counts
}

/** What a person should know of how the file was read. */
export function tellBook(terminal: Terminal, book: Book): void {
  const { scored, profile } = book
  if (scored.idColumn === null) {
    terminal.warn(
      'The file has no column with ids, so customers are named by their row. Name a column with --id.',
    )
  }
  const gaps = scored.gaps.map(({ label, column }) => (column === null ? label : `${label} (${column})`))
  if (gaps.length > 0) {
    terminal.warn(
      `${basename(profile.path)} has nothing for ${gaps.length} of ${book.model.features.features.length} features: ${gaps.join(', ')}. They count as missing, and DataConfidence is lower.`,
    )
  }
  for (const { column, rows, values } of scored.unknown) {
    terminal.warn(
      `"${column}" has values that the model never saw (${values.join(', ')}) for ${many(rows, 'customer')}. They count as missing there.`,
    )
  }
  for (const note of [...book.notes, ...scored.notes]) terminal.warn(note)
  for (const column of profile.columns) {
    if (column.unreadable === 0) continue
    const example = column.unreadableExample
    const where = example === undefined ? '' : `, first in line ${example.line}: "${example.value}"`
    terminal.warn(
      `"${column.header}" has ${count(column.unreadable)} cells that cannot be read as a ${column.kind}${where}. They count as missing.`,
    )
  }
}

interface Result {
  readonly levels: LevelCounts
  readonly thresholds: LevelThresholds
  readonly seconds: number
  readonly out: string
}

const levelMark = { HIGH: '\u25B2', MEDIUM: '\u25CF', LOW: '\u25BC' } as const
const levelStyle = { HIGH: 'red', MEDIUM: 'yellow', LOW: 'green' } as const

function say(
  terminal: Terminal,
  book: Book,
  decided: Plan,
  { levels, thresholds, seconds, out }: Result,
): void {
  const { print, style } = terminal
  const { rows, probability } = book.scored
  const { currency } = decided.summary
  const paid = paidByLevel(book, thresholds)
  print(
    style(
      'bold',
      `${many(rows, 'customer')} scored and decided in ${duration(seconds)}, average risk ${percent(mean(probability))}`,
    ),
  )
  print(modelLine(book))
  print()
  const from = {
    HIGH: `from ${percent(thresholds.high)}`,
    MEDIUM: `from ${percent(thresholds.medium)}`,
    LOW: `below ${percent(thresholds.medium)}`,
  }
  for (const level of LEVELS) {
    const name = style(levelStyle[level], `${levelMark[level]} ${level.padEnd(6)}`)
    const pay = paid[level] > 0 ? `, pay ${money(paid[level], currency)} a month` : ''
    print(
      `  ${name}  ${count(levels[level]).padStart(9)}  ${percent(levels[level] / rows).padStart(7)}   ${from[level]}${pay}`,
    )
  }
  print()
  const { actions, plannedSpend, expectedValue } = decided.summary
  const sum = amounts([plannedSpend, expectedValue])
  const lines = tableLines(
    [
      ['Action', 'customers', `planned spend, ${currency}`, `expected margin, ${currency}`],
      ...actions.map((action) => [
        action.name,
        count(action.count),
        action.count === 0 || action.id === 0 ? '' : sum(action.plannedSpend),
        action.count === 0 || action.id === 0 ? '' : sum(action.expectedValue),
      ]),
      ['Total', count(rows), sum(plannedSpend), sum(expectedValue)],
    ],
    [false, true, true, true],
  )
  lines.forEach((line, index) => print(`  ${index === 0 ? style('dim', line) : line}`))
  print()
  print(worthLine(decided, rows))
  print()
  for (const alarm of decided.summary.alarms) terminal.warn(alarm.sentence)
  const { unknownAmount } = decided.summary
  // An alarm says it already when it is so for everybody.
  if (unknownAmount > 0 && unknownAmount < rows) {
    terminal.warn(
      `What ${many(unknownAmount, 'customer pays', 'customers pay')} is not known, so no action could be weighed for ${unknownAmount === 1 ? 'it' : 'them'}.`,
    )
  }
  print(`Plan written to ${out}`)
}

/** What the customers of each level pay a month, as far as it is known: the book at risk. */
function paidByLevel({ scored, decidable }: Book, thresholds: LevelThresholds): LevelCounts {
  const paid: LevelCounts = { HIGH: 0, MEDIUM: 0, LOW: 0 }
  for (let row = 0; row < scored.rows; row++) {
    const amount = decidable.recurring[row]
    if (amount > 0) paid[levelOf(scored.probability[row], thresholds)] += amount
  }
  return paid
}

/** Why so many are left in peace: what was possible, and for how many it is worth it. */
function worthLine({ summary }: Plan, rows: number): string {
  const { eligible, allocated } = summary.funnel
  if (eligible === 0) return 'No action was possible for anybody.'
  const others = eligible - allocated
  const possible = eligible === rows ? '' : ` Something was possible for ${count(eligible)}.`
  return `An action is worth its cost for ${many(allocated, 'customer')}.${possible}${others <= 0 ? '' : ` For ${count(others)} acting would cost more than it is expected to keep, is too unsure, or others come first.`}`
}

function modelLine({ model, coverage, scored }: Book): string {
  const what =
    model.meaning.kind === 'snapshot'
      ? 'risk as of a snapshot, without a horizon'
      : `risk of leaving within ${model.meaning.days} days`
  const starter = starterNote(model.card)
  const confidence = mean(scored.dataConfidence)
  return `Model ${model.name} ${model.version}${starter}: ${what}. The file holds ${percent(coverage, 0)} of what it looks at; data confidence ${percent(confidence, 0)} on average.`
}

/** A starter says that it is one, wherever its scores stand. */
function starterNote(card: unknown): string {
  if (typeof card !== 'object' || card === null || !('label' in card)) return ''
  return ` (${String(card.label)})`
}

function summary(book: Book, decided: Plan, result: Result): Record<string, unknown> {
  const { summary: plan } = decided
  return {
    rows: book.scored.rows,
    seconds: Number(result.seconds.toFixed(3)),
    averageRisk: mean(book.scored.probability),
    levels: result.levels,
    thresholds: { high: result.thresholds.high, medium: result.thresholds.medium },
    actions: plan.actions.map(({ id, key, name, count: n, plannedSpend, expectedValue }) => ({
      id,
      key,
      name,
      count: n,
      plannedSpend,
      expectedValue,
    })),
    plannedSpend: plan.plannedSpend,
    expectedValue: plan.expectedValue,
    currency: plan.currency,
    funnel: plan.funnel,
    alarms: plan.alarms,
    dataConfidence: mean(book.scored.dataConfidence),
    missingFeatures: book.scored.gaps.map(({ feature }) => feature),
    model: {
      name: book.model.name,
      version: book.model.version,
      hash: book.model.hash,
      meaning: book.model.meaning,
    },
    policy: { version: book.policy.version, hash: book.policy.hash },
    out: result.out,
  }
}

function mean(values: Float32Array): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]
  return values.length === 0 ? NaN : sum / values.length
}
