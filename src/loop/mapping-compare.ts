/** What a draft of a mapping would change for the customers, before it is saved. */
import type { Connector, Properties } from '../../connectors/connector.ts'
import type { Mapping } from '../../models/features/mapping-file.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { ServiceSettings } from '../settings/service.ts'
import type { Connection } from '../store/connections.ts'
import type { Engine } from './engine.ts'
import { mappingOf } from './mapping.ts'
import { readingOf } from './needed-properties.ts'

/** How much is known of customers under a mapping, over a sample of them. */
export interface KnownUnder {
  /** Mean data confidence, 0 to 1; null: nothing of it feeds the model. */
  readonly confidence: number | null
  /** Customers of the sample by data confidence, in tenths from [0, .1) to [.9, 1]. */
  readonly distribution: readonly number[]
  /** Share of the sample of which each feature of the model is known, by name. */
  readonly known: Readonly<Record<string, number>>
}

export interface MappingComparison {
  readonly sample: number
  readonly before: KnownUnder
  readonly after: KnownUnder
  /** Customers of the sample whose probability would be another by a point or more. */
  readonly moved: number
}

/**
 * What a draft changes, over customers that are read from the CRM for it: what is stored has only the properties that the
 * mapping in force reads.
 *
 * @param ids of customers in the CRM
 */
export async function compareMappings(
  connection: Connection,
  draft: Mapping,
  {
    connector,
    engine,
    ids,
    settings,
    today,
  }: {
    readonly connector: Pick<Connector, 'read'>
    readonly engine: Engine
    readonly ids: readonly string[]
    readonly settings: Pick<ServiceSettings, 'offers'>
    readonly today: number
  },
): Promise<MappingComparison> {
  const now = { ...connection, mapping: mappingOf(connection, { today }) }
  const then = { ...connection, mapping: draft }
  const both = [now, then].map((one) => readingOf(one, today, { like: undefined, ...settings }))
  const properties = [...new Set(both.flatMap((reading) => reading.properties ?? []))]
  const records = await connector.read(ids, { properties, history: [] })
  const rows = records.map((record) => record.properties)
  const [before, after] = [
    await knownUnder(now, rows, engine, today),
    await knownUnder(then, rows, engine, today),
  ]
  const moved = rows.filter((_, at) => {
    const [was, is] = [before.probabilities[at], after.probabilities[at]]
    return was !== undefined && is !== undefined && Math.abs(was - is) >= 0.01
  }).length
  return { sample: rows.length, before: before.told, after: after.told, moved }
}

async function knownUnder(
  { profile, mapping }: Connection,
  rows: readonly Properties[],
  engine: Engine,
  today: number,
): Promise<{ readonly told: KnownUnder; readonly probabilities: readonly number[] }> {
  const { features } = engine.churn.features
  const read = mapping!.columns.filter(({ use }) => use === 'feature' || use === 'context')
  const known = Object.fromEntries(
    features.map(({ name }) => {
      const column = read.find(({ feature }) => feature === name)?.column
      const filled = column === undefined ? 0 : rows.filter((row) => (row[column] ?? null) !== null).length
      return [name, rows.length === 0 ? 0 : filled / rows.length]
    }),
  )
  const distribution = Array.from({ length: 10 }, () => 0)
  try {
    const scored = await engine.reader({ profile: profile!, mapping: mapping!, today }).score(rows)
    let sum = 0
    for (const { dataConfidence } of scored) {
      sum += dataConfidence
      distribution[Math.min(9, Math.floor(dataConfidence * 10))]++
    }
    const confidence = scored.length === 0 ? null : sum / scored.length
    return { told: { confidence, distribution, known }, probabilities: scored.map((one) => one.probability) }
  } catch (cause) {
    if (!(cause instanceof HoldfastError) || cause.code !== 'no_features') throw cause
    return { told: { confidence: null, distribution, known }, probabilities: [] }
  }
}
