/**
 * Improves an assignment to places by exchanges: one customer makes room for another, who makes room for a
 * third, and so on round a ring of actions or to a free place. An assignment that no such ring improves is the
 * optimum (negative cycle cancelling, Klein 1967; the graph has one node an action, so a ring is found fast).
 */

export interface Places {
  readonly rows: number
  readonly actions: number
  /** What an action is worth to a customer, -Infinity where it is not open. */
  worth(row: number, action: number): number
  /** Free places by action; kept up to date. */
  readonly free: Int32Array
  /** Who goes first among equals. */
  readonly tie: Float64Array
}

/**
 * Cells looked at altogether. Small books reach the optimum; in a large one the prices have left next to
 * nothing to gain, and looking would cost more than it brings.
 */
const EFFORT = 400_000

/** Changes `action` in place, one ring at a time, until none gains or the effort is spent. */
export function exchange(action: Uint8Array, places: Places): void {
  const { rows, actions, worth, free, tie } = places
  // The last node stands for free places: whoever ends there needs no one to make room.
  const nodes = actions + 1
  const gain = new Float64Array(nodes * nodes)
  const mover = new Int32Array(nodes * nodes)
  let scale = 0
  for (let left = Math.floor(EFFORT / (rows * actions)); left > 0; left--) {
    gain.fill(-Infinity)
    for (let row = 0; row < rows; row++) {
      const from = action[row]
      const now = worth(row, from)
      scale = Math.max(scale, Math.abs(now))
      for (let to = 0; to < actions; to++) {
        if (to === from) continue
        const edge = from * nodes + to
        const more = worth(row, to) - now
        if (more > gain[edge] || (more === gain[edge] && more > -Infinity && tie[row] < tie[mover[edge]])) {
          gain[edge] = more
          mover[edge] = row
        }
      }
    }
    for (let a = 0; a < actions; a++) {
      gain[actions * nodes + a] = 0
      if (free[a] > 0) gain[a * nodes + actions] = 0
    }
    const ring = gainfulRing(gain, nodes, 1e-12 * scale)
    if (ring === null) return
    ring.forEach((from, i) => {
      const to = ring[(i + 1) % ring.length]
      if (from === actions) free[to]++
      else if (to === actions) free[from]--
      else action[mover[from * nodes + to]] = to
    })
  }
}

/**
 * A ring of nodes whose edges sum to more than `least`, or null: Bellman-Ford for the largest sums from every
 * node at once; a sum that still grows after as many rounds as there are nodes comes from a ring.
 */
function gainfulRing(gain: Float64Array, nodes: number, least: number): number[] | null {
  const sum = new Float64Array(nodes)
  const before = new Int32Array(nodes).fill(-1)
  let last = -1
  for (let round = 0; round <= nodes; round++) {
    last = -1
    for (let from = 0; from < nodes; from++) {
      for (let to = 0; to < nodes; to++) {
        if (sum[from] + gain[from * nodes + to] > sum[to] + least) {
          sum[to] = sum[from] + gain[from * nodes + to]
          before[to] = from
          last = to
        }
      }
    }
    if (last === -1) return null
  }
  for (let i = 0; i < nodes; i++) last = before[last]
  const ring = [last]
  for (let node = before[last]; node !== last; node = before[node]) ring.push(node)
  return ring.toReversed()
}
