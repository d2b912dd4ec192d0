/** `holdfast train`: a churn model of one's own from any table of customers. */
import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { openTable } from '../../connectors/csv/open.ts'
import { formatMapping } from '../../models/features/mapping-file.ts'
import type { LeakFinding } from '../../models/churn/leaks.ts'
import type { Estimate } from '../../models/churn/statistics.ts'
import { writeBundle } from '../../models/onnx/bundle.ts'
import { MANIFEST } from '../../models/onnx/bundle-format.ts'
import { learn, type Learned } from '../loop/learn.ts'
import { checkModelFolder, checkOutputFile } from '../loop/output-place.ts'
import { replaceFiles } from '../loop/replace-files.ts'
import { prepareTraining, type PreparedTraining } from '../loop/training-data.ts'
import { translateWriteError } from '../loop/write-error.ts'
import { leftOutSentence } from './left-out.ts'
import { dayOf, isoDay, readMapping, threadsOf, today, typed, type CommandOptions } from './options.ts'
import { interruptible } from './process.ts'
import { runCommand } from './run.ts'
import { count, duration, many, percent, type Terminal } from './terminal.ts'

export interface TrainOptions extends CommandOptions {
  readonly target: string
  readonly positive?: string
  readonly id?: string
  readonly out: string
  readonly mapping?: string
  readonly keep?: readonly string[]
  readonly horizon?: number
  readonly asOf?: string
  readonly folds: number
  readonly seed: number
  readonly name?: string
}

export function train(file: string, options: TrainOptions): Promise<number> {
  return runCommand(options, async (terminal) => {
    const started = performance.now()
    const threads = threadsOf(options)
    const mappingFile = `${options.out.replace(/[/\\]+$/, '')}.mapping.json`
    checkModelFolder(options.out, MANIFEST)
    if (existsSync(mappingFile)) checkOutputFile(mappingFile, [file])
    const prepared = await prepareFile(file, options, terminal, threads)
    const learned = await interruptible(() =>
      learn(prepared, {
        folds: options.folds,
        seed: options.seed,
        threads,
        meaning:
          options.horizon === undefined ? { kind: 'snapshot' } : { kind: 'horizon', days: options.horizon },
        name: options.name ?? modelName(file),
        version: isoDay(today()),
        source: basename(file),
        onProgress: ({ step, share }) => terminal.progress(stepName[step], Math.round(share * 100), 100),
      }),
    )
    terminal.settle()
    const { hash } = await writeBundle(options.out, learned.contents).catch((cause: unknown) => {
      throw translateWriteError(cause, options.out)
    })
    const kept = await writeMapping(mappingFile, formatMapping(prepared.mapping), options.mapping)
    if (kept !== null) terminal.note(`The mapping that was there is kept as ${kept}.`)
    const seconds = (performance.now() - started) / 1000
    say(terminal, prepared, learned, { file, options, mappingFile, seconds })
    return summary(prepared, learned, { out: options.out, mappingFile, hash, seconds })
  })
}

const stepName = {
  baseline: 'Logistic baseline',
  trees: 'Cross-validating',
  final: 'Training the model',
} as const

/** Reads a file for training and tells what was found in it; shared with `evaluate`. */
export async function prepareFile(
  file: string,
  options: Pick<TrainOptions, 'target' | 'positive' | 'id' | 'keep' | 'mapping' | 'asOf' | 'seed'>,
  terminal: Terminal,
  threads: number,
): Promise<PreparedTraining> {
  if (options.asOf !== undefined) dayOf(options.asOf, '--as-of')
  const mapping = options.mapping === undefined ? undefined : await readMapping(options.mapping)
  const table = await openTable(file, { threads })
  try {
    const prepared = await prepareTraining(table, {
      target: options.target,
      today: today(),
      seed: options.seed,
      onProgress: (done, total) => terminal.progress('Reading', done, total),
      ...(options.positive === undefined ? {} : { positive: [options.positive] }),
      ...(options.id === undefined ? {} : { id: options.id }),
      ...(options.keep === undefined ? {} : { keep: options.keep }),
      ...(options.asOf === undefined ? {} : { asOf: options.asOf }),
      ...(mapping === undefined ? {} : { mapping }),
    })
    tellPreparation(terminal, prepared)
    return prepared
  } finally {
    await table.close()
  }
}

function tellPreparation(terminal: Terminal, prepared: PreparedTraining): void {
  for (const leak of prepared.leaks) terminal.warn(leakSentence(leak, prepared))
  for (const note of prepared.notes) terminal.note(note)
  if (prepared.dropped > 0) {
    terminal.warn(
      `${many(prepared.dropped, 'row has', 'rows have')} no value in "${prepared.target.column}" and ${prepared.dropped === 1 ? 'was' : 'were'} dropped.`,
    )
  }
  const out = leftOutSentence(prepared.leftOut)
  if (out !== null) terminal.note(out)
}

/** What a leak check found, and what was done about it. */
export function leakSentence(leak: LeakFinding, { excluded }: Pick<PreparedTraining, 'excluded'>): string {
  if (leak.action !== 'exclude') return leak.sentence
  return excluded.includes(leak.column)
    ? `${leak.sentence} Left out; --keep ${typed(leak.column)} uses it all the same.`
    : `${leak.sentence} Used all the same, as --keep says: the figures may flatter.`
}

