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

/** Hundredths of the risk that the scale ends at, and those of a bar. */
const SCALES = [
  [10, 1],
  [20, 1],
  [40, 2],
  [60, 3],
  [80, 4],
  [100, 5],
] as const
/** Share of the customers that the scale has to hold; the few beyond it are in its last bar. */
const WITHIN = 0.995

interface Bar {
  readonly from: number
  /** Null: and more. */
  readonly to: number | null
  readonly customers: number
  readonly byLevel: Readonly<Record<Level, number>>
}

/** The distribution on the smallest scale that holds nearly everybody. */
export function riskBars({ customers, distribution, distributionByLevel }: Totals): readonly Bar[] {
  const sum = (of: readonly number[], from: number, to?: number): number =>
    of.slice(from, to).reduce((all, count) => all + count, 0)
  const [end, width] =
    SCALES.find(([hundredths]) => sum(distribution, 0, hundredths) >= customers * WITHIN) ?? SCALES[5]
  const more = sum(distribution, end) > 0
  return Array.from({ length: end / width }, (_, at) => {
    const from = at * width
    const last = from + width === end
    const to = last && more ? undefined : from + width
    const level = (of: Level): number => sum(distributionByLevel[of], from, to)
    return {
      from: from / 100,
      to: to === undefined ? null : to / 100,
      customers: sum(distribution, from, to),
      byLevel: { HIGH: level('HIGH'), MEDIUM: level('MEDIUM'), LOW: level('LOW') },
    }
  })
}

function rangeText({ from, to }: Bar, formats: Formats): string {
  return to === null
    ? `${formats.percent(from)} and more`
    : `${formats.percent(from)} to ${formats.percent(to)}`
}

/** Customers by risk, each bar stacked by level: low below, high above. */
export function riskChart(bars: readonly Bar[], formats: Formats): Markup {
  const most = Math.max(1, ...bars.map(({ customers }) => customers))
  const height = 190
  const width = 100 / bars.length
  const columns = bars.map((bar, at): Piece => {
    let top = height
    const parts = LEVEL_ORDER.map((level) => {
      const tall = (bar.byLevel[level] / most) * (height - 16)
      top -= tall
      return (
        tall > 0 &&
        html`<rect
          class="bar-${level}"
          x="${share(at * width + width * 0.06)}"
          width="${share(width * 0.88)}"
          y="${px(Math.min(top, height - 1))}"
          height="${px(Math.max(tall, 1))}"
        />`
      )
    })
    const says = `${rangeText(bar, formats)}: ${formats.many(bar.customers, 'customer')}`
    return html`<g><title>${says}</title>${parts}</g>`
  })
  const last = bars[bars.length - 1]
  const end = last.to ?? last.from + (bars[1].from - bars[0].from)
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((at) => {
    const anchor = at === 0 ? 'start' : at === 1 ? 'end' : 'middle'
    const more = at === 1 && last.to === null ? '+' : ''
    return html`<text x="${share(at * 100)}" y="208" text-anchor="${anchor}"
      >${formats.percent(at * end)}${more}</text
    >`
  })
  return html`<svg
    class="chart"
    role="img"
    aria-label="How many customers have which risk; the table below says the same"
  >
    ${columns}
    <line class="axis" x1="0" x2="100%" y1="${height}" y2="${height}" />
    ${ticks}
  </svg>`
}

/** The bars as a table. */
export function riskTable(bars: readonly Bar[], formats: Formats): Markup {
  const levels = LEVEL_ORDER.toReversed()
  const rows = bars
    .filter(({ customers }) => customers > 0)
    .map(
      (bar) =>
        html`<tr>
          <th scope="row">${rangeText(bar, formats)}</th>
          <td class="figure">${formats.count(bar.customers)}</td>
          ${levels.map((level) => html`<td class="figure">${formats.count(bar.byLevel[level])}</td>`)}
        </tr>`,
    )
  return html`<details>
    <summary>View as table</summary>
    <table>
      <thead>
        <tr>
          <th scope="col">Risk</th>
          <th scope="col" class="figure">Customers</th>
          ${levels.map((level) => html`<th scope="col" class="figure">${LEVELS[level].word}</th>`)}
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
  const highest = Math.max(...points.map(({ probability }) => probability))
  const most = SCALE_ENDS.find((end) => end >= highest * 1.05) ?? 1
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

/** Where a scale of risks may end: its half is a plain number too. */
const SCALE_ENDS = [0.02, 0.04, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1]
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
