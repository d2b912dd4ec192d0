/** What a person is told of a portal before saying who its customers are. */
import type { StageCounts } from '../../connectors/hubspot/lifecycle.ts'
import type { SubscriptionType } from '../../connectors/hubspot/subscription-types.ts'
import { isCustomerWord } from '../loop/population.ts'
import { count } from './found-words.ts'

/** Values of a list; more of them say less. */
const MOST_VALUES = 8

/**
 * @example
 * populationLines('companies', stages) // ['Companies by Lifecycle Stage (lifecyclestage): customer 812, lead 403, …']
 */
export function populationLines(object: string, stages: readonly StageCounts[]): readonly string[] {
  const what = `${object.slice(0, 1).toUpperCase()}${object.slice(1)}`
  return stages.map(({ property, label, values }) => {
    const shown = values.slice(0, MOST_VALUES).map(({ value, records }) => `${value} ${count(records)}`)
    const more = values.length > MOST_VALUES ? `, and ${values.length - MOST_VALUES} more values` : ''
    return `${what} by ${label} (${property}): ${shown.join(', ')}${more}`
  })
}

/** The first property that has values which mean "customer"; null: none tells customers from others. */
export function proposedStage(
  stages: readonly StageCounts[],
): { readonly property: string; readonly values: readonly string[]; readonly records: string } | null {
  for (const { property, values } of stages) {
    const found = values.filter(({ value, label }) => isCustomerWord(value) || isCustomerWord(label))
    if (found.length > 0)
      return {
        property,
        values: found.map(({ value }) => value),
        records: count(found.reduce((sum, { records }) => sum + records, 0)),
      }
  }
  return null
}

/** @param allowed those that an admin named */
export function sensitiveLines(found: readonly string[], allowed: readonly string[]): readonly string[] {
  const left = found.filter((name) => !allowed.includes(name))
  if (left.length === 0) return []
  const names = left.slice(0, MOST_VALUES).join(', ')
  return [
    `${count(left.length)} ${left.length === 1 ? 'property is' : 'properties are'} marked as sensitive in HubSpot and left out: ${names}${left.length > MOST_VALUES ? ', …' : ''}. Whoever may decide that can name them with --sensitive.`,
  ]
}

/** @param subscription null: none is known */
export function subscriptionLine(subscription: SubscriptionType | null): string {
  return subscription === null
    ? 'No subscription type is known that our e-mails belong to: only opt-outs from all e-mail count as a no (--subscription names one).'
    : `Our e-mails belong to the subscription type "${subscription.name}": whoever is out of it gets none (--subscription names another).`
}
