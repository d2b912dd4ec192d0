/** What the period's actions hold of the budget, as one sentence. */
import { heldByCurrency, leftOver } from '../../loop/budget.ts'
import { budgetLimitOf } from '../../settings/budget-limit.ts'
import { periodEnd, periodStart } from '../../settings/planning.ts'
import { budgetHeld, type HeldByAction } from '../../store/budget.ts'
import type { Transaction } from '../../store/database.ts'
import { html, joined, type Piece } from './html.ts'
import type { Place } from './place.ts'

/** Of the period that runs now. */
export function readHeld(tx: Transaction, { settings, now }: Place): Promise<HeldByAction[]> {
  const { period } = settings
  return budgetHeld(tx, { start: periodStart(period, now), end: periodEnd(period, now) })
}

/** Nothing where nothing is held and there is no limit. */
export function budgetPart(held: readonly HeldByAction[], { settings, formats }: Place): Piece {
  const limit = budgetLimitOf(settings)
  const sums = [...heldByCurrency(held)].filter(([, { reserved, committed }]) => reserved + committed > 0)
  if (sums.length === 0 && limit.limitMinor === null) return null
  const money = (of: 'reserved' | 'committed'): Piece =>
    joined(
      sums.filter(([, sum]) => sum[of] > 0).map(([currency, sum]) => formats.money(sum[of], currency)),
      ' and ',
    )
  const some = (of: 'reserved' | 'committed') => sums.some(([, sum]) => sum[of] > 0)
  const left = leftOver(
    limit,
    sums.map(([currency, { reserved, committed }]) => ({ currency, minor: reserved + committed })),
  )
  return html`<p class="note">
    Money of this ${settings.period}:
    ${some('committed') ? html`${money('committed')} spent` : 'nothing spent yet'}${some('reserved') && html`, ${money('reserved')} reserved for what is planned or offered`}.
    ${
      limit.limitMinor === 0
        ? 'The budget is 0, which switches off everything that costs something.'
        : left === null || limit.limitMinor === null
          ? 'No budget is set.'
          : html`${formats.money(left, limit.currency)} of ${formats.money(limit.limitMinor, limit.currency)}
            is left.`
    }
  </p>`
}
