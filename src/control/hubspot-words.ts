/** What a person is told of a portal alone. */
import type { SubscriptionType } from '../../connectors/hubspot/subscription-types.ts'

/** @param subscription null: none is known */
export function subscriptionLine(subscription: SubscriptionType | null): string {
  return subscription === null
    ? 'No subscription type is known that our e-mails belong to: only opt-outs from all e-mail count as a no (--subscription names one).'
    : `Our e-mails belong to the subscription type "${subscription.name}": whoever is out of it gets none (--subscription names another).`
}
