/** features.json and population.json of a churn bundle, parsed and checked against one another. */
import { z } from 'zod'
import type { FeatureSet, Population } from '../../src/contracts/features.ts'
import { sha256 } from './bundle-format.ts'
import { canonicalJson } from '../canonical-json.ts'

const featureSetSchema = z.strictObject({
  version: z.int().min(0),
  hash: z.string().min(1),
  features: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        label: z.string().min(1),
        kind: z.enum(['number', 'category']),
        unit: z
          .enum(['months', 'days', 'money', 'share', 'count', 'minutes', 'score', 'date'])
          .exactOptional(),
        categories: z.array(z.string()).min(1).exactOptional(),
        monotone: z.union([z.literal(-1), z.literal(1)]).exactOptional(),
      }),
    )
    .min(1)
    .max(65_535),
})

const shares = z.array(z.number().min(0).max(1))
const populationSchema = z.strictObject({
  rows: z.int().min(0),
  baseRate: z.number().min(0).max(1),
  monthlyRate: z.number().min(0).nullable(),
  features: z.array(
    z.strictObject({
      missing: z.number().min(0).max(1),
      quantiles: z.array(z.number()).length(21).exactOptional(),
      shares: shares.exactOptional(),
      rates: shares.exactOptional(),
    }),
  ),
})

/** @throws z.ZodError or RangeError when the JSON is no feature set */
export function readFeatureSet(json: unknown): FeatureSet {
  const set: FeatureSet = featureSetSchema.parse(json)
  const { version, features } = set
  if (sha256(canonicalJson({ version, features })) !== set.hash) {
    throw new RangeError('the hash of the feature set is not that of its features')
  }
  const names = new Set(features.map((feature) => feature.name))
  if (names.size !== features.length) throw new RangeError('two features of one name')
  for (const { name, kind, categories } of features) {
    if ((kind === 'category') !== (categories !== undefined)) {
      throw new RangeError(`feature "${name}" is a ${kind} ${categories ? 'with' : 'without'} categories`)
    }
  }
  return set
}

/** @throws z.ZodError or RangeError when the JSON is no population of these features */
export function readPopulation(json: unknown, set: FeatureSet): Population {
  const population: Population = populationSchema.parse(json)
  if (population.features.length !== set.features.length) {
    throw new RangeError(`${population.features.length} features for ${set.features.length} in the model`)
  }
  population.features.forEach(({ shares, rates }, index) => {
    const { name, categories } = set.features[index]
    for (const part of [shares, rates]) {
      if (part !== undefined && part.length !== categories?.length) {
        throw new RangeError(
          `feature "${name}" has ${part.length} shares for ${categories?.length ?? 0} categories`,
        )
      }
    }
  })
  return population
}
