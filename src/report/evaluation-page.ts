/**
 * The report of `holdfast evaluate`: how far a churn model can be trusted, for somebody who has to decide
 * whether to act on it. A sentence before each chart, the rows behind it below.
 */
import type { Evaluation, ThresholdReport } from '../../models/churn/evaluate.ts'
import type { Estimate } from '../../models/churn/statistics.ts'
import { asTable, escapeMarkup, markupTable } from './markup.ts'
import { renderPage } from './page.ts'
import { barsSvg, plotSvg, type Axis } from './plot.ts'

export interface EvaluationReport {
  readonly evaluation: Evaluation
  /** Name of the judged model, and how it came about: "200 trees, cross-validated in 5 folds". */
  readonly model: string
  readonly method: string
  /** Name of the file, without its folder. */
  readonly file: string
  readonly target: string
  /** What a probability means: "has churned at the time of the snapshot", "churns within 90 days". */
  readonly meaning: string
  /** What the importance of a feature is measured in. */
  readonly importance: string
  readonly warnings: readonly string[]
  readonly createdOn: string
}

/** @returns one HTML document that needs nothing beside it */
export function evaluationPage(report: EvaluationReport): string {
  const { evaluation, file } = report
  return renderPage({
    title: `${report.model} on ${file}`,
    body: [
      head(report),
      `<div class="two">${ranking(evaluation)}${precisionRecall(evaluation)}</div>`,
      `<div class="two">${calibration(evaluation)}${gain(evaluation)}</div>`,
      thresholds(evaluation),
      evaluation.features.length > 0 ? features(report) : '',
      foot(report),
    ].join('\n'),
  })
}

function head(report: EvaluationReport): string {
  const { metrics, rows, churned, baseRate, calibration: bins } = report.evaluation
  const pValue = bins.hosmerLemeshow.pValue
  const warnings = report.warnings.map((text) => `<p class="warning">${escapeMarkup(text)}</p>`).join('')
  const figure = (name: string, value: string, note: string): string =>
    `<div><dt>${name}</dt><dd>${value}<small>${note}</small></dd></div>`
  return `<header>
<p class="eyebrow">${escapeMarkup(report.model)} · ${escapeMarkup(report.file)} · ${escapeMarkup(report.createdOn)}</p>
<h1>${headline(metrics.auc)}</h1>
<p class="lead">Measured on ${whole(rows)} customers, of whom ${whole(churned)} (${share(baseRate.value)}) ${escapeMarkup(report.meaning)}. ${escapeMarkup(report.method)}</p>
${warnings}
<dl class="figures">
${figure(
  'Ranking (AUC)',
  metrics.auc.value.toFixed(3),
  interval(metrics.auc, (v) => v.toFixed(3)),
)}
${figure('Log-loss', metrics.logLoss.value.toFixed(4), `${interval(metrics.logLoss, (v) => v.toFixed(4))}; explains ${share(metrics.logLossSkill.value)} of what guessing the base rate leaves open`)}
${figure('Accuracy at 50 %', share(metrics.accuracy.value), `${interval(metrics.accuracy, share)}; always saying the same is right in ${share(metrics.accuracyOfGuessing)}`)}
${figure('Calibration error', metrics.calibrationError.value.toFixed(4), `a perfect model would show about ${bins.noise.toFixed(4)} on so many customers${pValue === null ? '' : `; Hosmer-Lemeshow p ${pValue.toFixed(2)}`}`)}
</dl></header>`
}

function headline(auc: Estimate): string {
  if (auc.low <= 0.5) return 'Not better than chance: these scores should not decide anything'
  const of100 = Math.round(auc.value * 100)
  return `Of a customer who left and one who stayed, it puts the right one higher ${of100} times in 100`
}

const shareAxis = (label: string): Axis => ({
  label,
  from: 0,
  to: 1,
  ticks: [0, 0.25, 0.5, 0.75, 1],
  format: (value) => `${Math.round(value * 100)}\u00a0%`,
})

