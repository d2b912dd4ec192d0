/**
 * What if this customer were otherwise? The features that its model looks at, with the customer's own values and what
 * the model has seen, and the same customer scored again with some of them changed. Nothing is stored.
 */
import { contextSources } from '../../models/features/context.ts'
import { flagOf } from '../../models/features/categories.ts'
import { titleOf } from '../../models/churn/explain/fallback-phrases.ts'
import { usedColumns } from '../../models/churn/used-columns.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { Feature, FeaturePopulation, Unit } from '../contracts/features.ts'
import { cardImportance } from './card.ts'
import type { Engine, ScoredRecord } from './engine.ts'
import type { RecordInput } from './engine-reader.ts'

/** As people set it: a number, a choice by its name, yes or no; null is unknown. */
export type TriedValue = number | string | boolean | null

export interface TriedFeature {
  /** Canonical. */
  readonly name: string
  /** "Months as a customer". */
  readonly title: string
  readonly kind: 'number' | 'choice' | 'yes_no'
  readonly unit: Unit | null
  /** The customer's own; null: missing. */
  readonly value: TriedValue
  /** Of a number: what the model has seen, from the least to the most, and a step that makes sense; else null. */
  readonly range: { readonly min: number; readonly max: number; readonly step: number } | null
  /** Of a choice. */
  readonly choices: readonly string[] | null
  /** The middle customer's number, or the most frequent choice; null: nobody knows. */
  readonly usual: TriedValue
  /** Whether any value of it can move the score. */
  readonly moves: boolean
  /** Its share of what moves scores in this model, 0 to 1. */
  readonly weight: number
}

/**
 * What moves scores most first.
 *
 * @param input of the customer, as its connection's reader reads it
 * @example
 * triedFeatures(engine, reader.inputsOf([properties])[0])[0].title // 'Contract'
 */
export function triedFeatures({ churn }: Engine, { values }: RecordInput): readonly TriedFeature[] {
  const { features } = churn.features
  const importance = cardImportance(churn.card, features)
  const all = importance.reduce((sum, weight) => sum + weight, 0)
  const used = usedColumns(churn.model, churn.width)
  const moving = new Set(
    [...used.keys()].filter((column) => used[column] === 1).map((column) => churn.source[column]),
  )
  return features
    .map((feature, at): TriedFeature => {
      const population = churn.population.features[at]
      const kind = kindOf(feature)
      return {
        name: feature.name,
        title: titleOf(feature),
        kind,
        unit: feature.unit ?? null,
        value: valueOf(feature, values[at]),
        range: kind === 'number' ? rangeOf(population) : null,
        choices: kind === 'choice' ? (feature.categories ?? []) : null,
        usual: usualOf(feature, population),
        moves: moving.has(at),
        weight: all > 0 ? importance[at] / all : 0,
      }
    })
    .toSorted((a, b) => Number(b.moves) - Number(a.moves) || b.weight - a.weight)
}

export interface TriedChange {
  readonly feature: TriedFeature
  readonly from: TriedValue
  readonly to: TriedValue
  /** The probability with this change alone. */
  readonly alone: ScoredRecord
  /** Whether the model has seen such a value. */
  readonly seen: boolean
}

export interface Tried {
  /** As it is. */
  readonly before: ScoredRecord
  /** With all of the changes. */
  readonly after: ScoredRecord
  readonly changes: readonly TriedChange[]
}

/**
 * Scores a customer as it is, with each change alone, and with all of them, in one run of the served model.
 *
 * @param scoreInputs of the reader that read `input`
 * @param today days since 1970-01-01: what dates among the changes are counted from
 * @throws HoldfastError `request_invalid` for a name that is none of the model's features, or a value that is none of
 *   the feature's; `no_features` when nothing is left that is known
 * @example
 * const { after } = await tryOut(engine, { ...reader, input, today, changes: { contract: 'Two year' } })
 */
