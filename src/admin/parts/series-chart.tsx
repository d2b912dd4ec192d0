/** Series over time, with exact values when pointed at, and the same as a table below. uPlot draws: small and quick. */
import { useEffect, useId, useRef, useState } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { useComputedColorScheme } from '@mantine/core'
import { useWords } from '../api/frame.ts'
import { AsTable } from './as-table.tsx'
import style from './series-chart.module.css'

export interface Series {
  readonly label: string
  /** As many as `at`; null: not known then. */
  readonly values: readonly (number | null)[]
  /** A role of tokens.css; default accent. */
  readonly color?: 'accent' | 'high' | 'medium' | 'low' | 'third'
  /** Values between two series, such as an interval, are shaded towards this one (its place in the list). */
  readonly fillTo?: number
  readonly dashed?: boolean
}

export interface SeriesChartProps {
  /** What it shows, in a sentence: what a screen reader is told. */
  readonly caption: string
  /** ISO instants or dates, ascending. */
  readonly at: readonly string[]
  readonly series: readonly Series[]
  /** How a value is written: on the axis, when pointed at, in the table. */
  format(value: number): string
  readonly height?: number
  /** Shaded between two values, such as the range of a level. */
  readonly bands?: readonly {
    readonly from: number
    readonly to: number
    readonly color: 'high' | 'medium'
  }[]
  /** Moments that matter, with a word each. */
  readonly marks?: readonly { readonly at: string; readonly label: string }[]
  /** The axis begins at nought unless told otherwise. */
  readonly fromZero?: boolean
}

export function SeriesChart(props: SeriesChartProps) {
  const { caption, at, series, format, height = 200 } = props
  const scheme = useComputedColorScheme()
  const id = useId()
  const words = useWords()
  const [pointed, setPointed] = useState<number | null>(null)
  return (
    <figure className={style.figure} aria-labelledby={id}>
      <figcaption id={id} className="unseen">
        {caption}
      </figcaption>
      {/* Colours are read when it is drawn: another scheme draws anew. */}
      <Drawing key={scheme} {...props} height={height} point={setPointed} />
      <div className={style.legend} aria-hidden="true">
        {pointed === null ? (
          // The heading above it says what a single one is.
          series.length > 1 &&
          series.map(({ label, color = 'accent' }) => (
            <span key={label}>
              <i className={`${style.key} ${style[color]}`} />
              {label}
            </span>
          ))
        ) : (
          <>
            <span className="strong">{words.day(at[pointed].slice(0, 10))}</span>
            {series.map(({ label, values, color = 'accent' }) => {
              const value = values[pointed]
              return (
                <span key={label}>
                  <i className={`${style.key} ${style[color]}`} />
                  {label}: {value === null ? 'not known' : format(value)}
                </span>
              )
            })}
          </>
        )}
      </div>
      <AsTable
        caption={caption}
        heads={['Day', ...series.map(({ label }) => label)]}
        rows={at.map((one, row) => [
          words.day(one.slice(0, 10)),
          ...series.map(({ values }) => {
            const value = values[row]
            return value === null ? '' : format(value)
          }),
        ])}
      />
    </figure>
  )
}

function Drawing({
  point,
  height,
  ...props
}: SeriesChartProps & { height: number; point: (index: number | null) => void }) {
  const { at, series } = props
  const place = useRef<HTMLDivElement>(null)
  const shown = useRef(props)
  useEffect(() => {
    shown.current = props
  })
  // Drawn anew when what it shows is another, not whenever the page around it is.
  const drawn = JSON.stringify([
    at.map((one) => Date.parse(one) / 1000),
    ...series.map(({ values }) => values),
  ])
  useEffect(() => {
    const element = place.current
    if (element === null) return undefined
    const chart = new uPlot(
      optionsFor(shown, element, height, point),
      JSON.parse(drawn) as uPlot.AlignedData,
      element,
    )
    const watch = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height }))
    watch.observe(element)
    return () => {
      watch.disconnect()
      chart.destroy()
    }
  }, [drawn, height, point, shown])
  return <div ref={place} className={style.place} style={{ height }} aria-hidden="true" />
}