function ranking({ roc, metrics }: Evaluation): string {
  const middle = roc[Math.floor(roc.length * 0.45)]
  const plot = plotSvg({
    name: `ROC curve, area ${metrics.auc.value.toFixed(3)}`,
    x: shareAxis('kept customers flagged by mistake'),
    y: shareAxis('churned customers found'),
    layers: [
      {
        kind: 'line',
        role: 'reference',
        points: [
          [0, 0],
          [1, 1],
        ],
        label: { text: 'chance', x: 0.72, y: 0.66 },
      },
      {
        kind: 'line',
        role: 'main',
        points: roc.map(({ x, y }) => [x, y]),
        label: { text: `AUC ${metrics.auc.value.toFixed(3)}`, x: middle.x + 0.05, y: middle.y - 0.07 },
        title: (x, y) => `finds ${share(y)} of those who leave while flagging ${share(x)} of those who stay`,
      },
    ],
  })
  return section(
    'Who is at risk',
    `The further the line bends from the diagonal, the better risk is told apart. Area ${metrics.auc.value.toFixed(3)}, 95 % interval ${interval(metrics.auc, (v) => v.toFixed(3))}.`,
    plot +
      asTable(
        ['Threshold', 'Kept, flagged', 'Churned, found'],
        thin(roc, 20).map((point) => [share(point.threshold), share(point.x), share(point.y)]),
      ),
  )
}

function precisionRecall({ precisionRecall: curve, baseRate, metrics }: Evaluation): string {
  const middle = curve.find((point) => point.x >= 0.3) ?? curve[0]
  const plot = plotSvg({
    name: 'Precision-recall curve',
    x: shareAxis('churned customers found (recall)'),
    y: shareAxis('flagged who really churned (precision)'),
    layers: [
      {
        kind: 'line',
        role: 'reference',
        points: [
          [0, baseRate.value],
          [1, baseRate.value],
        ],
        label: {
          text: `base rate ${share(baseRate.value)}`,
          x: 0.02,
          y: Math.max(0.02, baseRate.value - 0.055),
        },
      },
      {
        kind: 'line',
        role: 'main',
        points: curve.map(({ x, y }) => [x, y]),
        label: {
          text: `average precision ${metrics.averagePrecision.toFixed(3)}`,
          x: middle.x + 0.02,
          y: Math.min(0.95, middle.y + 0.06),
        },
        title: (x, y) => `to find ${share(x)} of those who leave, ${share(y)} of the flagged are right`,
      },
    ],
  })
  return section(
    'How many of the flagged are right',
    'Reaching more of those who leave costs more calls to people who would have stayed.',
    plot +
      asTable(
        ['Threshold', 'Recall', 'Precision'],
        thin(curve, 20).map((point) => [share(point.threshold), share(point.x), share(point.y)]),
      ),
  )
}

function calibration({ calibration: { bins, noise }, metrics }: Evaluation): string {
  const most = Math.min(1, Math.max(...bins.map((bin) => Math.max(bin.predicted, bin.observed.high))) * 1.08)
  const step = [0.01, 0.02, 0.05, 0.1, 0.2, 0.25].find((width) => most / width <= 6) ?? 0.25
  const axis = (label: string): Axis => ({
    label,
    from: 0,
    to: most,
    ticks: Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, i) => i * step),
    format: (value) => `${Number((value * 100).toFixed(1))}\u00a0%`,
  })
  const plot = plotSvg({
    name: 'Calibration',
    x: axis('predicted probability'),
    y: axis('observed churn'),
    layers: [
      {
        kind: 'line',
        role: 'reference',
        points: [
          [0, 0],
          [most, most],
        ],
      },
      {
        kind: 'interval',
        points: bins.map((bin) => [bin.predicted, bin.observed.value, bin.observed.low, bin.observed.high]),
        title: (x, y, low, high) =>
          `predicted ${share(x)}, observed ${share(y)} (${share(low)} to ${share(high)})`,
      },
    ],
  })
  const error = metrics.calibrationError.value
  const verdict =
    error <= noise * 1.6
      ? 'The probabilities mean what they say, as far as so many customers can show.'
      : error <= 0.02
        ? 'The probabilities are close to what really happened.'
        : 'The probabilities are off by more than chance explains: trust the order, not the percentages.'
  return section(
    'Whether 30 % means 30 %',
    `${verdict} Ten groups of equal size; bars are 95 % intervals.`,
    plot +
      asTable(
        ['Predicted', 'Observed', '95 % interval', 'Customers'],
        bins.map((bin) => [
          share(bin.predicted),
          share(bin.observed.value),
          interval(bin.observed, share),
          whole(bin.count),
        ]),
      ),
  )
}

