/** Every churn model that a company can have in charge: those that ship, those that were trained here, those uploaded. */
import { z } from 'zod'
import type { ScoreMeaning } from '../../models/churn/model.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { Transaction } from '../store/database.ts'
import {
  listBundles,
  readBundleRow,
  servingModels,
  type KeptBundle,
  type ServingModel,
} from '../store/model-bundles.ts'
import { modelFacts, type ModelFacts } from './model-facts.ts'
import { openBundleNamed, starterModels } from './models.ts'
import type { ModelComparison } from './compare-models.ts'

export interface ModelVersion {
  readonly hash: string
  readonly name: string
  readonly version: string
  readonly origin: 'shipped' | 'trained' | 'uploaded'
  /** What `Engines.get` takes. */
  readonly location: string
  readonly meaning: ScoreMeaning
  readonly facts: ModelFacts
  /** Null: it came with Holdfast. */
  readonly createdAt: Date | null
  readonly createdBy: string | null
  /** The training that it came of. */
  readonly run: string | null
  readonly bytes: number | null
  /** Against those in charge when it was trained, on the same customers. */
  readonly comparisons: readonly ModelComparison[]
  /** Where it serves, and where it served before. */
  readonly serving: readonly ServingModel[]
}

/**
 * Those in charge first, then the newest; what ships last.
 *
 * @example
 * const [first] = await modelVersions(tx)
 */
export async function modelVersions(tx: Transaction): Promise<readonly ModelVersion[]> {
  const serving = await servingModels(tx)
  const shipped = await shippedVersions(serving)
  // Somebody may have uploaded what ships: it is what ships.
  const own = (await listBundles(tx))
    .filter(({ hash }) => shipped.every((one) => one.hash !== hash))
    .map((row) => ownVersion(row, serving))
  const all = [...own, ...shipped]
  const inCharge = ({ serving }: ModelVersion): number =>
    serving.some(({ status }) => status === 'champion') ? 0 : 1
  return all.toSorted((a, b) => inCharge(a) - inCharge(b))
}

/** @throws HoldfastError `not_found` */
export async function modelVersion(tx: Transaction, hash: string): Promise<ModelVersion> {
  const serving = await servingModels(tx)
  const shipped = (await shippedVersions(serving)).find((one) => one.hash === hash)
  if (shipped !== undefined) return shipped
  const row = await readBundleRow(tx, hash)
  if (row !== null) return ownVersion(row, serving)
  throw new HoldfastError('not_found', 'There is no such model here. GET /v1/models lists them.')
}

const meaningShape = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('snapshot') }),
  z.object({ kind: z.literal('horizon'), days: z.number() }),
])

function ownVersion(row: KeptBundle, serving: readonly ServingModel[]): ModelVersion {
  const { hash, name, version, origin, createdAt, by, run, bytes, card, comparisons } = row
  return {
    hash,
    name,
    version,
    origin,
    createdAt,
    run,
    bytes,
    createdBy: by,
    location: `models/${hash}`,
    meaning: meaningShape.parse(row.meaning),
    facts: modelFacts(card),
    comparisons: comparisons as readonly ModelComparison[],
    serving: serving.filter((one) => one.hash === hash),
  }
}

type Shipped = Omit<ModelVersion, 'serving'>
let shippedBefore: Promise<readonly Shipped[]> | null = null

/** They are the same for as long as the process runs. */
async function shippedVersions(serving: readonly ServingModel[]): Promise<readonly ModelVersion[]> {
  shippedBefore ??= readShipped()
  shippedBefore.catch(() => (shippedBefore = null))
  return (await shippedBefore).map((one) => ({
    ...one,
    serving: serving.filter(({ hash }) => hash === one.hash),
  }))
}

function readShipped(): Promise<readonly Shipped[]> {
  return Promise.all(
    starterModels.map(async (starter): Promise<Shipped> => {
      const { hash, name, version, meaning, card } = await openBundleNamed(starter)
      return {
        hash,
        name,
        version,
        meaning,
        origin: 'shipped',
        location: `shipped:${starter}`,
        facts: modelFacts(card),
        createdAt: null,
        createdBy: null,
        run: null,
        bytes: null,
        comparisons: [],
      }
    }),
  )
}
