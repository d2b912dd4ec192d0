/** What somebody can be told of, in words. */
import type { AlertsAnswer } from '../../../server/api/alerts.ts'

export type ToldKind = AlertsAnswer['items'][number]['kind']

export const KINDS: Readonly<Record<ToldKind, string>> = {
  'action.stopped': 'Something stopped by itself',
  'customer.answered': 'A person answered or complained',
  'customer.level': 'The risk of customers rose to high',
  'groups.ratio': 'The groups are not as large as they should be',
  'offers.codes': 'Codes for offers run out',
  'policy.refused': 'A new policy was not put in charge',
  'digest.weekly': 'The weekly digest',
  'webhook.disabled': 'A webhook was turned off',
  test: 'A test',
}

export const KIND_ORDER = Object.keys(KINDS) as readonly ToldKind[]

/** Those that one chooses; a test comes when it is asked for. */
export const CHOSEN_KINDS = KIND_ORDER.filter((kind) => kind !== 'test')