function gain({ deciles }: Evaluation): string {
  const points: [number, number][] = [
    [0, 0],
    ...deciles.map((d): [number, number] => [d.decile / 10, d.cumulativeGain]),
  ]
  const two = deciles.find((decile) => decile.decile === 2) ?? deciles[deciles.length - 1]
  const plot = plotSvg({
    name: 'Cumulative gain',
    x: shareAxis('customers, highest risk first'),
    y: shareAxis('churned customers reached'),
    layers: [
      {
        kind: 'line',
        role: 'reference',
        points: [
          [0, 0],
          [1, 1],
        ],
        label: { text: 'at random', x: 0.7, y: 0.63 },
      },
      {
        kind: 'line',
        role: 'main',
        points,
        label: {
          text: 'by risk',
          x: points[4]?.[0] ?? 0.4,
          y: (points[4]?.[1] ?? 0.6) + 0.05,
          anchor: 'end',
        },
        title: (x, y) => `the first ${share(x)} hold ${share(y)} of those who leave`,
      },
    ],
  })
  return section(
    'What working from the top brings',
    `The riskiest fifth holds ${share(two.cumulativeGain)} of all who leave: ${two.cumulativeLift.toFixed(1)} times what a random fifth would.`,
    plot +
      asTable(
        ['Tenth', 'Customers', 'Churned', 'Rate', 'Lift', 'Cumulative gain', 'Cumulative lift'],
        deciles.map((d) => [
          String(d.decile),
          whole(d.customers),
          whole(Math.round(d.churned)),
          share(d.rate),
          d.lift.toFixed(2),
          share(d.cumulativeGain),
          d.cumulativeLift.toFixed(2),
        ]),
      ),
  )
}

function thresholds({ thresholds: reports }: Evaluation): string {
  const matrix = (
    report: ThresholdReport,
  ): string => `<div><h2>${escapeMarkup(report.name)}: from ${share(report.threshold)}</h2>
<p class="note">Flags ${share(report.flagged)} of customers.</p>
${markupTable(
  ['', 'flagged', 'not flagged'],
  [
    ['churned', whole(report.truePositives), whole(report.falseNegatives)],
    ['kept', whole(report.falsePositives), whole(report.trueNegatives)],
  ],
)}
<p class="note">Right when flagged: ${report.precision === null ? 'nobody is' : `${share(report.precision.value)} (${interval(report.precision, share)})`}. Finds ${share(report.recall.value)} (${interval(report.recall, share)}) of those who leave. Accuracy ${share(report.accuracy.value)}.</p></div>`
  return `<section><h2>Right and wrong at the thresholds</h2><p class="note">Where a level begins, how many of whom end up on which side.</p><div class="two">${reports.map(matrix).join('')}</div></section>`
}

function features({ evaluation, importance }: EvaluationReport): string {
  const top = evaluation.features.slice(0, 15)
  const format = (value: number): string => value.toFixed(3)
  const bars = barsSvg(
    'The features that matter',
    top.map(({ label, value, low, high }) => ({
      label: capital(label),
      value,
      low,
      high,
      text: format(value),
    })),
  )
  return `<section><h2>The features that matter</h2><p class="note">${escapeMarkup(importance)} Lines are 95 % intervals.</p><div class="narrow">${bars}${asTable(
    ['Feature', 'Importance', '95 % interval'],
    evaluation.features.map((feature) => [
      capital(feature.label),
      format(feature.value),
      interval(feature, format),
    ]),
  )}</div></section>`
}

function foot(report: EvaluationReport): string {
  return `<footer><p>Target: ${escapeMarkup(report.target)}. AUC interval by DeLong, shares by Wilson, the rest by bootstrap; every figure comes from customers that neither the model nor its calibration saw. What the figures cannot say: whether tomorrow's customers resemble these, and whether an action helps; the second needs a holdout.</p></footer>`
}

function section(title: string, text: string, body: string): string {
  return `<section><h2>${escapeMarkup(title)}</h2><p class="note">${escapeMarkup(text)}</p>${body}</section>`
}

function share(value: number): string {
  const text = value * 100
  return `${text.toFixed(text === 100 || text === 0 ? 0 : 1)}\u00a0%`
}

function interval(
  { low, high }: { readonly low: number; readonly high: number },
  format: (value: number) => string,
): string {
  return `${format(low)} to ${format(high)}`
}

function whole(value: number): string {
  return value.toLocaleString('en-US')
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function thin<T>(items: readonly T[], most: number): T[] {
  const step = Math.max(1, Math.ceil(items.length / most))
  return items.filter((_, index) => index % step === 0 || index === items.length - 1)
}
