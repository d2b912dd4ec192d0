/** Whether the shipped model finds those in a sandbox who leave in the next three months, through the CRM's API alone. */
import type { Connector, CustomerRecord } from '../../connectors/connector.ts'
import type { SandboxWorld } from '../../connectors/world/living.ts'
import { proposeMapping } from '../../models/features/mapping.ts'
import { openEngine } from '../../src/loop/engine.ts'
import { memberOf, proposePopulation } from '../../src/loop/population.ts'

export interface ScoredWorld {
  readonly customers: number
  /** Area under the ROC curve: how often somebody who left was scored above somebody who stayed. */
  readonly area: number
  readonly meanScore: number
  readonly highest: number
  /** Share of the customers who left. */
  readonly rate: number
  /** Mean share of the inputs that are known, 0 to 1. */
  readonly dataConfidence: number
  /** All of it, as a sentence for the log. */
  readonly figures: string
}

/**
 * By the mapping and the population that are proposed, without anybody's help.
 *
 * @param hasLeft asked after the three months
 */
export async function scoredWorld(
  connector: Connector,
  { world, hasLeft, now }: { world: SandboxWorld; hasLeft: (id: string) => boolean; now: Date },
): Promise<ScoredWorld> {
  const [{ profile }] = await connector.describe()
  const population = proposePopulation(profile)
  const isCustomer = memberOf(population)
  const mapping = { ...proposeMapping(profile), asOf: now.toISOString().slice(0, 10) }
  const columns = mapping.columns.filter(({ use }) => use !== 'ignore').map(({ column }) => column)
  if (population.kind === 'property') columns.push(population.property)
  const reading = { properties: [...new Set(columns)], history: [] }
  const customers: CustomerRecord[] = []
  for await (const { upserts } of connector.changes(null, reading))
    customers.push(...upserts.filter(isCustomer))

  const engine = await openEngine({ model: 'subscription', threads: 1 })
  const reader = engine.reader({ profile, mapping, today: Math.floor(now.getTime() / 86_400_000) })
  const scored = await reader.score(customers.map(({ properties }) => properties))
  await engine.close()
  const scores = scored.map(({ probability }) => probability)
  world.passMonth(3)
  const left = customers.map(({ id }) => hasLeft(id))
  const found = {
    customers: customers.length,
    area: auc(scores, left),
    meanScore: mean(scores),
    highest: Math.max(...scores),
    rate: left.filter(Boolean).length / left.length,
    dataConfidence: mean(scored.map(({ dataConfidence }) => dataConfidence)),
  }
  const figures = `AUC ${found.area.toFixed(3)}, mean score ${found.meanScore.toFixed(4)}, left ${found.rate.toFixed(4)}, data confidence ${found.dataConfidence.toFixed(3)}`
  return { ...found, figures }
}

/** Ties count half. */
function auc(scores: readonly number[], left: readonly boolean[]): number {
  const gone = scores.filter((_, i) => left[i])
  const stayed = scores.filter((_, i) => !left[i])
  let above = 0
  for (const a of gone) for (const b of stayed) above += a > b ? 1 : a === b ? 0.5 : 0
  return above / (gone.length * stayed.length)
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length
