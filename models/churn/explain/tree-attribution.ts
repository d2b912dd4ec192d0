import type { TreeEnsemble } from '../trees.ts'
import { type Binning, binningOf } from './bins.ts'
import { type Leaf, branchOf, expectedValue } from './paths.ts'
import { leafShapley } from './shapley.ts'
import { type Tile, coverOf, met } from './tiles.ts'

/** Rows that are worked on together: their bins and sums stay in the first caches while the tables pass by. */
export const BLOCK = 256

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
 * @param limit configurations a table may have: 1,024 holds any tree of 8 leaves whole
 */
export function treeAttribution(
  ensemble: TreeEnsemble,
  source: Uint16Array,
  features: number,
  limit: number,
): TreeAttribution {
  const binning = binningOf(ensemble)
  const featureAt = Int32Array.from(binning.columns, (column) => source[column])
  const branches = ensemble.trees.map((tree) => branchOf(tree, binning))
  const covers = branches.map((branch) => coverOf(branch, featureAt, binning.counts, limit))
  const plan = pack(covers.flatMap((cover) => cover.tiles))
  const leaves = covers.flatMap((cover) => cover.leaves)
  const bins = new Uint16Array(binning.columns.length * BLOCK)
  const sums = new Float64Array(features * BLOCK)

  return {
    expected: branches.reduce((sum, branch) => sum + expectedValue(branch), ensemble.baseMargin),
    bytes: plan.codes.byteLength + plan.tables.byteLength,
    explain: (design, first, count) => {
      binning.fill(design, first, count, bins, BLOCK)
      sums.fill(0)
      addTiles(plan, bins, count, sums)
      for (const leaf of leaves) addLeaf(leaf, binning, featureAt, bins, count, sums)
      return sums
    },
  }
}

/** All tiles in flat arrays, so that the loops below meet one kind of array each. */
interface Plan {
  readonly tiles: readonly PackedTile[]
  readonly codes: Uint16Array
  readonly tables: Float64Array
}

interface PackedTile {
  /** Pairs: offset of a column's bins in the block, offset of its codes. */
  readonly columns: Int32Array
  /** Pairs: offset of a feature's sums in the block, offset of its row of the table. */
  readonly features: Int32Array
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

const at = new Uint16Array(BLOCK)

function addTiles(plan: Plan, bins: Uint16Array, count: number, sums: Float64Array): void {
  const { codes, tables } = plan
  for (const { columns, features } of plan.tiles) {
    let i = columns.length
    if (i % 4 === 2) {
      i -= 2
      locate1(codes, bins, count, columns[i], columns[i + 1])
    } else {
      i -= 4
      locate2(codes, bins, count, columns[i], columns[i + 1], columns[i + 2], columns[i + 3])
    }
    while (i > 0) {
      i -= 4
      locate2More(codes, bins, count, columns[i], columns[i + 1], columns[i + 2], columns[i + 3])
    }
    let k = features.length
    if (k % 4 === 2) {
      k -= 2
      spread1(tables, sums, count, features[k], features[k + 1])
    }
    while (k > 0) {
      k -= 4
      spread2(tables, sums, count, features[k], features[k + 1], features[k + 2], features[k + 3])
    }
  }
}

function locate1(codes: Uint16Array, bins: Uint16Array, count: number, bin: number, code: number): void {
  for (let r = 0; r < count; r++) at[r] = codes[code + bins[bin + r]]
}

function locate2(
  codes: Uint16Array,
  bins: Uint16Array,
  count: number,
  binA: number,
  codeA: number,
  binB: number,
  codeB: number,
): void {
  for (let r = 0; r < count; r++) at[r] = codes[codeA + bins[binA + r]] + codes[codeB + bins[binB + r]]
}

function locate2More(
  codes: Uint16Array,
  bins: Uint16Array,
  count: number,
  binA: number,
  codeA: number,
  binB: number,
  codeB: number,
): void {
  for (let r = 0; r < count; r++) at[r] += codes[codeA + bins[binA + r]] + codes[codeB + bins[binB + r]]
}

function spread1(tables: Float64Array, sums: Float64Array, count: number, sum: number, row: number): void {
  for (let r = 0; r < count; r++) sums[sum + r] += tables[row + at[r]]
}

function spread2(
  tables: Float64Array,
  sums: Float64Array,
  count: number,
  sumA: number,
  rowA: number,
  sumB: number,
  rowB: number,
): void {
  for (let r = 0; r < count; r++) {
    const configuration = at[r]
    sums[sumA + r] += tables[rowA + configuration]
    sums[sumB + r] += tables[rowB + configuration]
  }
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
