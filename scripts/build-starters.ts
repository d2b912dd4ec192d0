/** The two starter models: one from a real customer file, one from stated assumptions. */
import { basename } from 'node:path'
import { openTable } from '../connectors/csv/open.ts'
import { starterCardText } from '../models/churn/starter/card-text.ts'
import { subscriptionStarter, type SubscriptionStarter } from '../models/churn/starter/subscription.ts'
import { designOf } from '../models/features/design.ts'
import { makeFeatureSet } from '../models/features/feature-set.ts'
import type { Evaluation } from '../models/churn/evaluate.ts'
import type { BundleContents, ChurnContents } from '../models/onnx/bundle-contents.ts'
import { learn } from '../src/loop/learn.ts'
import { prepareTraining } from '../src/loop/training-data.ts'

const VERSION = '1.0.0'
/** No customer of the file is younger; a fixed day keeps the bundle the same on every day. */
const TODAY = Date.UTC(2026, 0, 1) / 86_400_000

export interface BuiltModel {
  readonly contents: BundleContents
  /** Everything that was measured, for the model's page; absent: nothing was. */
  readonly evaluation?: Evaluation
}

/** Trained on IBM's Telco Customer Churn file. */
export async function buildTelco(file: string): Promise<BuiltModel> {
  const table = await openTable(file)
  try {
    const prepared = await prepareTraining(table, { target: 'Churn', today: TODAY, seed: 42 })
    const { contents, evaluation } = await learn(prepared, {
      folds: 5,
      seed: 42,
      threads: 2,
      meaning: { kind: 'snapshot' },
      name: 'telco',
      version: VERSION,
      source: basename(file),
      origin:
        'IBM Telco Customer Churn, from IBM/telco-customer-churn-on-icp4d on GitHub, Apache License 2.0; the data itself is not part of Holdfast.',
    })
    // Whoever scores with it has a file of their own: what IBM's columns meant must not settle theirs.
    const { mapping: _ibm, ...card } = contents.card as Readonly<Record<string, unknown>>
    return { contents: { ...contents, card }, evaluation }
  } finally {
    await table.close()
  }
}

/** A ranking from stated assumptions, for any subscription business. */
export async function buildSubscription(): Promise<ChurnContents> {
  const starter = subscriptionStarter()
  return {
    kind: 'churn',
    name: 'subscription',
    version: VERSION,
    meaning: starter.meaning,
    model: starter.model,
    features: makeFeatureSet(starter.features),
    population: starter.population,
    card: {
      ...starter.card,
      importance: importanceOf(starter),
      assumptions: starter.assumptions,
      assumptionsVersion: starter.assumptionsVersion,
    },
    cardText: starterCardText(starter.card, starter.assumptions, starter.assumptionsVersion),
  }
}

/** What each feature can move: the weights of its standardised columns. */
function importanceOf({
  model,
  features,
}: SubscriptionStarter): { feature: string; label: string; value: number }[] {
  const { source } = designOf(features)
  const value = features.map(() => 0)
  model.logistic.weight.forEach((weight, column) => {
    value[source[column]] += Math.abs(weight)
  })
  return features.map(({ name, label }, index) => ({ feature: name, label, value: value[index] }))
}
