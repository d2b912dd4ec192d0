/** Which part of a distribution is drawn: nearly everybody one by one, the few far out as one bar at its end. */

export interface RiskBin {
  /** Included; 0 to 1. */
  readonly from: number
  /** Not included. */
  readonly to: number
  readonly high: number
  readonly medium: number
  readonly low: number
}

/** Share of customers whose bars stand by themselves. */
const SHOWN = 0.99
const FEWEST_BARS = 10

/**
 * Nobody is lost: what is beyond the last bar is counted in it.
 *
 * @param bins neighbours, ascending
 * @returns `open`: the last bar is "and more"
 * @example
 * foldBins(overview.distribution.bins).shown.length // 25 of 51
 */
export function foldBins(bins: readonly RiskBin[]): {
  readonly shown: readonly RiskBin[]
  readonly open: boolean
} {
  const all = bins.reduce((sum, bin) => sum + customersOf(bin), 0)
  let seen = 0
  const enough = bins.findIndex((bin) => (seen += customersOf(bin)) >= all * SHOWN) + 1
  const last = Math.max(FEWEST_BARS, enough) + 1
  if (bins.length <= last) return { shown: bins, open: false }
  const beyond = bins.slice(last - 1)
  const sum = (level: 'high' | 'medium' | 'low'): number => beyond.reduce((all, bin) => all + bin[level], 0)
  const end = {
    from: beyond[0].from,
    to: beyond[beyond.length - 1].to,
    high: sum('high'),
    medium: sum('medium'),
    low: sum('low'),
  }
  return { shown: [...bins.slice(0, last - 1), end], open: true }
}

const customersOf = ({ high, medium, low }: RiskBin): number => high + medium + low
