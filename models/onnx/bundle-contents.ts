/** What goes into a model bundle and what comes out of it. */
import type { FeatureSet, Population } from '../../src/contracts/features.ts'
import type { ChurnModel, ScoreMeaning } from '../churn/model.ts'

export interface Named {
  /** As in `telco`: letters, digits, dots and dashes. */
  readonly name: string
  /** As in `1.0.0`, or whatever tells one training from the next. */
  readonly version: string
  /** What the card says, as plain JSON. */
  readonly card: unknown
  /** The card as Markdown, for people. */
  readonly cardText: string
}

/** What goes into a bundle with a churn model. */
export interface ChurnContents extends Named {
  readonly kind: 'churn'
  readonly meaning: ScoreMeaning
  readonly model: ChurnModel
  readonly features: FeatureSet
  readonly population: Population
}

/** What goes into a bundle with a policy; the assumptions are the simulator's own affair. */
export interface PolicyContents extends Named {
  readonly kind: 'policy'
  readonly stateSize: number
  /** Keys of the catalogue's actions, in the order of the network's outputs. */
  readonly actions: readonly string[]
  /** From `encodeNetwork`. */
  readonly onnx: Uint8Array
  readonly assumptions: unknown
}

export type BundleContents = ChurnContents | PolicyContents

interface Read {
  readonly dir: string
  /** SHA-256 (hex) over all of the bundle. */
  readonly hash: string
  /** The ONNX file, checked. */
  readonly onnx: Uint8Array
}

export interface ChurnBundle extends ChurnContents, Read {
  /** Columns of the design matrix. */
  readonly width: number
  /** Index of the feature behind each column of the design matrix. */
  readonly source: Uint16Array
}

export interface PolicyBundle extends PolicyContents, Read {}

export type Bundle = ChurnBundle | PolicyBundle
