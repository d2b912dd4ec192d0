/** `holdfast evaluate`: how good a model is, on customers that it did not see, as HTML and JSON. */
import { basename } from 'node:path'
import { openTable } from '../../connectors/csv/open.ts'
import { fitChurnModel } from '../../models/churn/fit.ts'
import { starterBeliefs } from '../../models/churn/starter/beliefs.ts'
import type { Evaluation } from '../../models/churn/evaluate.ts'
import { findColumn } from '../../models/features/columns.ts'
import { HoldfastError } from '../contracts/errors.ts'
import { proposeMapping } from '../../models/features/mapping.ts'
import { parseTarget } from '../../models/features/target.ts'
import { cardMapping } from '../loop/card.ts'
import { judgeModel } from '../loop/judge-model.ts'
import { judge } from '../loop/learn.ts'
import { openBundleNamed } from '../loop/models.ts'
import { checkOutputFile } from '../loop/output-place.ts'
import { replaceFiles } from '../loop/replace-files.ts'
import { evaluationPage, type EvaluationReport } from '../report/evaluation-page.ts'
import { dayOf, readMapping, threadsOf, today, type CommandOptions } from './options.ts'
import { interruptible } from './process.ts'
import { runCommand } from './run.ts'
import { count, duration, many, percent, type Terminal } from './terminal.ts'
import { chanceSentence, leakSentence, prepareFile } from './train.ts'

export interface EvaluateOptions extends CommandOptions {
  readonly target: string
  readonly positive?: string
  readonly id?: string
  readonly model?: string
  readonly mapping?: string
  readonly keep?: readonly string[]
  readonly asOf?: string
  readonly out: string
  readonly folds: number
  readonly seed: number
}

interface Judgement {
  readonly evaluation: Evaluation
  readonly model: string
  readonly method: string
  readonly meaning: string
  readonly importance: string
  readonly warnings: readonly string[]
}

export function evaluate(file: string, options: EvaluateOptions): Promise<number> {
  return runCommand(options, async (terminal) => {
    const started = performance.now()
    if (!/\.html?$/i.test(options.out)) {
      throw new HoldfastError('usage', `${options.out} must end in .html: the report is a web page.`)
    }
    if (options.asOf !== undefined) dayOf(options.asOf, '--as-of')
    const json = jsonBeside(options.out)
    const inputs = [file, ...(options.mapping === undefined ? [] : [options.mapping])]
    for (const path of [options.out, json]) checkOutputFile(path, inputs)
    const threads = threadsOf(options)
    const judgement =
      (options.model === undefined ? null : await ofModel(file, options.model, options, terminal, threads)) ??
      (await crossValidated(file, options, terminal, threads))
    terminal.settle()
    const report: EvaluationReport = {
      ...judgement,
      file: basename(file),
      target: options.target,
      createdOn: new Date().toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric' }),
    }
    await replaceFiles(
      new Map([
        [options.out, evaluationPage(report)],
        [json, `${JSON.stringify(report, null, 2)}\n`],
      ]),
    )
    const seconds = (performance.now() - started) / 1000
    for (const warning of judgement.warnings) {
      if (!terminal.warnings.includes(warning)) terminal.warn(warning)
    }
    say(terminal, judgement, options.out, seconds)
    return summary(judgement, { out: options.out, json, seconds })
  })
}

