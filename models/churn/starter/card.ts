/** What is said of the subscription starter wherever its scores are shown. */
export interface StarterCard {
  readonly name: 'subscription'
  /** The short label beside a score. */
  readonly label: 'ranking from assumptions'
  readonly summary: string
  readonly data: string
  readonly intendedUse: string
  readonly limits: readonly string[]
}

interface Facts {
  readonly churnRate: { readonly rate: number; readonly months: number }
  readonly days: number
  /** Average risk within the horizon. */
  readonly baseRate: number
  /** Features whose spread was taken from a file. */
  readonly observed: readonly string[]
}

/**
 * @example
 * starterCard({ churnRate: { rate: 0.015, months: 1 }, days: 90, baseRate: 0.044, observed: [] }).label
 */
export function starterCard({ churnRate, days, baseRate, observed }: Facts): StarterCard {
  const percent = (share: number): string => `${Number((share * 100).toPrecision(2))} %`
  const period = churnRate.months === 1 ? 'a month' : `within ${churnRate.months} months`
  return {
    name: 'subscription',
    label: 'ranking from assumptions',
    summary: `Starter model, not trained on your customers. It ranks them by what is believed of subscription businesses in general, and sets the level by the stated churn rate: ${percent(churnRate.rate)} ${period}, which is ${percent(baseRate)} within ${days} days.`,
    data:
      observed.length === 0
        ? 'No customer was used. Effects and the spread of every feature are assumed.'
        : `No outcome was used. Effects are assumed; the spread of ${observed.length} features comes from your file.`,
    intendedUse:
      'Whom to look at first, until enough customers have left to train a model of your own. With every known outcome the beliefs give way to your data.',
    limits: [
      'No accuracy is stated, because none was measured.',
      'Most sizes of effects are assumptions; each is listed with its source or marked as assumed.',
      'Features count as independent of one another, and each effect as straight within its range.',
      'A feature that is missing counts as average; with few features the ranking is coarse.',
      'If the stated churn rate is wrong, all risks are wrong by about the same factor; the ranking stays.',
    ],
  }
}