/** A model that may be no better than chance says so; null for all others. */
export function chanceSentence({ value, low, high }: Estimate): string | null {
  return low > 0.5
    ? null
    : `This model may rank customers no better than chance does (AUC ${value.toFixed(2)}, between ${low.toFixed(2)} and ${high.toFixed(2)}): do not act on it. It needs more customers, or columns that tell more.`
}

interface Told {
  readonly file: string
  readonly options: TrainOptions
  readonly mappingFile: string
  readonly seconds: number
}

function say(terminal: Terminal, prepared: PreparedTraining, { fit, evaluation }: Learned, told: Told): void {
  const { metrics } = evaluation
  const { print, style } = terminal
  const kind = fit.chosen === 'trees' ? `${fit.rounds} boosted trees` : 'logistic regression'
  if (fit.belowFloor !== null) terminal.warn(fit.belowFloor.sentence)
  const chance = chanceSentence(metrics.auc)
  if (chance !== null) terminal.warn(chance)
  print(
    style(
      'bold',
      `${kind.charAt(0).toUpperCase()}${kind.slice(1)} on ${count(evaluation.rows)} customers, ${percent(evaluation.baseRate.value)} churned, in ${duration(told.seconds)}`,
    ),
  )
  print()
  const line = (name: string, value: string, note: string): void =>
    print(`  ${name.padEnd(18)} ${value.padStart(7)}   ${note}`.trimEnd())
  const beside = (figure: 'auc' | 'logLoss'): string =>
    fit.chosen === 'trees' ? `; logistic regression ${fit.baseline[figure].toFixed(4)}` : ''
  const { auc, logLoss } = metrics
  line('AUC', auc.value.toFixed(4), `${between(auc)}${beside('auc')}`)
  line('Log-loss', logLoss.value.toFixed(4), `${between(logLoss)}${beside('logLoss')}`)
  line(
    'Accuracy',
    metrics.accuracy.value.toFixed(4),
    `saying the same of everybody: ${metrics.accuracyOfGuessing.toFixed(4)}`,
  )
  line(
    'Calibration error',
    metrics.calibrationError.value.toFixed(4),
    `a perfect model shows about ${evaluation.calibration.noise.toFixed(4)}`,
  )
  print()
  print(`Measured on customers that the model did not see, in ${fit.folds} folds.`)
  print(
    `Strongest: ${evaluation.features
      .slice(0, 5)
      .map(({ label }) => label)
      .join(', ')}.`,
  )
  print()
  print(`Model    ${told.options.out}  (card: ${join(told.options.out, 'card.md')})`)
  print(`Mapping  ${told.mappingFile}  (edit it and train again with --mapping)`)
  print(`Next     holdfast score ${typed(told.file)} --model ${typed(told.options.out)}`)
  terminal.note(
    `${count(prepared.features.length)} features; target "${prepared.target.column}": ${prepared.target.positive.join(', ')} means churned.`,
  )
}

function between({ low, high }: Estimate): string {
  return `${low.toFixed(4)} to ${high.toFixed(4)}`
}

function summary(
  prepared: PreparedTraining,
  { fit, evaluation, featureSet }: Learned,
  written: {
    readonly out: string
    readonly mappingFile: string
    readonly hash: string
    readonly seconds: number
  },
): Record<string, unknown> {
  const { metrics, calibration } = evaluation
  return {
    rows: evaluation.rows,
    features: featureSet.features.length,
    folds: fit.folds,
    auc: metrics.auc.value,
    logLoss: metrics.logLoss.value,
    accuracy: metrics.accuracy.value,
    calibrationError: metrics.calibrationError.value,
    hosmerLemeshowP: calibration.hosmerLemeshow.pValue,
    baseRate: evaluation.baseRate.value,
    model: fit.chosen,
    trees: fit.rounds,
    belowFloor: fit.belowFloor !== null,
    baseline: { auc: fit.baseline.auc, logLoss: fit.baseline.logLoss, accuracy: fit.baseline.accuracy },
    leaks: prepared.leaks.map(({ column, kind, action }) => ({ column, kind, action })),
    leftOut: prepared.leftOut,
    dropped: prepared.dropped,
    hash: written.hash,
    out: written.out,
    mapping: written.mappingFile,
    seconds: Number(written.seconds.toFixed(3)),
  }
}

/**
 * Writes the mapping beside the model. One that somebody may have edited is never lost: it steps aside, unless
 * it is the one that was trained with.
 *
 * @returns where the old one is, null when nothing had to step aside
 */
async function writeMapping(path: string, text: string, used: string | undefined): Promise<string | null> {
  try {
    await mkdir(dirname(path), { recursive: true })
    const before = await readFile(path, 'utf8').catch(() => null)
    const isUsed = used !== undefined && resolve(used) === resolve(path)
    const aside =
      before === null || before === text || isUsed ? null : path.replace(/\.json$/, '.previous.json')
    if (!(before === text || isUsed)) {
      await replaceFiles(new Map([...(aside === null ? [] : [[aside, before!] as const]), [path, text]]))
    }
    return aside
  } catch (cause) {
    throw translateWriteError(cause, path)
  }
}

/** A model's name from a file's: letters, digits, dots and dashes. */
function modelName(file: string): string {
  const name = basename(file, extname(file))
    .replace(/[^a-z0-9._-]+/gi, '-')
    .replace(/^[^a-z0-9]+/i, '')
    .slice(0, 48)
  return name === '' ? 'own' : name
}