export async function tryOut(
  engine: Engine,
  {
    input,
    changes,
    today,
    scoreInputs,
  }: {
    readonly input: RecordInput
    readonly changes: Readonly<Record<string, TriedValue>>
    readonly today: number
    readonly scoreInputs: (inputs: readonly RecordInput[]) => Promise<readonly ScoredRecord[]>
  },
): Promise<Tried> {
  const { features } = engine.churn.features
  const known = new Map(triedFeatures(engine, input).map((feature) => [feature.name, feature]))
  const wanted = Object.entries(changes).map(([name, to]) => {
    const feature = known.get(name)
    if (feature === undefined) throw unknownFeature(name, features)
    checkValue(feature, to)
    return { feature, to }
  })
  const own = Object.fromEntries([...known.values()].map(({ name, value }) => [name, value]))
  const changed = (these: typeof wanted): RecordInput => {
    if (these.length === 0) return input
    const values = { ...own, ...Object.fromEntries(these.map(({ feature, to }) => [feature.name, to])) }
    const [read] = engine.readFeatures({ features: [values], today })
    return mixed(input, read, new Set(these.map(({ feature }) => feature.name)), features)
  }
  const alone = wanted.length > 1 ? wanted.map((one) => changed([one])) : []
  const [before, after, ...each] = await scoreInputs([input, changed(wanted), ...alone])
  return {
    before,
    after,
    changes: wanted.map(({ feature, to }, at) => ({
      feature,
      from: feature.value,
      to,
      alone: each[at] ?? after,
      seen: isSeen(feature, to),
    })),
  }
}

/** What was not changed stays as the record has it, to the last bit. */
function mixed(
  own: RecordInput,
  read: RecordInput,
  names: ReadonlySet<string>,
  features: readonly Feature[],
): RecordInput {
  const context = { ...own.context }
  for (const [key, sources] of Object.entries(contextSources) as [keyof typeof context, readonly string[]][])
    if (sources.some((source) => names.has(source))) context[key] = read.context[key]
  return {
    values: own.values.map((value, at) => (names.has(features[at].name) ? read.values[at] : value)),
    dataConfidence: read.dataConfidence,
    context,
  }
}

function kindOf({ kind, categories = [] }: Feature): TriedFeature['kind'] {
  if (kind === 'number') return 'number'
  const flags = new Set(categories.map((category) => flagOf(category)))
  return categories.length === 2 && flags.has('Yes') && flags.has('No') ? 'yes_no' : 'choice'
}

/** Single precision as people would write it: .1, not .10000000149011612. */
function valueOf(feature: Feature, value: number): TriedValue {
  if (Number.isNaN(value)) return null
  if (feature.kind === 'number') return Number(value.toPrecision(7))
  const category = feature.categories?.[value]
  if (category === undefined) return null
  return kindOf(feature) === 'yes_no' ? flagOf(category) === 'Yes' : category
}

function usualOf(feature: Feature, { quantiles, shares }: FeaturePopulation): TriedValue {
  if (feature.kind === 'number') return quantiles?.[10] ?? null
  if (shares === undefined || shares.length === 0) return null
  return valueOf(feature, shares.indexOf(Math.max(...shares)))
}

/** Null where nobody knows what it ranges over. */
function rangeOf({ quantiles }: FeaturePopulation): TriedFeature['range'] {
  if (quantiles === undefined || quantiles.length === 0) return null
  const [min, max] = [quantiles[0], quantiles[quantiles.length - 1]]
  if (!(max > min)) return null
  const whole = quantiles.every(Number.isInteger)
  return { min, max, step: Math.max(whole ? 1 : 0, niceStep((max - min) / 100)) }
}

/** The largest of 1, 2 and 5 times a power of ten that is not above. */
function niceStep(size: number): number {
  const power = 10 ** Math.floor(Math.log10(size))
  const times = [5, 2, 1].find((one) => one * power <= size * (1 + 1e-9)) ?? 1
  return Number((times * power).toPrecision(6))
}

function isSeen({ kind, range }: TriedFeature, value: TriedValue): boolean {
  return (
    kind !== 'number' ||
    typeof value !== 'number' ||
    range === null ||
    (value >= range.min && value <= range.max)
  )
}

function checkValue({ name, title, kind, choices }: TriedFeature, value: TriedValue): void {
  if (value === null) return
  const fits =
    kind === 'number'
      ? typeof value === 'number'
      : kind === 'yes_no'
        ? typeof value === 'boolean'
        : typeof value === 'string' && choices!.includes(value)
  if (fits) return
  const takes =
    kind === 'number' ? 'a number' : kind === 'yes_no' ? 'true or false' : `one of ${choices!.join(', ')}`
  throw new HoldfastError('request_invalid', `"${name}" is ${title}: it takes ${takes}, or null for unknown.`)
}

function unknownFeature(name: string, features: readonly Feature[]): HoldfastError {
  const names = features.map((feature) => feature.name).join(', ')
  return new HoldfastError(
    'request_invalid',
    `"${name.slice(0, 60)}" is none of the features of the model. Features: ${names}.`,
  )
}
