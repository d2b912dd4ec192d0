/** Figures of models in words that need no statistics. */
import type { ModelListAnswer } from '../../server/api/model-shapes.ts'

export type ModelLine = ModelListAnswer['items'][number]

export interface Estimate {
  readonly value: number
  readonly low: number
  readonly high: number
}

/** "subscription 1.0.0"; of one that was trained here "own 2026-11-22 12:57". */
export const modelName = ({ name, version }: Pick<ModelLine, 'name' | 'version'>): string =>
  `${name} ${version.replace(/T(\d\d)(\d\d)$/, ' $1:$2')}`

/** An AUC as what it means: "85 times in 100". */
export const timesIn100 = (auc: number): string => `${Math.round(auc * 100)} times in 100`

/** "0.849". */
export const three = (value: number): string => value.toFixed(3)

/** Along an axis: "20 %", "2.5 %". */
export const axisPercent = (share: number): string => `${Number((share * 100).toFixed(1))}\u00a0%`

/** "0.849 (0.839 to 0.859)": with its 95 % interval. */
export const withInterval = ({ value, low, high }: Estimate, write = three): string =>
  `${write(value)} (${write(low)} to ${write(high)})`

/** Where a model came from, in a word or two. */
export const ORIGINS: Readonly<Record<ModelLine['origin'], string>> = {
  shipped: 'Starter',
  trained: 'Trained here',
  uploaded: 'Uploaded',
}

/** Of several, the one that most is scored by; those in charge come first. */
export const inCharge = (models: readonly ModelLine[]): readonly ModelLine[] =>
  models.filter(({ serves }) => serves.length > 0)
