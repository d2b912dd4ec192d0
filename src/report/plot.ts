/**
 * Plain SVG plots: thin axes, labels at the lines instead of legends, exact values on hover (SVG titles, no
 * script). Colours are roles of the page's style sheet, so both themes fit.
 */
import { escapeMarkup } from './markup.ts'

export interface Axis {
  readonly label: string
  readonly from: number
  readonly to: number
  readonly ticks: readonly number[]
  readonly format: (value: number) => string
}

export type Layer =
  | {
      readonly kind: 'line'
      readonly points: readonly (readonly [number, number])[]
      readonly role: 'main' | 'second' | 'reference'
      /** Direct label, and where it stands (in data units). */
      readonly label?: {
        readonly text: string
        readonly x: number
        readonly y: number
        readonly anchor?: 'start' | 'end'
      }
      /** What hovering near a point says. */
      readonly title?: (x: number, y: number) => string
    }
  | {
      readonly kind: 'interval'
      /** x, estimate, low, high */
      readonly points: readonly (readonly [number, number, number, number])[]
      readonly title: (x: number, y: number, low: number, high: number) => string
    }
  | {
      readonly kind: 'mark'
      readonly x: number
      readonly label: string
    }

export interface Plot {
  readonly name: string
  readonly x: Axis
  readonly y: Axis
  readonly layers: readonly Layer[]
  readonly width?: number
  readonly height?: number
}

const margin = { left: 46, right: 14, top: 34, bottom: 40 }

/**
 * @returns an `<svg>` that scales with its column
 */
export function plotSvg(plot: Plot): string {
  const width = plot.width ?? 520
  const height = plot.height ?? 340
  const innerWidth = width - margin.left - margin.right
  const innerHeight = height - margin.top - margin.bottom
  const px = (value: number): string =>
    (margin.left + ((value - plot.x.from) / (plot.x.to - plot.x.from)) * innerWidth).toFixed(1)
  const py = (value: number): string =>
    (margin.top + innerHeight - ((value - plot.y.from) / (plot.y.to - plot.y.from)) * innerHeight).toFixed(1)
  const bottom = margin.top + innerHeight

  const grid = plot.y.ticks
    .map(
      (tick) =>
        `<line class="grid" x1="${margin.left}" x2="${width - margin.right}" y1="${py(tick)}" y2="${py(tick)}"/>` +
        `<text class="tick" x="${margin.left - 8}" y="${py(tick)}" dy=".35em" text-anchor="end">${escapeMarkup(plot.y.format(tick))}</text>`,
    )
    .join('')
  const xTicks = plot.x.ticks
    .map(
      (tick) =>
        `<text class="tick" x="${px(tick)}" y="${bottom + 16}" text-anchor="middle">${escapeMarkup(plot.x.format(tick))}</text>`,
    )
    .join('')
  const labels =
    `<text class="axis" x="${margin.left + innerWidth / 2}" y="${height - 6}" text-anchor="middle">${escapeMarkup(plot.x.label)}</text>` +
    `<text class="axis" x="0" y="12">${escapeMarkup(plot.y.label)}</text>`

  return (
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeMarkup(plot.name)}">` +
    `${grid}<line class="base" x1="${margin.left}" x2="${width - margin.right}" y1="${bottom}" y2="${bottom}"/>${xTicks}${labels}` +
    plot.layers.map((layer) => layerSvg(layer, px, py, margin.top, bottom)).join('') +
    '</svg>'
  )
}

type Scale = (value: number) => string

function layerSvg(layer: Layer, px: Scale, py: Scale, top: number, bottom: number): string {
  switch (layer.kind) {
    case 'line': {
      const path = layer.points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${px(x)} ${py(y)}`).join('')
      const title = layer.title
      const hits =
        title === undefined
          ? ''
          : layer.points
              .map(
                ([x, y]) =>
                  `<circle class="hit" cx="${px(x)}" cy="${py(y)}" r="5"><title>${escapeMarkup(title(x, y))}</title></circle>`,
              )
              .join('')
      const label =
        layer.label === undefined
          ? ''
          : `<text class="name ${layer.role}" x="${px(layer.label.x)}" y="${py(layer.label.y)}" text-anchor="${layer.label.anchor ?? 'start'}">${escapeMarkup(layer.label.text)}</text>`
      return `<path class="line ${layer.role}" d="${path}"/>${label}${hits}`
    }
    case 'interval':
      return layer.points
        .map(
          ([x, y, low, high]) =>
            `<g class="interval"><line x1="${px(x)}" x2="${px(x)}" y1="${py(low)}" y2="${py(high)}"/>` +
            `<circle cx="${px(x)}" cy="${py(y)}" r="3.5"/>` +
            `<circle class="hit" cx="${px(x)}" cy="${py(y)}" r="9"><title>${escapeMarkup(layer.title(x, y, low, high))}</title></circle></g>`,
        )
        .join('')
    case 'mark':
      return (
        `<line class="mark" x1="${px(layer.x)}" x2="${px(layer.x)}" y1="${top}" y2="${bottom}"/>` +
        `<text class="tick" x="${px(layer.x)}" y="${top + 4}" dx="5" dy=".35em">${escapeMarkup(layer.label)}</text>`
      )
  }
}

export interface Bar {
  readonly label: string
  readonly value: number
  readonly low?: number
  readonly high?: number
  readonly text: string
}

/** Horizontal bars with their interval, the label above each bar so that long names never collide. */
export function barsSvg(name: string, bars: readonly Bar[], width = 520): string {
  const step = 38
  const height = bars.length * step + 6
  const right = 74
  const most = Math.max(...bars.map((bar) => bar.high ?? bar.value), Number.MIN_VALUE)
  const scale = (value: number): number => (Math.max(0, value) / most) * (width - right)
  const rows = bars.map((bar, index) => {
    const y = index * step
    const interval =
      bar.low === undefined || bar.high === undefined
        ? ''
        : `<line class="whisker" x1="${scale(bar.low).toFixed(1)}" x2="${scale(bar.high).toFixed(1)}" y1="${y + 26}" y2="${y + 26}"/>`
    return (
      `<g><title>${escapeMarkup(`${bar.label}: ${bar.text}`)}</title>` +
      `<text class="label" x="0" y="${y + 14}">${escapeMarkup(bar.label)}</text>` +
      `<rect class="bar" x="0" y="${y + 21}" width="${Math.max(1, scale(bar.value)).toFixed(1)}" height="10" rx="1"/>${interval}` +
      `<text class="tick" x="${width}" y="${y + 30}" text-anchor="end">${escapeMarkup(bar.text)}</text></g>`
    )
  })
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeMarkup(name)}">${rows.join('')}</svg>`
}