function optionsFor(
  shown: { readonly current: SeriesChartProps },
  element: HTMLElement,
  height: number,
  point: (index: number | null) => void,
): uPlot.Options {
  const role = getComputedStyle(document.documentElement)
  const color = (name: string): string => role.getPropertyValue(`--${name}`).trim()
  const { series, format, fromZero = true } = shown.current
  const font = '12px Inter, system-ui, sans-serif'
  return {
    width: element.clientWidth,
    height,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
    scales: {
      y: {
        range: (_chart, low, high) => {
          const bottom = fromZero ? Math.min(0, low) : low
          return uPlot.rangeNum(bottom, high === bottom ? bottom + 1 : high, {
            min: {
              pad: fromZero ? 0 : 0.1,
              hard: bottom >= 0 ? 0 : -Infinity,
              soft: 0,
              mode: fromZero ? 1 : 3,
            },
            max: { pad: 0.1, hard: Infinity, soft: 0, mode: 3 },
          })
        },
      },
    },
    axes: [
      {
        stroke: color('third'),
        font,
        grid: { show: false },
        ticks: { show: false },
        space: 80,
        size: 30,
        // Several places of one day need its name once.
        values: (_chart, splits) =>
          splits.map((at, place) =>
            place > 0 && dayLabel(at) === dayLabel(splits[place - 1]) ? '' : dayLabel(at),
          ),
      },
      {
        stroke: color('third'),
        font,
        size: 58,
        grid: { stroke: color('line'), width: 1 },
        ticks: { show: false },
        values: (_chart, splits) => splits.map((value) => format(value)),
      },
    ],
    series: [
      {},
      ...series.map((one): uPlot.Series => ({
        label: one.label,
        stroke: color(markRole(one.color)),
        width: 2,
        points: { show: one.values.length < 3 },
        ...(one.dashed === true ? { dash: [4, 4] } : {}),
      })),
    ],
    bands: series.flatMap(({ fillTo, color: own }, at): uPlot.Band[] =>
      fillTo === undefined ? [] : [{ series: [at + 1, fillTo + 1], fill: `${color(markRole(own))}22` }],
    ),
    hooks: {
      drawClear: [(chart) => drawBands(chart, shown.current, color)],
      draw: [(chart) => drawMarks(chart, shown.current, color, font)],
      setCursor: [(chart) => point(chart.cursor.idx ?? null)],
    },
  }
}

const markRole = (color: Series['color'] = 'accent'): string =>
  color === 'high' || color === 'medium' || color === 'low' ? `${color}-mark` : color

const dayFormat = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' })
const dayLabel = (seconds: number): string => dayFormat.format(new Date(seconds * 1000))

function drawBands(chart: uPlot, { bands = [] }: SeriesChartProps, color: (name: string) => string): void {
  const { left, width } = chart.bbox
  for (const band of bands) {
    const [top, bottom] = [band.to, band.from].map((value) => chart.valToPos(value, 'y', true))
    chart.ctx.fillStyle = color(`${band.color}-pale`)
    const from = Math.max(top, chart.bbox.top)
    const to = Math.min(bottom, chart.bbox.top + chart.bbox.height)
    if (to > from) chart.ctx.fillRect(left, from, width, to - from)
  }
}

function drawMarks(
  chart: uPlot,
  { marks = [] }: SeriesChartProps,
  color: (name: string) => string,
  font: string,
): void {
  const { ctx, bbox } = chart
  const scale = window.devicePixelRatio
  ctx.save()
  ctx.font = font.replace('12px', `${12 * scale}px`)
  for (const { at, label } of marks) {
    const x = chart.valToPos(Date.parse(at) / 1000, 'x', true)
    if (x < bbox.left || x > bbox.left + bbox.width) continue
    ctx.strokeStyle = color('accent')
    ctx.setLineDash([3 * scale, 3 * scale])
    ctx.beginPath()
    ctx.moveTo(x, bbox.top)
    ctx.lineTo(x, bbox.top + bbox.height)
    ctx.stroke()
    ctx.fillStyle = color('second')
    const near = x > bbox.left + bbox.width * 0.7
    ctx.textAlign = near ? 'right' : 'left'
    ctx.fillText(label, x + (near ? -6 : 6) * scale, bbox.top + 12 * scale)
  }
  ctx.restore()
}
