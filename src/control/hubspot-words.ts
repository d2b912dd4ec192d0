/** What a person is told of a portal alone. */
import type { SubscriptionType } from '../../connectors/hubspot/subscription-types.ts'
import type { Person } from './acting-person.ts'

/** @param subscription null: none is known */
export function subscriptionLine(
  subscription: SubscriptionType | null,
  { way }: Pick<Person, 'way'>,
): string {
  const how = (does: string): string => (way === 'cli' ? ` (--subscription ${does})` : '')
  return subscription === null
    ? `No subscription type is known that our e-mails belong to: only opt-outs from all e-mail count as a no${how('names one')}.`
    : `Our e-mails belong to the subscription type "${subscription.name}": whoever is out of it gets none${how('names another')}.`
}
