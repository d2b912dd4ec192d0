/** A tree while it grows: as it will be returned, and by bins in shared memory (node.ts). */
import type { Tree } from '../trees.ts'
import type { Layout } from './layout.ts'
import { NODE, NODE_BYTES } from './node.ts'

export interface Nodes {
  add(cover: number): number
  setValue(node: number, value: number): void
  finished(): Tree
  /** Returns the left child's number; the right child follows it. */
  split(
    node: number,
    binned: number,
    column: number,
    threshold: number,
    how: { bin: number; also: number; missingLeft: boolean; left: number; right: number },
  ): number
}

export function newNodes(words: Int32Array, numbers: Float64Array, layout: Layout): Nodes {
  const most = 2 * layout.leaves - 1
  const tree = {
    column: new Int32Array(most).fill(-1),
    threshold: new Float32Array(most),
    left: new Int32Array(most).fill(-1),
    right: new Int32Array(most).fill(-1),
    missingLeft: new Uint8Array(most),
    value: new Float32Array(most),
    cover: new Float64Array(most),
  }
  let count = 0
  const record = (node: number): number => layout.nodes + node * NODE_BYTES
  const add = (cover: number): number => {
    tree.cover[count] = cover
    words.fill(0, record(count) / 4, record(count + 1) / 4)
    return count++
  }
  return {
    add,
    setValue: (node, value) => {
      tree.value[node] = value
      // As float32, like in the tree, so that margins in training are those of prediction.
      numbers[(record(node) + NODE.value) / 8] = tree.value[node]
    },
    finished: () => ({
      column: tree.column.slice(0, count),
      threshold: tree.threshold.slice(0, count),
      left: tree.left.slice(0, count),
      right: tree.right.slice(0, count),
      missingLeft: tree.missingLeft.slice(0, count),
      value: tree.value.slice(0, count),
      cover: tree.cover.slice(0, count),
    }),
    split: (node, binned, column, threshold, how) => {
      const left = add(how.left)
      const right = add(how.right)
      tree.column[node] = column
      tree.threshold[node] = threshold
      tree.left[node] = left
      tree.right[node] = right
      tree.missingLeft[node] = how.missingLeft ? 1 : 0
      const at = record(node)
      words[(at + NODE.column) / 4] = binned
      words[(at + NODE.bin) / 4] = how.bin
      words[(at + NODE.also) / 4] = how.also
      words[(at + NODE.left) / 4] = record(left)
      words[(at + NODE.right) / 4] = record(right)
      return left
    },
  }
}
