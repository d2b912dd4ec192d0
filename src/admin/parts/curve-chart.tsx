/** Curves over a number that is no time: exact values when pointed at, and the same as a table below. */
import { useEffect, useId, useRef, useState } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { useComputedColorScheme } from '@mantine/core'
import { AsTable } from './as-table.tsx'
import { curveOptions } from './curve-drawing.ts'
import style from './series-chart.module.css'

export interface Curve {
  readonly label: string
  /** As many as `xs`; null: not known there. */
  readonly values: readonly (number | null)[]
  /** A role of tokens.css; default accent. */
  readonly color?: 'accent' | 'high' | 'medium' | 'low' | 'third'
  readonly dashed?: boolean
  /** Marks without a line between them. */
  readonly dots?: boolean
  /** Of each value its 95 % interval. */
  readonly intervals?: readonly { readonly low: number; readonly high: number }[]
  /** Its name stands at its end; for charts of many. */
  readonly named?: boolean
  readonly width?: number
  /** In the legend, where its values are said when pointed at; default true. */
  readonly told?: boolean
}

export interface CurveChartProps {
  /** What it shows, in a sentence: what a screen reader is told. */
  readonly caption: string
  /** What the numbers along the bottom are. */
  readonly xLabel: string
  /** Ascending. */
  readonly xs: readonly number[]
  formatX(x: number): string
  readonly curves: readonly Curve[]
  format(value: number): string
  readonly height?: number
  /** Both axes go from 0 to 1. */
  readonly shares?: boolean
  /** Of the axis along the bottom, where it is not what `xs` spans. */
  readonly rangeX?: readonly [number, number]
  /** What lies below it is in the table only. */
  readonly lowest?: number
  /** Where one stands on the curves. */
  readonly here?: { readonly x: number; readonly y: number } | undefined
}

export function CurveChart(props: CurveChartProps) {
  const { caption, xLabel, xs, formatX, curves, format, height = 240 } = props
  const scheme = useComputedColorScheme()
  const id = useId()
  const [pointed, setPointed] = useState<number | null>(null)
  const at = pointed !== null && pointed < xs.length ? pointed : null
  return (
    <figure className={style.figure} aria-labelledby={id}>
      <figcaption id={id} className="unseen">
        {caption}
      </figcaption>
      {/* Colours are read when it is drawn: another scheme draws anew. */}
      <Drawing key={scheme} {...props} height={height} point={setPointed} />
      <div className={style.legend} aria-hidden="true">
        <span className={at === null ? undefined : 'strong'}>
          {xLabel}
          {at === null ? '' : ` ${formatX(xs[at])}`}
        </span>
        {curves
          .filter(({ told = true }) => told)
          .map(({ label, values, color = 'accent', named = false }) => {
            const value = at === null ? null : values[at]
            return (
              <span key={label} className={named && at === null ? style.named : undefined}>
                <i className={`${style.key} ${style[color]}`} />
                {label}
                {value === null ? '' : `: ${format(value)}`}
              </span>
            )
          })}
      </div>
      <AsTable
        caption={caption}
        heads={[xLabel, ...curves.map(({ label }) => label)]}
        rows={xs.map((x, row) => [
          formatX(x),
          ...curves.map(({ values, intervals }) => {
            const value = values[row]
            if (value === null) return ''
            const interval = intervals?.[row]
            return interval === undefined
              ? format(value)
              : `${format(value)} (${format(interval.low)} to ${format(interval.high)})`
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
}: CurveChartProps & { height: number; point: (index: number | null) => void }) {
  const place = useRef<HTMLDivElement>(null)
  const chart = useRef<uPlot | null>(null)
  const shown = useRef(props)
  const { xs, curves, here } = props
  const marked = here === undefined ? null : `${here.x} ${here.y}`
  useEffect(() => {
    shown.current = props
  })
  // Drawn anew when what it shows is another, not whenever the page around it is.
  const drawn = JSON.stringify([xs, ...curves.map(({ values }) => values)])
  useEffect(() => {
    const element = place.current
    if (element === null) return undefined
    const made = new uPlot(
      curveOptions(shown, element, height, point),
      JSON.parse(drawn) as uPlot.AlignedData,
      element,
    )
    chart.current = made
    const watch = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }))
    watch.observe(element)
    return () => {
      watch.disconnect()
      chart.current = null
      made.destroy()
    }
  }, [drawn, height, point, shown])
  useEffect(() => {
    if (marked !== null) chart.current?.redraw(false)
  }, [marked])
  return <div ref={place} className={style.place} style={{ height }} aria-hidden="true" />
}
