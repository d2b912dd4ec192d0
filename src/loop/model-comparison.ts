/** Two models side by side: on the same customers where both were asked about them, else by their own figures. */
import { Z95, type Estimate } from '../../models/churn/statistics.ts'
import { normalBelow } from '../../models/churn/compare.ts'
import type { ModelVersion } from './model-versions.ts'

export interface ComparedVersions {
  readonly sameCustomers: boolean
  /** AUC of the first less AUC of the second; null: one of them has none. */
  readonly difference: (Estimate & { readonly pWorse: number }) | null
  readonly customers: number | null
  readonly sentence: string
}

type Compared = Pick<ModelVersion, 'hash' | 'name' | 'version' | 'facts' | 'comparisons'>

/**
 * @example
 * compareVersions(challenger, champion).sentence
 */
export function compareVersions(first: Compared, second: Compared): ComparedVersions {
  const direct = first.comparisons.find(({ hash }) => hash === second.hash)
  const reverse = second.comparisons.find(({ hash }) => hash === first.hash)
  const same = direct?.auc ? direct : reverse?.auc ? reverse : null
  if (same?.auc) {
    const { value, low, high, pWorse } = same.auc
    const difference =
      same === direct
        ? { value, low, high, pWorse }
        : { value: -value, low: -high, high: -low, pWorse: 1 - pWorse }
    return {
      sameCustomers: true,
      difference,
      customers: same.customers,
      sentence: `Both were asked about the same ${same.customers.toLocaleString('en')} customers, whom neither was trained on. ${verdict(first, second, difference)}`,
    }
  }
  const why = direct?.why ?? reverse?.why ?? null
  const apart = why ?? 'They were never asked about the same customers.'
  const [one, other] = [first.facts.auc, second.facts.auc]
  if (one === null || other === null)
    return {
      sameCustomers: false,
      difference: null,
      customers: null,
      sentence: `${apart} ${nameOf(one === null ? first : second)} has no measured figures, so they cannot be compared.`,
    }
  const value = one.value - other.value
  const error = Math.hypot((one.high - one.low) / 2 / Z95, (other.high - other.low) / 2 / Z95)
  const difference = {
    value,
    low: value - Z95 * error,
    high: value + Z95 * error,
    pWorse: error > 0 ? normalBelow(value / error) : value < 0 ? 0 : 1,
  }
  return {
    sameCustomers: false,
    difference,
    customers: null,
    sentence: `${apart} By their own figures, on different customers: ${verdict(first, second, difference)} A difference between customers looks the same as one between models.`,
  }
}

const nameOf = ({ name, version }: Compared): string => `${name} ${version}`

function verdict(first: Compared, second: Compared, { value, low, high }: Estimate): string {
  const interval = `${signed(value)} AUC, 95 % interval ${signed(low)} to ${signed(high)}`
  if (low > 0) return `${nameOf(first)} ranks them better (${interval}).`
  if (high < 0)
    return `${nameOf(second)} ranks them better (${signed(-value)} AUC, 95 % interval ${signed(-high)} to ${signed(-low)}).`
  return `Neither is shown to rank them better (${interval}).`
}

const signed = (value: number): string => `${value >= 0 ? '+' : '−'}${Math.abs(value).toFixed(3)}`
