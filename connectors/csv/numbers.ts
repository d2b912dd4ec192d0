/**
 * Numbers as people and programs write them.
 *
 * One rule for every cell: blanks around it, one currency sign or ISO code before or after it, and accounting
 * brackets for a minus are taken off; a percent sign divides by 100; what remains is digits with one decimal
 * sign and groups of exactly three. Which sign is which is decided for a whole column, never for a cell.
 */
import { isCurrency } from '../../src/contracts/money.ts'
import { trimBlanks } from './missing.ts'

export interface NumberFormat {
  readonly decimal: '.' | ','
  readonly group: '' | ',' | '.' | ' ' | "'"
}

/** In order of preference where two read equally many cells. */
export const NUMBER_FORMATS: readonly NumberFormat[] = [
  { decimal: '.', group: '' },
  { decimal: '.', group: ',' },
  { decimal: ',', group: '' },
  { decimal: ',', group: '.' },
  { decimal: '.', group: ' ' },
  { decimal: ',', group: ' ' },
  { decimal: '.', group: "'" },
  { decimal: ',', group: "'" },
]

/** What SQL's TRY_CAST to DOUBLE reads too, but for infinities. */
const plain = /^[ \t]*[+-]?(?:\d+(?:_\d+)*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?[ \t]*$/
const decorated =
  /^(\()?([+-])?(?:[€$£¥₹]|([A-Z]{3})(?![A-Z])|US\$|Fr\.|kr\.?)?\s?([+-])?(\d[\d.,'’\s]*|[.,]\d+)(%|\s%|\s?(?:[€$£¥₹]|[A-Z]{3}|Fr\.|kr\.?))?(\))?$/
const shapes = NUMBER_FORMATS.map(({ decimal, group }) => {
  const d = `\\${decimal}`
  const whole = group === '' ? '\\d+' : `(?:\\d+|[1-9]\\d{0,2}(?:\\${group}\\d{3})+)`
  return new RegExp(`^(?:${whole}(?:${d}\\d*)?|${d}\\d+)$`)
})

const simple = /^-?\d{1,15}(?:\.\d{1,9})?$/
const pointGroups = /^-?[1-9]\d{0,2}(?:\.\d{3})+$/
const POINT_GROUPS = NUMBER_FORMATS.findIndex(({ decimal, group }) => decimal === ',' && group === '.')

/** A cell such as -12.5 or 1e3, which needs no thought: SQL casts it alike. */
export function isPlainNumber(cell: string): boolean {
  return plain.test(cell)
}

/**
 * The readings of a cell under each of {@link NUMBER_FORMATS}, NaN where it has none, written into `out`.
 *
 * @returns whether any format reads it
 */
export function readNumberInto(cell: string, out: Float64Array): boolean {
  // The usual cell, read at once: the same for all decimal points, and for commas if it is whole.
  if (simple.test(cell)) {
    const value = Number(cell)
    const whole = !cell.includes('.')
    for (let i = 0; i < out.length; i++) out[i] = whole || NUMBER_FORMATS[i].decimal === '.' ? value : NaN
    if (!whole && pointGroups.test(cell)) out[POINT_GROUPS] = Number(cell.replaceAll('.', ''))
    return true
  }
  const parts = takeApart(cell)
  if (parts === null) {
    out.fill(NaN)
    return false
  }
  let any = false
  for (let i = 0; i < shapes.length; i++) {
    out[i] = shapes[i].test(parts.core) ? valueOf(parts, NUMBER_FORMATS[i]) : NaN
    any ||= out[i] === out[i]
  }
  // 1e5 and 1_000 have no group and no comma: only plain decimals read them.
  if (!any && isPlainNumber(cell)) {
    const value = Number(cell.replaceAll('_', ''))
    for (let i = 0; i < shapes.length; i++) {
      if (NUMBER_FORMATS[i].decimal === '.' || !cell.includes('.')) out[i] = finite(value)
    }
    any = out[0] === out[0]
  }
  return any
}

/**
 * A cell as a number in a known format, NaN where it cannot be read.
 *
 * @example
 * readNumber('€ 1.234,50', { decimal: ',', group: '.' }) // 1234.5
 * readNumber('12 %', { decimal: '.', group: '' }) // 0.12
 * readNumber('(1,200)', { decimal: '.', group: ',' }) // -1200
 */
export function readNumber(cell: string, format: NumberFormat): number {
  if (format.decimal === '.' && isPlainNumber(cell)) return finite(Number(cell.replaceAll('_', '')))
  readNumberInto(cell, scratch)
  const index = NUMBER_FORMATS.findIndex((f) => f.decimal === format.decimal && f.group === format.group)
  return scratch[index]
}

const scratch = new Float64Array(NUMBER_FORMATS.length)

interface Parts {
  readonly core: string
  readonly sign: 1 | -1
  readonly percent: boolean
}

function takeApart(cell: string): Parts | null {
  const match = decorated.exec(trimBlanks(cell))
  if (match === null) return null
  const [, open, before, code, after, core, tail, close] = match
  if ((open === undefined) !== (close === undefined)) return null
  // Three letters before digits are as often a code: "POL-00017" and "NYC200" are no amounts.
  if (code !== undefined && !isCurrency(code)) return null
  if (tail !== undefined && /[A-Z]{3}$/.test(tail) && !isCurrency(tail.trim())) return null
  if (before !== undefined && after !== undefined) return null
  const negative = open !== undefined || before === '-' || after === '-'
  return {
    core: trimBlanks(core).replaceAll('’', "'").replace(/\s/g, ' '),
    sign: negative ? -1 : 1,
    percent: tail !== undefined && tail.endsWith('%'),
  }
}

function valueOf({ core, sign, percent }: Parts, { decimal, group }: NumberFormat): number {
  const ungrouped = group === '' ? core : core.replaceAll(group, '')
  const value = Number(decimal === ',' ? ungrouped.replace(',', '.') : ungrouped)
  return finite((sign * value) / (percent ? 100 : 1))
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : NaN
}
