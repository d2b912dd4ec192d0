/**
 * An ensemble of trees as TreeEnsembleRegressor nodes. BRANCH_LT is the `x < threshold` of trees.ts, and
 * `nodes_missing_value_tracks_true` says where a missing value goes.
 *
 * The operator adds leaves up in float32. So that an ensemble of many trees loses no more than one of a few,
 * each node holds a group of trees, and the groups and the base margin are added up in float64.
 *
 * https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsembleRegressor.html (version 3 of ai.onnx.ml)
 */
import type { Tree, TreeEnsemble } from '../churn/trees.ts'
import type { GraphPart } from './encode.ts'
import { cast, node, scalar } from './graph.ts'
import type { GraphNode } from './graph.ts'

/** Trees that are added up in float32: 600 trees of 31 leaves differ from float64 by 2e-6 of margin, not 1e-5. */
const GROUP = 50

/** From `design` to `margin` [rows, 1]. */
export function treeNodes(ensemble: TreeEnsemble, width: number): GraphPart {
  if (ensemble.columns !== width) {
    throw new RangeError(`The trees are for ${ensemble.columns} columns, the design matrix has ${width}.`)
  }
  // The operator must have a node: no trees are one leaf of zero.
  const trees = ensemble.trees.length > 0 ? ensemble.trees : [noTree]
  const nodes: GraphNode[] = []
  let sum = 'base_margin'
  for (let first = 0; first < trees.length; first += GROUP) {
    const group = `trees_${first}`
    nodes.push(groupNode(trees.slice(first, first + GROUP), width, group))
    nodes.push(cast(group, 'double', `${group}_64`))
    nodes.push(node('Add', [sum, `${group}_64`], `sum_${first}`))
    sum = `sum_${first}`
  }
  nodes.push(cast(sum, 'float', 'margin'))
  return { nodes, initializers: [scalar('base_margin', ensemble.baseMargin)] }
}

function groupNode(trees: readonly Tree[], width: number, output: string): GraphNode {
  const nodes = trees.reduce((sum, tree) => sum + tree.column.length, 0)
  const leaves = trees.reduce((sum, tree) => sum + tree.column.filter((column) => column < 0).length, 0)
  const treeId = new Int32Array(nodes)
  const nodeId = new Int32Array(nodes)
  const column = new Int32Array(nodes)
  const threshold = new Float32Array(nodes)
  const whenTrue = new Int32Array(nodes)
  const whenFalse = new Int32Array(nodes)
  const missingTrue = new Int32Array(nodes)
  const mode: string[] = []
  const leafTree = new Int32Array(leaves)
  const leafNode = new Int32Array(leaves)
  const leafValue = new Float32Array(leaves)

  let at = 0
  let leaf = 0
  trees.forEach((tree, index) => {
    for (let i = 0; i < tree.column.length; i++, at++) {
      treeId[at] = index
      nodeId[at] = i
      if (tree.column[i] < 0) {
        mode.push('LEAF')
        leafTree[leaf] = index
        leafNode[leaf] = i
        leafValue[leaf++] = tree.value[i]
        continue
      }
      if (tree.column[i] >= width) {
        throw new RangeError(`A tree asks for column ${tree.column[i]} of ${width}.`)
      }
      mode.push('BRANCH_LT')
      column[at] = tree.column[i]
      threshold[at] = tree.threshold[i]
      whenTrue[at] = tree.left[i]
      whenFalse[at] = tree.right[i]
      missingTrue[at] = tree.missingLeft[i]
    }
  })

  return {
    op: 'TreeEnsembleRegressor',
    domain: 'ai.onnx.ml',
    inputs: ['design'],
    outputs: [output],
    attributes: [
      { name: 'aggregate_function', kind: 'string', value: 'SUM' },
      { name: 'n_targets', kind: 'int', value: 1 },
      { name: 'nodes_falsenodeids', kind: 'ints', value: whenFalse },
      { name: 'nodes_featureids', kind: 'ints', value: column },
      { name: 'nodes_missing_value_tracks_true', kind: 'ints', value: missingTrue },
      { name: 'nodes_modes', kind: 'strings', value: mode },
      { name: 'nodes_nodeids', kind: 'ints', value: nodeId },
      { name: 'nodes_treeids', kind: 'ints', value: treeId },
      { name: 'nodes_truenodeids', kind: 'ints', value: whenTrue },
      { name: 'nodes_values', kind: 'floats', value: threshold },
      { name: 'post_transform', kind: 'string', value: 'NONE' },
      { name: 'target_ids', kind: 'ints', value: new Int32Array(leaves) },
      { name: 'target_nodeids', kind: 'ints', value: leafNode },
      { name: 'target_treeids', kind: 'ints', value: leafTree },
      { name: 'target_weights', kind: 'floats', value: leafValue },
    ],
  }
}

const noTree: Tree = {
  column: Int32Array.of(-1),
  threshold: new Float32Array(1),
  left: new Int32Array(1),
  right: new Int32Array(1),
  missingLeft: new Uint8Array(1),
  value: new Float32Array(1),
  cover: new Float64Array(1),
}
