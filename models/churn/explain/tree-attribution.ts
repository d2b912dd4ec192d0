import type { TreeEnsemble } from '../trees.ts'
import { type Binning, binningOf } from './bins.ts'
import { type Plan, addTile } from './kernels.ts'
import { type Branch, type Leaf, branchOf, expectedValue } from './paths.ts'
import { leafShapley } from './shapley.ts'
import { type Cover, type Tile, bytesOf, coverOf, met, tileOf } from './tiles.ts'

/** Rows that are worked on together: their bins and sums stay in the first caches while the tables pass by. */
export const BLOCK = 512

export interface TreeAttribution {
  /** Margin of the average training row: base margin plus the trees' expected values. */
  readonly expected: number
  /** Bytes of the precomputed tables and codes. */
  readonly bytes: number
  /**
   * Contributions of `count` <= BLOCK rows from row `first` of a row-major design, feature by feature:
   * feature f of the r-th of them is at [f x BLOCK + r]. Valid until the next call.
   */
  explain(design: Float32Array, first: number, count: number): Float64Array
}

/**
 * Precomputes an ensemble's tables.
 *
 * @param source customer's feature of each design column
 * @param features how many features the customer has
 * @param limit configurations that one table may have; codes are 16 bits wide, so 65,536 at most
 * @param budget bytes that all tables together may take
 */
export function treeAttribution(
  ensemble: TreeEnsemble,
  source: Uint16Array,
  features: number,
  limit: number,
  budget: number,
): TreeAttribution {
  const binning = binningOf(ensemble)
  const featureAt = Int32Array.from(binning.columns, (column) => source[column])
  const branches = ensemble.trees.map((tree) => branchOf(tree, binning))
  const covers = coversWithin(branches, binning, limit, budget)
  const plan = pack(covers.flatMap((cover) => cover.tiles.map((tile) => tileOf(tile, featureAt))))
  const leaves = covers.flatMap((cover) => cover.leaves)
  const bins = new Uint16Array(binning.columns.length * BLOCK)
  const sums = new Float64Array(features * BLOCK)
  const scratch = { at: new Uint16Array(BLOCK), zeros: new Uint16Array(BLOCK) }

  return {
    expected: branches.reduce((sum, branch) => sum + expectedValue(branch), ensemble.baseMargin),
    bytes: plan.codes.byteLength + plan.tables.byteLength,
    explain: (design, first, count) => {
      binning.fill(design, first, count, bins, BLOCK)
      sums.fill(0)
      for (const tile of plan.tiles) addTile(plan, tile, bins, count, sums, scratch)
      for (const leaf of leaves) addLeaf(leaf, binning, featureAt, bins, count, sums)
      return sums
    },
  }
}

/** Smaller tables until all of them fit; in the end none, and every leaf is worked out for each row. */
function coversWithin(
  branches: readonly Branch[],
  binning: Binning,
  limit: number,
  budget: number,
): readonly Cover[] {
  for (let size = Math.min(limit, 65_536); ; size >>= 1) {
    const covers = branches.map((branch) => coverOf(branch, binning.counts, size))
    if (covers.reduce((bytes, cover) => bytes + bytesOf(cover), 0) <= budget) return covers
  }
}

function pack(tiles: readonly Tile[]): Plan {
  const codes = new Uint16Array(
    tiles.reduce((n, tile) => n + tile.codes.reduce((m, c) => m + c.length, 0), 0),
  )
  const tables = new Float64Array(tiles.reduce((n, tile) => n + tile.table.length, 0))
  let codeEnd = 0
  let tableEnd = 0
  const packed = tiles.map((tile) => {
    const columns = tile.places.flatMap((place, i) => {
      codes.set(tile.codes[i], codeEnd)
      codeEnd += tile.codes[i].length
      return [place * BLOCK, codeEnd - tile.codes[i].length]
    })
    const features = tile.features.flatMap((feature, k) => [feature * BLOCK, tableEnd + k * tile.size])
    tables.set(tile.table, tableEnd)
    tableEnd += tile.table.length
    return { columns: Int32Array.from(columns), features: Int32Array.from(features) }
  })
  return { tiles: packed, codes, tables }
}

/** The slow way, for a leaf whose path asks about more columns than a table can hold. */
function addLeaf(
  leaf: Leaf,
  binning: Binning,
  featureAt: Int32Array,
  bins: Uint16Array,
  count: number,
  sums: Float64Array,
): void {
  const { steps, value } = leaf
  const share = Float64Array.from(steps, (step) => step.share)
  const known = new Uint8Array(steps.length)
  const out = new Float64Array(steps.length)
  for (let r = 0; r < count; r++) {
    steps.forEach((step, j) => {
      known[j] = met(step, bins[step.place * BLOCK + r], binning.counts[step.place] - 1)
    })
    leafShapley(share, known, value, out)
    steps.forEach((step, j) => {
      sums[featureAt[step.place] * BLOCK + r] += out[j]
    })
  }
}