/** Judges a finished model; null when the file holds only customers that it was trained on. */
async function ofModel(
  file: string,
  name: string,
  options: EvaluateOptions,
  terminal: Terminal,
  threads: number,
): Promise<Judgement | null> {
  const bundle = await openBundleNamed(name)
  const table = await openTable(file, { threads })
  try {
    const profile = await table.profile()
    const column = findColumn(profile, options.target, 'target')
    const like = options.mapping === undefined ? cardMapping(bundle.card) : await readMapping(options.mapping)
    const mapping = proposeMapping(profile, {
      target: column.header,
      ...(options.id === undefined ? {} : { id: options.id }),
      ...(options.asOf === undefined ? {} : { asOf: options.asOf }),
      ...(like === undefined ? {} : { like }),
    })
    const { evaluation, seen, unseen, gaps } = await judgeModel(table, bundle, {
      target: parseTarget(column, options.positive === undefined ? {} : { positive: [options.positive] }),
      mapping,
      id: mapping.columns.find(({ use }) => use === 'id')?.column ?? null,
      today: today(),
      seed: options.seed,
      onProgress: (done, total) => terminal.progress('Scoring', done, total),
    })
    if (evaluation === null) {
      terminal.warn(
        `All ${count(seen)} customers of ${basename(file)} were in the training data of ${bundle.name}, so it cannot be judged on them. Training itself is cross-validated on them instead.`,
      )
      return null
    }
    return {
      evaluation,
      model: `${bundle.name} ${bundle.version}`,
      method: `All of them are new to the model${seen === 0 ? '' : `; ${count(seen)} others of the file were in its training data and are left out`}.`,
      meaning: 'had churned',
      importance: importanceText,
      warnings: [
        ...chanceWarnings(evaluation),
        ...(gaps.length === 0
          ? []
          : [`The file lacks ${gaps.join(', ')}: these features were missing for every customer.`]),
        ...(unseen < 500 ? [`Only ${many(unseen, 'customer')}: mind the intervals.`] : []),
      ],
    }
  } finally {
    await table.close()
  }
}

async function crossValidated(
  file: string,
  options: EvaluateOptions,
  terminal: Terminal,
  threads: number,
): Promise<Judgement> {
  const prepared = await prepareFile(file, options, terminal, threads)
  const { fit, evaluation } = await interruptible(async () => {
    const fit = await fitChurnModel({
      data: prepared.data,
      beliefs: { priors: starterBeliefs(prepared.features) },
      folds: options.folds,
      seed: options.seed,
      threads,
      onProgress: ({ share }) => terminal.progress('Cross-validating', Math.round(share * 100), 100),
    })
    return { fit, evaluation: await judge(prepared, fit, { seed: options.seed, threads }) }
  })
  return {
    evaluation,
    model: fit.chosen === 'trees' ? `${fit.rounds} boosted trees` : 'Logistic regression',
    method: `Each was scored by a model that was trained without it, in ${fit.folds} folds.`,
    meaning: 'had churned',
    importance: importanceText,
    warnings: [
      ...chanceWarnings(evaluation),
      ...prepared.leaks.map((leak) => leakSentence(leak, prepared)),
      ...(fit.belowFloor === null ? [] : [fit.belowFloor.sentence]),
    ],
  }
}

function chanceWarnings({ metrics }: Evaluation): string[] {
  const sentence = chanceSentence(metrics.auc)
  return sentence === null ? [] : [sentence]
}

const importanceText =
  'How far each moves the score: mean change of the log-odds over customers that the model did not see.'

function say(
  terminal: Terminal,
  { evaluation, model, method }: Judgement,
  out: string,
  seconds: number,
): void {
  const { metrics } = evaluation
  terminal.print(
    terminal.style(
      'bold',
      `${model}: AUC ${metrics.auc.value.toFixed(4)} (${metrics.auc.low.toFixed(4)} to ${metrics.auc.high.toFixed(4)})`,
    ),
  )
  terminal.print()
  terminal.print(
    `  ${many(evaluation.rows, 'customer')}, ${percent(evaluation.baseRate.value)} churned. ${method}`,
  )
  terminal.print(
    `  Log-loss ${metrics.logLoss.value.toFixed(4)}, accuracy ${metrics.accuracy.value.toFixed(4)}, calibration error ${metrics.calibrationError.value.toFixed(4)}`,
  )
  terminal.print()
  terminal.print(`Report   ${out}  (figures: ${jsonBeside(out)}), ${duration(seconds)}`)
}

function summary(
  { evaluation, model }: Judgement,
  written: { readonly out: string; readonly json: string; readonly seconds: number },
): Record<string, unknown> {
  const { metrics, calibration } = evaluation
  return {
    rows: evaluation.rows,
    model,
    auc: metrics.auc.value,
    aucInterval: [metrics.auc.low, metrics.auc.high],
    logLoss: metrics.logLoss.value,
    accuracy: metrics.accuracy.value,
    calibrationError: metrics.calibrationError.value,
    hosmerLemeshowP: calibration.hosmerLemeshow.pValue,
    out: written.out,
    json: written.json,
    seconds: Number(written.seconds.toFixed(3)),
  }
}

function jsonBeside(path: string): string {
  return `${path.replace(/\.html?$/i, '')}.json`
}
