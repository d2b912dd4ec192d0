/** What somebody chose about how the data is read, and the requests that follow from it. */
import type { TrainingLookAnswer } from '../../../server/api/training.ts'

export interface Choices {
  /** The column that says who left; null: the one that is plain. */
  readonly column: string | null
  /** Values that mean "left"; null: read from the column. */
  readonly positive: readonly string[] | null
  readonly horizonDays: number | null
  /** Of a connection: what Holdfast saw, within so many days; null: a column. */
  readonly outcomeDays: number | null
  readonly keep: readonly string[]
  /** A calendar date; null: today, or as the file says. */
  readonly asOf: string | null
  readonly name: string
}

export const NOTHING_CHOSEN: Choices = {
  column: null,
  positive: null,
  horizonDays: null,
  outcomeDays: null,
  keep: [],
  asOf: null,
  name: 'own',
}

/** @see readingRequest of src/training/request.ts */
export function readingOf({ column, positive, horizonDays, outcomeDays, keep, asOf }: Choices) {
  const target =
    outcomeDays !== null
      ? { kind: 'outcome', days: outcomeDays }
      : column === null
        ? null
        : columnTarget({ column, positive, horizonDays })
  return {
    ...(target === null ? {} : { target }),
    keep,
    ...(asOf === null ? {} : { asOf }),
  }
}

/** Null: nothing says yet who left. */
export function requestOf(choices: Choices, { target }: TrainingLookAnswer): object | null {
  const { outcomeDays, positive, horizonDays, name } = choices
  const column = choices.column ?? target?.column ?? null
  if (!NAME.test(name)) return null
  if (outcomeDays === null && column === null) return null
  const reading = readingOf(choices)
  return {
    ...reading,
    target: reading.target ?? columnTarget({ column: column ?? '', positive, horizonDays }),
    name,
  }
}

/** As the API takes it. */
export const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,47}$/

const columnTarget = ({
  column,
  positive,
  horizonDays,
}: {
  column: string
  positive: readonly string[] | null
  horizonDays: number | null
}) => ({
  kind: 'column',
  column,
  ...(positive === null || positive.length === 0 ? {} : { positive }),
  ...(horizonDays === null ? {} : { horizonDays }),
})
