import { spawnSync } from 'node:child_process'
import { z } from 'zod'
import type { Tree, TreeEnsemble } from '../../models/churn/trees.ts'

/** XGBoost's own Python, which Debian's `python3-xgboost` brings; the oracle of trees and reasons. */
export const PYTHON = '/usr/bin/python3'

/** Whether the oracle is there: a test that needs it skips, and says so, where it is not. */
export const hasXgboost = spawnSync(PYTHON, ['-c', 'import xgboost'], { stdio: 'ignore' }).status === 0

const treeSchema = z.object({
  split_indices: z.array(z.number()),
  split_conditions: z.array(z.number()),
  left_children: z.array(z.number()),
  right_children: z.array(z.number()),
  default_left: z.array(z.number()),
  sum_hessian: z.array(z.number()),
})

const modelSchema = z.object({
  learner: z.object({
    learner_model_param: z.object({ base_score: z.string(), num_feature: z.string() }),
    gradient_booster: z.object({ model: z.object({ trees: z.array(treeSchema) }) }),
  }),
})

/**
 * A binary:logistic model out of XGBoost's `save_model('….json')` as an ensemble of ours.
 *
 * @example
 * importXgboost(JSON.parse(readFileSync('model.json', 'utf8'))).trees.length
 */
export function importXgboost(json: unknown): TreeEnsemble {
  const { learner } = modelSchema.parse(json)
  const base = Number(learner.learner_model_param.base_score)
  return {
    baseMargin: Math.log(base / (1 - base)),
    columns: Number(learner.learner_model_param.num_feature),
    trees: learner.gradient_booster.model.trees.map(importTree),
  }
}

/** In XGBoost's file a leaf has no left child and keeps its value among the split conditions. */
function importTree(tree: z.infer<typeof treeSchema>): Tree {
  const isLeaf = tree.left_children.map((child) => child < 0)
  return {
    column: Int32Array.from(tree.split_indices, (column, i) => (isLeaf[i] ? -1 : column)),
    threshold: Float32Array.from(tree.split_conditions, (value, i) => (isLeaf[i] ? 0 : value)),
    left: Int32Array.from(tree.left_children),
    right: Int32Array.from(tree.right_children),
    missingLeft: Uint8Array.from(tree.default_left),
    value: Float32Array.from(tree.split_conditions, (value, i) => (isLeaf[i] ? value : 0)),
    cover: Float64Array.from(tree.sum_hessian),
  }
}
