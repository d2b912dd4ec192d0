/**
 * Liquid for what people write into settings: held so tight that neither the writer of a template nor a customer's
 * name can do harm, and with errors that name the place.
 */
import { Liquid } from 'liquidjs'
import type { Template } from 'liquidjs'
import { HoldfastError } from '../src/contracts/errors.ts'

/** Renders one part of a template. @throws HoldfastError `template_invalid` */
export type LiquidPart<Data extends object> = (data: Data) => string

export interface LiquidSource {
  /** What it is part of, as people are told: `"email" in "de"`. */
  readonly name: string
  /** Which part: `subject`. */
  readonly part: string
  readonly source: string
  /** All that it can name. */
  readonly variables: readonly string[]
  /** Whether values are escaped for HTML. */
  readonly escapes: boolean
}

/**
 * @throws HoldfastError `template_invalid` naming the part, the line and what is wrong there
 * @example
 * liquidPart({ name: '"sms" in "en"', part: 'text', source: 'Hello {{ name }}', variables: ['name'], escapes: false })({ name: 'Ada' })
 */
export function liquidPart<Data extends object>(written: LiquidSource): LiquidPart<Data> {
  const { name, part, source, variables } = written
  const liquid = written.escapes ? escaping : plain
  const place = `The template ${name} cannot be used: its ${part}`
  let parsed: Template[]
  try {
    parsed = liquid.parse(source)
    for (const path of liquid.globalFullVariablesSync(parsed)) checkVariable(place, written, path, variables)
  } catch (cause) {
    throw explained(place, cause)
  }
  return (data) => {
    try {
      return String(liquid.renderSync(parsed, data))
    } catch (cause) {
      throw explained(place, cause)
    }
  }
}

/** As Liquid writes a value into HTML. */
export function escapeForHtml(text: string): string {
  return text === '' ? '' : String(escaping.renderSync(OUTPUT, { text }))
}

function checkVariable(
  place: string,
  { source }: LiquidSource,
  path: string,
  variables: readonly string[],
): void {
  if (variables.includes(path)) return
  const line = source
    .slice(0, source.search(new RegExp(path.split(/[.[]/)[0].replace(/\W/g, '\\$&'))))
    .split('\n').length
  const [near] = variables.toSorted((a, b) => distance(path, a) - distance(path, b))
  throw new HoldfastError(
    'template_invalid',
    `${place} names "${path}" in line ${line}, which does not exist. Did you mean "${near}"? There are ${variables.join(', ')}.`,
  )
}

function explained(place: string, cause: unknown): HoldfastError {
  if (cause instanceof HoldfastError) return cause
  const message = cause instanceof Error ? cause.message : String(cause)
  const position = /, line:(\d+)(?:, col:(\d+))?/.exec(message)
  const said = message.replace(/,? ?(file:[^,]*, )?line:.*$/s, '')
  const what = /undefined variable: offer\b/.test(said)
    ? 'it speaks of an offer, and the action makes none'
    : said
  return new HoldfastError(
    'template_invalid',
    `${place}${position === null ? '' : ` in line ${position[1]}`}: ${what}.`,
    { cause },
  )
}

const limits = {
  ownPropertyOnly: true,
  strictVariables: true,
  strictFilters: true,
  // Whether there is an offer may be asked.
  lenientIf: true,
  // Characters of source, milliseconds, and units of memory as liquidjs counts them.
  parseLimit: 100_000,
  renderLimit: 500,
  memoryLimit: 1_000_000,
  // No files: what is not in this map cannot be included.
  templates: {},
  locale: 'en',
}
const plain = withoutEscapeHatches(new Liquid(limits))
const escaping = withoutEscapeHatches(new Liquid({ ...limits, outputEscape: 'escape' }))

const OUTPUT = escaping.parse('{{ text }}')

/** `raw` would put a customer's name unescaped into HTML. */
function withoutEscapeHatches(liquid: Liquid): Liquid {
  liquid.unregisterFilter('raw')
  return liquid
}

/** Levenshtein's, over short names. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)))
    }
    row = next
  }
  return row[b.length]
}
