/**
 * The card of a trained model: what it was made of, how good it is on customers that it did not see, what it
 * is for and where it ends. As data for programs and as Markdown for people.
 */
import type { ChurnFit } from '../../models/churn/fit.ts'
import type { Evaluation } from '../../models/churn/evaluate.ts'
import type { ScoreMeaning } from '../../models/churn/model.ts'
import type { Estimate } from '../../models/churn/statistics.ts'
import type { FeatureSet, Population } from '../contracts/features.ts'
import type { PreparedTraining } from './training-data.ts'

export interface AboutModel {
  readonly prepared: PreparedTraining
  readonly fit: ChurnFit
  readonly evaluation: Evaluation
  readonly featureSet: FeatureSet
  readonly population: Population
  readonly options: {
    readonly name: string
    readonly version: string
    readonly source: string
    readonly origin?: string
    readonly meaning: ScoreMeaning
    readonly folds: number
    readonly seed: number
  }
}

/** The card as data; figures with 95 % intervals. */
export function modelCard(about: AboutModel): Record<string, unknown> {
  const { fit, evaluation, options, prepared, featureSet, population } = about
  const { metrics } = evaluation
  return {
    name: options.name,
    version: options.version,
    meaning: options.meaning,
    data: {
      source: options.source,
      origin: options.origin ?? null,
      customers: evaluation.rows,
      churned: evaluation.churned,
      target: prepared.target.column,
      churnedMeans: prepared.target.positive,
      droppedWithoutTarget: prepared.dropped,
      leftOut: prepared.leftOut,
      leaks: prepared.leaks,
    },
    model: {
      kind: fit.chosen,
      why: fit.why,
      trees: fit.rounds,
      calibrator: fit.model.calibrator.kind,
      folds: fit.folds,
      seed: options.seed,
      tunedOn: fit.tunedOn,
      belowFloor: fit.belowFloor,
      candidates: fit.candidates,
    },
    features: { hash: featureSet.hash, count: featureSet.features.length },
    outOfFold: {
      auc: metrics.auc,
      logLoss: metrics.logLoss,
      brier: metrics.brier,
      accuracy: metrics.accuracy,
      calibrationError: metrics.calibrationError,
      hosmerLemeshow: evaluation.calibration.hosmerLemeshow,
      byFold: fit.foldMetrics,
      baseline: { auc: fit.baseline.auc, logLoss: fit.baseline.logLoss, accuracy: fit.baseline.accuracy },
    },
    importance: evaluation.features,
    monthlyRate: population.monthlyRate,
    intendedUse: intendedUse(options.meaning),
    limits: limits(about),
  }
}

/** The card for people. */
export function modelCardText(about: AboutModel): string {
  const { fit, evaluation, options, prepared } = about
  const { metrics, calibration } = evaluation
  const p = calibration.hosmerLemeshow.pValue
  const estimate = (value: Estimate, digits: number): string =>
    `${value.value.toFixed(digits)} (${value.low.toFixed(digits)} to ${value.high.toFixed(digits)})`
  const kind = fit.chosen === 'trees' ? `${fit.rounds} boosted trees` : 'Logistic regression'
  const rows = [
    ['AUC', estimate(metrics.auc, 4)],
    ['Log-loss', estimate(metrics.logLoss, 4)],
    [
      'Accuracy at 50 %',
      `${estimate(metrics.accuracy, 4)}, guessing ${metrics.accuracyOfGuessing.toFixed(4)}`,
    ],
    [
      'Calibration error, ten groups',
      `${estimate(metrics.calibrationError, 4)}, a perfect model shows ${calibration.noise.toFixed(4)}`,
    ],
    ['Hosmer-Lemeshow p', p === null ? 'too few distinct scores to test' : p.toFixed(3)],
    [
      'Logistic regression beside it',
      `AUC ${fit.baseline.auc.toFixed(4)}, log-loss ${fit.baseline.logLoss.toFixed(4)}`,
    ],
  ]
  const left = prepared.leftOut.map(({ column, why }) => `- \`${column}\` ${why}`)
  const leaks = prepared.leaks.map(({ sentence }) => `- ${sentence}`)
  const features = evaluation.features
    .slice(0, 15)
    .map(
      ({ label, value, low, high }) =>
        `| ${label} | ${value.toFixed(3)} | ${low.toFixed(3)} to ${high.toFixed(3)} |`,
    )
  return [
    `# ${options.name} ${options.version}`,
    '',
    `${kind} on ${about.featureSet.features.length} features, ${meaningText(options.meaning)}`,
    '',
    '## Data',
    '',
    `${evaluation.rows.toLocaleString('en-US')} customers of ${options.source}, ${evaluation.churned.toLocaleString('en-US')} of them churned (\`${prepared.target.column}\`: ${prepared.target.positive.join(', ')}).${options.origin === undefined ? '' : ` ${options.origin}`}`,
    ...(prepared.dropped === 0 ? [] : ['', `${prepared.dropped} rows without a target were dropped.`]),
    ...(left.length === 0 ? [] : ['', 'Left out:', '', ...left]),
    ...(leaks.length === 0 ? [] : ['', 'Looked like leaks:', '', ...leaks]),
    '',
    '## How good it is',
    '',
    `Measured on customers that neither model nor calibration saw (${fit.folds} stratified folds, seed ${options.seed}), with 95 % intervals. ${fit.why}`,
    '',
    '| figure | value |',
    '| --- | --- |',
    ...rows.map(([name, value]) => `| ${name} | ${value} |`),
    '',
    'Mean change of the log-odds by feature, on customers that the explaining model did not see:',
    '',
    '| feature | importance | 95 % interval |',
    '| --- | --- | --- |',
    ...features,
    '',
    '## Intended use',
    '',
    intendedUse(options.meaning),
    '',
    '## Limits',
    '',
    ...limits(about).map((text) => `- ${text}`),
    '',
  ].join('\n')
}

function meaningText(meaning: ScoreMeaning): string {
  return meaning.kind === 'snapshot'
    ? 'trained on a snapshot: a score says how much a customer resembles those who had left, not when one will leave.'
    : `a score is the probability of leaving within ${meaning.days} days.`
}

function intendedUse(meaning: ScoreMeaning): string {
  return meaning.kind === 'snapshot'
    ? 'To rank customers by risk and to explain why, for the kind of business that the data comes from. Not as a probability within a period: no horizon is attached to it.'
    : `To rank customers by their risk of leaving within ${meaning.days} days and to explain why, for the business that the data comes from.`
}

function limits({ fit, options, population, prepared }: AboutModel): string[] {
  return [
    'It says who is at risk, not whom an action helps: that needs a holdout.',
    'It knows the customers that it was trained on; another market, price or product needs training anew.',
    ...(options.meaning.kind === 'snapshot' && population.monthlyRate !== null
      ? [
          `For decisions over time the snapshot is converted to a monthly hazard by proportional odds, from ${(population.monthlyRate * 100).toFixed(2)} % churn a month (events over months as a customer).`,
        ]
      : []),
    ...(fit.belowFloor === null ? [] : [fit.belowFloor.sentence]),
    ...(prepared.leaks.some((leak) => leak.action === 'warn')
      ? ['Columns that stand out suspiciously were kept; see above.']
      : []),
    'Protected and household columns are left out of the model and of its reasons; other columns may still stand in for them.',
  ]
}
