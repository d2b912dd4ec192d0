/**
 * Liquid for what people write into settings: held so tight that neither the writer of a template nor a customer's
 * name can do harm, and with errors that name the place.
 */
import { Liquid } from 'liquidjs'
import type { Template } from 'liquidjs'
import { HoldfastError } from '../src/contracts/errors.ts'

/** Renders one part of a template. @throws HoldfastError `template_invalid` */
export type LiquidPart<Data extends object> = (data: Data) => string

/** What is wrong with a template, as somebody who writes it wants to be told. */
export interface TemplateFault {
  /** `subject`, `text`, `HTML`, `talk track`; null: all of it. */
  readonly part: string | null
  /** Counted from 1; null: no one line is to blame. */
  readonly line: number | null
  /** A clause, without a full stop. */
  readonly what: string
}

/** @returns an error that carries the fault, for {@link faultsOf} */
export function templateInvalid(name: string, fault: TemplateFault, cause?: unknown): HoldfastError {
  const { part, line, what } = fault
  const place = part === null ? null : `its ${part}${line === null ? '' : ` in line ${line}`}`
  const said =
    place === null ? what : what.startsWith('it ') ? `${place} ${what.slice(3)}` : `${place}: ${what}`
  return new HoldfastError('template_invalid', `The template ${name} cannot be used: ${said}.`, {
    cause: { fault, cause },
  })
}

/**
 * What a template is refused for, of those that are tried in turn; empty: nothing.
 *
 * @example
 * faultsOf(() => render(data)) // [{ part: 'text', line: 2, what: 'there is no "recipient.nam"' }]
 */
export function faultsOf(...tried: readonly (() => unknown)[]): readonly TemplateFault[] {
  return tried.flatMap((work) => {
    try {
      work()
      return []
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.code !== 'template_invalid') throw error
      const { fault } = (error.cause ?? {}) as { readonly fault?: TemplateFault }
      return [fault ?? { part: null, line: null, what: error.message }]
    }
  })
}

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
  const { source } = written
  const liquid = written.escapes ? escaping : plain
  let parsed: Template[]
  try {
    parsed = liquid.parse(source)
    for (const path of liquid.globalFullVariablesSync(parsed)) checkVariable(written, path)
  } catch (cause) {
    throw explained(written, cause)
  }
  return (data) => {
    try {
      return String(liquid.renderSync(parsed, data))
    } catch (cause) {
      throw explained(written, cause)
    }
  }
}

/** As Liquid writes a value into HTML. */
export function escapeForHtml(text: string): string {
  return text === '' ? '' : String(escaping.renderSync(OUTPUT, { text }))
}

function checkVariable({ name, part, source, variables }: LiquidSource, path: string): void {
  if (variables.includes(path)) return
  const before = source.slice(0, source.search(new RegExp(path.split(/[.[]/)[0].replace(/\W/g, '\\$&'))))
  const [near] = variables.toSorted((a, b) => distance(path, a) - distance(path, b))
  const what = `it names "${path}", which does not exist. Did you mean "${near}"? There are ${variables.join(', ')}`
  throw templateInvalid(name, { part, line: before.split('\n').length, what })
}

function explained({ name, part }: LiquidSource, cause: unknown): HoldfastError {
  if (cause instanceof HoldfastError) return cause
  const message = cause instanceof Error ? cause.message : String(cause)
  const position = /, line:(\d+)(?:, col:(\d+))?/.exec(message)
  const said = message.replace(/,? ?(file:[^,]*, )?line:.*$/s, '')
  const what = /undefined variable: offer\b/.test(said)
    ? 'it speaks of an offer, and the action makes none'
    : said
  return templateInvalid(name, { part, line: position === null ? null : Number(position[1]), what }, cause)
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
