import type { Tree, TreeEnsemble } from '../../models/churn/trees.ts'
import { random } from '../../models/random.ts'

/**
 * Shapley values of one tree by their definition: for every column, over all subsets of the others, weighted
 * by |S|! (n - |S| - 1)! / n!. What is known of a subset is the tree's answer with the unknown columns averaged
 * by cover. Shares no code with the product's tables.
 */
export function shapleyByDefinition(tree: Tree, row: Float32Array): Float64Array {
  const n = row.length
  const answers = Float64Array.from({ length: 2 ** n }, (_, known) => answer(tree, row, known, 0))
  const factorial = Array.from({ length: n + 1 }, () => 1)
  for (let i = 1; i <= n; i++) factorial[i] = factorial[i - 1] * i
  return Float64Array.from({ length: n }, (_, column) => {
    let sum = 0
    for (let known = 0; known < 2 ** n; known++) {
      if ((known >>> column) & 1) continue
      let size = 0
      for (let j = 0; j < n; j++) size += (known >>> j) & 1
      const weight = (factorial[size] * factorial[n - size - 1]) / factorial[n]
      sum += weight * (answers[known | (1 << column)] - answers[known])
    }
    return sum
  })
}

function answer(tree: Tree, row: Float32Array, known: number, node: number): number {
  const column = tree.column[node]
  if (column < 0) return tree.value[node]
  const left = tree.left[node]
  const right = tree.right[node]
  if ((known >>> column) & 1) {
    const x = row[column]
    const goesLeft = Number.isNaN(x) ? tree.missingLeft[node] === 1 : x < tree.threshold[node]
    return answer(tree, row, known, goesLeft ? left : right)
  }
  const share = tree.cover[left] / (tree.cover[left] + tree.cover[right])
  return share * answer(tree, row, known, left) + (1 - share) * answer(tree, row, known, right)
}

/** A random tree: few thresholds, so that paths meet a column again, rows hit thresholds, and some bins are empty. */
export function randomTree(seed: number, columns: number, leaves: number): Tree {
  const r = random(seed)
  const tree = {
    column: [-1],
    threshold: [0],
    left: [-1],
    right: [-1],
    missingLeft: [0],
    value: [0],
    cover: [1],
  }
  const open = [0]
  for (let made = 1; made < leaves; made++) {
    const node = open.splice(r.integer(open.length), 1)[0]
    const left = tree.column.length
    const share = 0.05 + 0.9 * r.next()
    tree.column[node] = r.integer(columns)
    tree.threshold[node] = r.integer(4)
    tree.left[node] = left
    tree.right[node] = left + 1
    tree.missingLeft[node] = r.integer(2)
    tree.value[node] = 0
    for (const part of [share, 1 - share]) {
      tree.column.push(-1)
      tree.threshold.push(0)
      tree.left.push(-1)
      tree.right.push(-1)
      tree.missingLeft.push(0)
      tree.value.push(0)
      tree.cover.push(tree.cover[node] * part)
      open.push(tree.column.length - 1)
    }
  }
  for (const leaf of open) tree.value[leaf] = r.normal()
  return arraysOf(tree)
}

/** A tree that asks about `depth` columns one below the other: the longest path there can be. */
export function chainTree(depth: number): Tree {
  const nodes = 2 * depth + 1
  const inner = (i: number): boolean => i % 2 === 0 && i < nodes - 1
  const index = Array.from({ length: nodes }, (_, i) => i)
  return arraysOf({
    column: index.map((i) => (inner(i) ? i / 2 : -1)),
    threshold: index.map((i) => (inner(i) ? 1 : 0)),
    left: index.map((i) => (inner(i) ? i + 1 : -1)),
    right: index.map((i) => (inner(i) ? i + 2 : -1)),
    missingLeft: index.map((i) => (i % 4 === 0 ? 1 : 0)),
    value: index.map((i) => (inner(i) ? 0 : Math.sin(i))),
    // The left child, a leaf, takes 30 % of what reaches its parent.
    cover: index.map((i) => (i % 2 === 0 ? 0.7 ** (i / 2) : 0.3 * 0.7 ** ((i - 1) / 2))),
  })
}

/** Rows of values round the thresholds of the trees above, one in eight missing. */
export function randomRows(seed: number, rows: number, columns: number): Float32Array {
  const r = random(seed)
  return Float32Array.from({ length: rows * columns }, () =>
    r.integer(8) === 0 ? NaN : (r.integer(11) - 2) / 2,
  )
}

/** An ensemble of trees, as `explainer` takes it. */
export function ensembleOf(trees: readonly Tree[], columns: number, baseMargin = 0.25): TreeEnsemble {
  return { baseMargin, columns, trees }
}

interface Nodes {
  readonly column: number[]
  readonly threshold: number[]
  readonly left: number[]
  readonly right: number[]
  readonly missingLeft: number[]
  readonly value: number[]
  readonly cover: number[]
}

function arraysOf(nodes: Nodes): Tree {
  return {
    column: Int32Array.from(nodes.column),
    threshold: Float32Array.from(nodes.threshold),
    left: Int32Array.from(nodes.left),
    right: Int32Array.from(nodes.right),
    missingLeft: Uint8Array.from(nodes.missingLeft),
    value: Float32Array.from(nodes.value),
    cover: Float64Array.from(nodes.cover),
  }
}
