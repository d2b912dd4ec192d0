/** What the list of customers shows, narrows to and orders by, as people say it. */
import type { CustomerLineAnswer } from '../../../server/api/customer-lists.ts'
import type { CustomerSort, Group } from '../../../contracts/customer-terms.ts'
import type { CustomerColumn } from '../../../contracts/customer-views.ts'

export const GROUP_WORDS: Readonly<Record<Group, string>> = {
  policy: 'Policy',
  usual: 'Business as usual',
  holdout: 'Holdout',
  exempt: 'Exempt',
}

export const STATUS_WORDS: Readonly<Record<CustomerLineAnswer['status'], string>> = {
  active: 'Customers today',
  left: 'Left',
  deleted: 'Gone from the CRM',
}

export const COLUMN_WORDS: Readonly<Record<CustomerColumn, string>> = {
  value: 'Value at risk',
  risk: 'Risk',
  why: 'Mostly because',
  suggested: 'Suggested',
  intervention: 'What happens',
  renewal: 'Renews',
  responsible: 'Responsible',
  changed: 'Level changed',
  group: 'Group',
  connection: 'Connection',
  status: 'Status',
  data: 'What is known',
  monthly: 'A month',
}

/** What each order puts first. */
export const SORT_WORDS: Readonly<Record<CustomerSort, { readonly word: string; readonly first: string }>> = {
  value: { word: 'Value at risk', first: 'Those with the most to lose stand first.' },
  probability: { word: 'Risk', first: 'Those who leave most likely stand first.' },
  renewal: { word: 'Renewal', first: 'Those who renew next stand first.' },
  name: { word: 'Name', first: 'By name.' },
  changed: { word: 'Level changed', first: 'Whose level changed last stands first.' },
}

export const CHANGED_WORDS: Readonly<Record<'high' | 'recovered' | 'any', string>> = {
  high: 'Became high',
  recovered: 'Recovered from high',
  any: 'Changed either way',
}
