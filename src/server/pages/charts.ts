/**
 * Plain SVG charts. Positions are shares of the width, so that a chart fits its column and its text keeps its size;
 * each says in words what it shows, and its rows stand below it.
 */
import type { Level, CustomerLine } from '../../store/reads/customers.ts'
import type { RiskPoint } from '../../store/reads/customer.ts'
import type { Totals } from '../../store/reads/totals.ts'
import type { Formats } from './formats.ts'
import { html, type Markup, type Piece } from './html.ts'
import { LEVELS } from './labels.ts'

const LEVEL_ORDER: readonly Level[] = ['LOW', 'MEDIUM', 'HIGH']

/** Customers by risk, each bar stacked by level: low below, high above. */
export function riskChart(totals: Totals, formats: Formats): Markup {
  const { distribution, distributionByLevel } = totals
  const bins = distribution.length
  // At least two fifths of the scale, so that a calm book does not look like a wild one.
  const shown = Math.max(Math.ceil(bins * 0.4), distribution.findLastIndex((count) => count > 0) + 1)
  const most = Math.max(1, ...distribution)
  const height = 150
  const width = 100 / shown
  const bars: Piece[] = []
  for (let bin = 0; bin < shown; bin++) {
    let top = height
    const parts = LEVEL_ORDER.map((level) => {
      const tall = (distributionByLevel[level][bin] / most) * (height - 16)
      top -= tall
      return (
        tall > 0 &&
        html`<rect
          class="bar-${level}"
          x="${share(bin * width + width * 0.06)}"
          width="${share(width * 0.88)}"
          y="${px(top)}"
          height="${px(Math.max(tall, 1))}"
        />`
      )
    })
    const says = `${formats.percent(bin / bins)} to ${formats.percent((bin + 1) / bins)}: ${formats.many(distribution[bin], 'customer')}`
    bars.push(html`<g><title>${says}</title>${parts}</g>`)
  }
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((at) => {
    const bin = at * shown
    const anchor = at === 0 ? 'start' : at === 1 ? 'end' : 'middle'
    return html`<text x="${share(at * 100)}" y="168" text-anchor="${anchor}"
      >${formats.percent(bin / bins)}</text
    >`
  })
  return html`<svg
    class="chart"
    role="img"
    aria-label="How many customers have which risk; the table below says the same"
  >
    ${bars}
    <line class="axis" x1="0" x2="100%" y1="${height}" y2="${height}" />
    ${ticks}
  </svg>`
}

/** The bars as a table. */
export function riskTable({ distribution, distributionByLevel }: Totals, formats: Formats): Markup {
  const bins = distribution.length
  const rows = distribution.map((count, bin) =>
    count === 0
      ? null
      : html`<tr>
          <th scope="row">${formats.percent(bin / bins)} to ${formats.percent((bin + 1) / bins)}</th>
          <td class="figure">${formats.count(count)}</td>
          ${LEVEL_ORDER.toReversed().map((level) => html`<td class="figure">${formats.count(distributionByLevel[level][bin])}</td>`)}
        </tr>`,
  )
  return html`<details>
    <summary>View as table</summary>
    <table>
      <thead>
        <tr>
          <th scope="col">Risk</th>
          <th scope="col" class="figure">Customers</th>
          ${LEVEL_ORDER.toReversed().map((level) => html`<th scope="col" class="figure">${LEVELS[level].word}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </details>`
}

/** How risk moved until now; null where it never did. */
export function trendChart(points: readonly RiskPoint[], now: Date, formats: Formats): Markup | null {
  if (points.length < 2) return null
  const from = points[0].scoredAt.getTime()
  const span = Math.max(1, now.getTime() - from)
  const height = 128
  const most = Math.min(1, Math.max(0.05, ...points.map(({ probability }) => probability)) * 1.15)
  const x = (at: Date): string => share(LEFT + ((at.getTime() - from) / span) * (98 - LEFT))
  const y = (risk: number): string => px(height - (risk / most) * (height - 12))
  const last = points[points.length - 1]
  const places = [
    ...points.map((one) => [one.scoredAt, one.probability] as const),
    [now, last.probability] as const,
  ]
  const lines = places
    .slice(1)
    .map(
      ([at, risk], i) =>
        html`<line
          class="trace"
          x1="${x(places[i][0])}"
          y1="${y(places[i][1])}"
          x2="${x(at)}"
          y2="${y(risk)}"
        />`,
    )
  const dots = points.map(
    (one) =>
      html`<circle class="dot-${one.level}" cx="${x(one.scoredAt)}" cy="${y(one.probability)}" r="3.5"
        ><title>${formats.percent(one.probability)} on ${formats.exact(one.scoredAt)}</title></circle
      >`,
  )
  const grid = [0, most / 2, most].map(
    (risk) =>
      html`<line class="axis" x1="${share(LEFT)}" x2="100%" y1="${y(risk)}" y2="${y(risk)}" /><text
          x="0"
          y="${y(risk)}"
          dy=".32em"
          >${formats.percent(risk)}</text
        >`,
  )
  const first = points[0].probability
  const says = `Risk went from ${formats.percent(first)} on ${formats.day(points[0].scoredAt)} to ${formats.percent(last.probability)} today`
  return html`<svg class="trend" role="img" aria-label="${says}">
    ${grid}${lines}${dots}
    <text x="${share(LEFT)}" y="146">${formats.day(points[0].scoredAt)}</text>
    <text x="98%" y="146" text-anchor="end">today</text>
  </svg>`
}

/** Share of the width that the scale of risks takes. */
const LEFT = 9

/** One reason: how far it moves the risk, to the right where it raises it. */
export function reasonBar(reason: CustomerLine['reasons'][number], most: number): Markup {
  const length = Math.max(1.5, (Math.abs(reason.contribution) / most) * 50)
  const from = reason.raises ? 50 : 50 - length
  return html`<svg class="strip" aria-hidden="true">
    <line class="axis" x1="50%" x2="50%" y1="-6" y2="16" />
    <rect
      class="${reason.raises ? 'raises' : 'lowers'}"
      x="${share(from)}"
      width="${share(length)}"
      y="0"
      height="10"
      rx="1"
    />
  </svg>`
}

const share = (value: number): string => `${value.toFixed(2)}%`
const px = (value: number): string => value.toFixed(1)
