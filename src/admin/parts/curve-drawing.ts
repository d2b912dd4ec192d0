/** How curves are drawn: axes, intervals, names at the ends, and where one stands. */
import uPlot from 'uplot'
import type { Curve, CurveChartProps } from './curve-chart.tsx'

type Shown = { readonly current: CurveChartProps }
type ColorOf = (role: string) => string

const FONT = '12px Inter, system-ui, sans-serif'
/** Names at the ends of curves have room from so many pixels on. */
const NAMES_FROM = 560
const NAMES_ROOM = 168

export function curveOptions(
  shown: Shown,
  element: HTMLElement,
  height: number,
  point: (index: number | null) => void,
): uPlot.Options {
  const role = getComputedStyle(document.documentElement)
  const colorOf: ColorOf = (name) => role.getPropertyValue(`--${name}`).trim()
  const { curves, format, formatX, shares = false, rangeX, xs } = shown.current
  const named = curves.some((curve) => curve.named)
  const axis = { stroke: colorOf('third'), font: FONT, ticks: { show: false } }
  const [left, right] = shares ? [0, 1] : (rangeX ?? [xs[0] ?? 0, xs.at(-1) ?? 1])
  return {
    width: element.clientWidth,
    height,
    padding: [10, named && element.clientWidth >= NAMES_FROM ? NAMES_ROOM : 26, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
    scales: {
      x: { time: false, range: () => (left === right ? [left - 1, right + 1] : [left, right]) },
      y: {
        range: (_chart, low, high) =>
          shares ? [0, 1] : rangeY(Math.max(low, shown.current.lowest ?? -Infinity), high),
      },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 28,
        space: 70,
        values: (_chart, splits) => splits.map((x) => formatX(x)),
      },
      {
        ...axis,
        size: 62,
        grid: { stroke: colorOf('line'), width: 1 },
        values: (_chart, splits) => splits.map((value) => format(value)),
      },
    ],
    series: [
      {},
      ...curves.map((curve): uPlot.Series => {
        const stroke = colorOf(markOf(curve))
        return {
          label: curve.label,
          stroke,
          width: curve.dots === true ? 0 : (curve.width ?? 2),
          spanGaps: true,
          points: { show: curve.dots === true, size: 8, fill: stroke },
          ...(curve.dashed === true ? { dash: [4, 4] } : {}),
        }
      }),
    ],
    hooks: {
      drawClear: [(chart) => drawIntervals(chart, shown.current, colorOf)],
      draw: [
        (chart) => {
          drawZero(chart, colorOf)
          drawNames(chart, shown.current, colorOf)
          drawHere(chart, shown.current, colorOf)
        },
      ],
      setCursor: [(chart) => point(chart.cursor.idx ?? null)],
    },
  }
}

/** Nought is always in sight. */
function rangeY(low: number, high: number): [number, number] {
  const [bottom, top] = [Math.min(0, low ?? 0), Math.max(0, high ?? 1)]
  const pad = (top - bottom || 1) * 0.08
  return [bottom < 0 ? bottom - pad : 0, top + pad]
}

const markOf = ({ color = 'accent' }: Curve): string =>
  color === 'high' || color === 'medium' || color === 'low' ? `${color}-mark` : color

function drawIntervals(chart: uPlot, { xs, curves }: CurveChartProps, colorOf: ColorOf): void {
  const { ctx } = chart
  ctx.save()
  ctx.lineWidth = 1.5 * window.devicePixelRatio
  for (const curve of curves) {
    ctx.strokeStyle = colorOf(markOf(curve))
    curve.intervals?.forEach(({ low, high }, at) => {
      const x = chart.valToPos(xs[at], 'x', true)
      ctx.beginPath()
      ctx.moveTo(x, chart.valToPos(low, 'y', true))
      ctx.lineTo(x, chart.valToPos(high, 'y', true))
      ctx.stroke()
    })
  }
  ctx.restore()
}

/** Where values are below nought as well, it is a line that one looks for. */
function drawZero(chart: uPlot, colorOf: ColorOf): void {
  const { ctx, bbox } = chart
  if ((chart.scales['y']?.min ?? 0) >= 0) return
  const y = chart.valToPos(0, 'y', true)
  ctx.save()
  ctx.strokeStyle = colorOf('line-strong')
  ctx.lineWidth = window.devicePixelRatio
  ctx.beginPath()
  ctx.moveTo(bbox.left, y)
  ctx.lineTo(bbox.left + bbox.width, y)
  ctx.stroke()
  ctx.restore()
}

function drawNames(chart: uPlot, { curves }: CurveChartProps, colorOf: ColorOf): void {
  const { ctx, bbox } = chart
  const scale = window.devicePixelRatio
  if (chart.width < NAMES_FROM) return
  const ends = curves
    .flatMap((curve) => {
      const last = curve.values.at(-1)
      return curve.named !== true || last === null || last === undefined
        ? []
        : [{ curve, y: Math.min(chart.valToPos(last, 'y', true), bbox.top + bbox.height) }]
    })
    .toSorted((a, b) => a.y - b.y)
  ctx.save()
  ctx.font = FONT.replace('12px', `${12 * scale}px`)
  ctx.textAlign = 'left'
  ctx.textBaseline = 'middle'
  let free = -Infinity
  for (const { curve, y } of ends) {
    // None stands on another.
    const at = Math.max(y, free)
    free = at + 15 * scale
    ctx.fillStyle = colorOf(curve.color === 'accent' ? 'accent' : 'second')
    ctx.fillText(curve.label, bbox.left + bbox.width + 8 * scale, at, (NAMES_ROOM - 12) * scale)
  }
  ctx.restore()
}

function drawHere(chart: uPlot, { here }: CurveChartProps, colorOf: ColorOf): void {
  if (here === undefined) return
  const { ctx } = chart
  const scale = window.devicePixelRatio
  ctx.save()
  ctx.fillStyle = colorOf('ground')
  ctx.strokeStyle = colorOf('accent')
  ctx.lineWidth = 2.5 * scale
  ctx.setLineDash([])
  ctx.beginPath()
  ctx.arc(chart.valToPos(here.x, 'x', true), chart.valToPos(here.y, 'y', true), 5.5 * scale, 0, 2 * Math.PI)
  ctx.fill()
  ctx.stroke()
  ctx.restore()
}
