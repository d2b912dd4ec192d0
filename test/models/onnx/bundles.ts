/** Contents of bundles for the tests. */
import type { FeatureSet, Population } from '../../../src/contracts/features.ts'
import type { ChurnModel } from '../../../models/churn/model.ts'
import type { ChurnContents, PolicyContents } from '../../../models/onnx/bundle-contents.ts'
import { makeFeatureSet } from '../../../models/features/feature-set.ts'
import { encodeNetwork } from '../../../models/onnx/encode.ts'
import { random } from '../../../models/random.ts'
import { randomEnsemble } from './random-models.ts'

/** `columns` numbers named x0, x1, … */
export function numberFeatures(columns: number): FeatureSet {
  const features = Array.from({ length: columns }, (_, i) => ({
    name: `x${i}`,
    label: `x ${i}`,
    kind: 'number' as const,
  }))
  return makeFeatureSet(features)
}

export function populationOf(set: FeatureSet): Population {
  const quantiles = Array.from({ length: 21 }, (_, i) => i / 20)
  return {
    rows: 100,
    baseRate: 0.25,
    monthlyRate: null,
    features: set.features.map(() => ({ missing: 0, quantiles })),
  }
}

export function churnContents(seed: number, size = { trees: 20, leaves: 6, columns: 5 }): ChurnContents {
  const trees = randomEnsemble(seed, size)
  const model: ChurnModel = { kind: 'trees', trees, calibrator: { kind: 'platt', slope: 0.9, offset: -0.1 } }
  return contentsOf(model, size.columns)
}

export function contentsOf(model: ChurnModel, columns: number): ChurnContents {
  const features = numberFeatures(columns)
  return {
    kind: 'churn',
    name: 'test',
    version: '1.0.0',
    meaning: { kind: 'snapshot' },
    model,
    features,
    population: populationOf(features),
    card: { rows: 100, auc: 0.84 },
    cardText: '# Test\n',
  }
}

export function policyContents(seed: number, stateSize = 4): PolicyContents {
  const chance = random(seed)
  const draw = (length: number) => Float32Array.from({ length }, () => chance.normal())
  return {
    kind: 'policy',
    name: 'policy',
    version: '1',
    stateSize,
    actions: ['no_action', 'email', 'call'],
    onnx: encodeNetwork([
      { weights: draw(8 * stateSize), bias: draw(8), activation: 'relu' },
      { weights: draw(3 * 8), bias: draw(3), activation: 'identity' },
    ]),
    assumptions: { version: 3, effects: { email: 0.1 } },
    card: {},
    cardText: '',
  }
}
