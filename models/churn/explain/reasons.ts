/**
 * Picks the features that say most about each customer. Slots of a row: first what raises the risk, strongest
 * first, then what lowers it, strongest first; an empty slot has feature -1 and contribution 0.
 */
export interface Reasons {
  readonly rows: number
  /** Slots a row: `raising` + `lowering`. */
  readonly slots: number
  readonly raising: number
  readonly lowering: number
  /** rows x slots, index of the feature or -1. */
  readonly feature: Int16Array
  /** rows x slots, in log-odds. */
  readonly contribution: Float32Array
}

export interface ReasonLimits {
  /** At most so many that raise the risk; default 3. */
  readonly raising?: number
  /** At most so many that lower it; default 2. */
  readonly lowering?: number
  /** Log-odds below which a feature is no reason; default 0.05, about 5 % of a low risk. */
  readonly least?: number
}

/**
 * @param contributions row-major, rows x features, log-odds
 * @param features at most 32,767
 * @example
 * topReasons(Float64Array.of(0.2, -0.7, 0.01), 1, 3).feature // Int16Array [0, -1, -1, 1, -1]
 */
export function topReasons(
  contributions: Float32Array | Float64Array,
  rows: number,
  features: number,
  { raising = 3, lowering = 2, least = 0.05 }: ReasonLimits = {},
): Reasons {
  const slots = raising + lowering
  const feature = new Int16Array(rows * slots).fill(-1)
  const contribution = new Float32Array(rows * slots)
  for (let r = 0; r < rows; r++) {
    const first = r * slots
    for (let f = 0, at = r * features; f < features; f++, at++) {
      const c = contributions[at]
      if (c >= least) insert(feature, contribution, first, first + raising, f, c)
      else if (c <= -least) insert(feature, contribution, first + raising, first + slots, f, c)
    }
  }
  return { rows, slots, raising, lowering, feature, contribution }
}

/** Puts a reason among the slots from `first` to before `end`, which stay sorted; of equals the earlier feature leads. */
function insert(
  feature: Int16Array,
  contribution: Float32Array,
  first: number,
  end: number,
  f: number,
  c: number,
): void {
  const size = Math.fround(Math.abs(c))
  let slot = end
  while (slot > first && size > Math.abs(contribution[slot - 1])) slot--
  if (slot === end) return
  for (let move = end - 1; move > slot; move--) {
    feature[move] = feature[move - 1]
    contribution[move] = contribution[move - 1]
  }
  feature[slot] = f
  contribution[slot] = c
}
