/**
 * The mapping of a connection as a person looks at it: for each feature the property that feeds it with why, what else could,
 * and how well it is filled.
 */
import { outOfModelBy, type OutOfModel } from '../../models/features/by-hand.ts'
import { candidatesFor, feeds } from '../../models/features/candidates.ts'
import { dictionary } from '../../models/features/dictionary.ts'
import type { Feature } from '../contracts/features.ts'
import type { ColumnProfile } from '../contracts/table.ts'
import type { Connection } from '../store/connections.ts'
import { cardImportance } from './card.ts'
import { mappingOf } from './mapping.ts'

/** What a feature is good for here. */
export type Wanted = 'model' | 'rules' | 'nothing'

export interface FoundColumn {
  readonly column: string
  readonly label: string
  /** 0 to 1. */
  readonly confidence: number
  readonly why: string
}

export interface MappedFeature {
  readonly feature: string
  readonly label: string
  readonly about: string
  readonly kind: 'number' | 'category'
  readonly unit: string | null
  readonly wanted: Wanted
  /** Share of what moves the score, of the model in charge; null: it does not look at it. */
  readonly importance: number | null
  /** Null: nothing feeds it. */
  readonly mapped: (FoundColumn & { readonly unit: string | null; readonly byHand: boolean }) | null
  /** What else could feed it, surest first. */
  readonly alternatives: readonly FoundColumn[]
}

export interface DescribedColumn {
  readonly column: string
  readonly label: string
  readonly kind: ColumnProfile['kind']
  /** Share of the sample that has a value. */
  readonly filled: number
  readonly distinct: number
  /** What occurs, most first. */
  readonly samples: readonly string[]
  /** The feature that it feeds; null: none. */
  readonly feeds: string | null
  readonly refused: OutOfModel | null
}

export interface MappingView {
  /** Records that the figures are of. */
  readonly sample: number
  readonly features: readonly MappedFeature[]
  readonly columns: readonly DescribedColumn[]
}

/**
 * @param model features of the model in charge with the card that says what matters; null: there is none yet
 * @param today days since 1970-01-01
 * @throws HoldfastError `connector_configuration` before anything is known of the properties
 */
export function viewMapping(
  connection: Connection,
  model: { readonly features: readonly Feature[]; readonly card: unknown } | null,
  today: number,
): MappingView {
  const mapping = mappingOf(connection, { today })
  const profile = connection.profile!
  const byFeature = new Map(
    mapping.columns.flatMap((entry) =>
      (entry.use === 'feature' || entry.use === 'context') && entry.feature !== undefined
        ? [[entry.feature, entry] as const]
        : [],
    ),
  )
  const candidates = new Map(
    profile.columns.map((column) => [column.header, candidatesFor(column, profile.rows)] as const),
  )
  const weights = model === null ? [] : cardImportance(model.card, model.features)
  const all = weights.reduce((sum, weight) => sum + weight, 0)
  const importance = new Map(
    model?.features.map(({ name }, at) => [name, all > 0 ? weights[at] / all : null] as const) ?? [],
  )
  const labelOf = (header: string): string =>
    profile.columns.find((column) => column.header === header)?.label ?? header
  const features = dictionary.filter(feeds).map((entry): MappedFeature => {
    const mapped = byFeature.get(entry.name)
    const others = profile.columns.flatMap(({ header }): FoundColumn[] => {
      const found = candidates.get(header)!.find((one) => one.entry.name === entry.name)
      return found === undefined || header === mapped?.column
        ? []
        : [{ column: header, label: labelOf(header), confidence: found.confidence, why: found.why }]
    })
    return {
      feature: entry.name,
      label: entry.label,
      about: entry.about,
      kind: entry.kind === 'any' ? 'category' : entry.kind,
      unit: entry.unit ?? null,
      wanted: importance.has(entry.name) ? 'model' : entry.role === 'feature' ? 'nothing' : 'rules',
      importance: importance.get(entry.name) ?? null,
      mapped:
        mapped === undefined
          ? null
          : {
              column: mapped.column,
              label: labelOf(mapped.column),
              confidence: mapped.confidence,
              why: mapped.why,
              unit: mapped.unit ?? null,
              byHand: mapped.why === 'set by hand',
            },
      alternatives: others.toSorted((a, b) => b.confidence - a.confidence),
    }
  })
  const columns = profile.columns.map((column): DescribedColumn => {
    const entry = mapping.columns.find((one) => one.column === column.header)
    return {
      column: column.header,
      label: column.label ?? column.header,
      kind: column.kind,
      filled: profile.rows === 0 ? 0 : 1 - column.missing / profile.rows,
      distinct: column.distinct,
      samples: column.values.slice(0, SAMPLES).map(({ value, label }) => label ?? value),
      feeds: entry?.use === 'feature' || entry?.use === 'context' ? (entry.feature ?? null) : null,
      refused: outOfModelBy(column, profile.rows),
    }
  })
  return { sample: profile.rows, features, columns }
}

const SAMPLES = 5
