/** What is held of people, and what becomes of it, in words. */
import type { ErasureAnswer, PeopleDataAnswer } from '../../../server/api/people-data.ts'
import type { AgeSetting } from '../../../settings/retention.ts'

export type Held = PeopleDataAnswer['held'][number]

/** By what a person is named in a request. */
export type Selector =
  | { readonly email: string }
  | { readonly phone: string }
  | { readonly record: { readonly connection: string; readonly id: string } }
  | { readonly customer: number }

/** Somebody who was looked for. */
export interface Wanted {
  readonly selector: Selector
  /** As it was typed, or the name of the customer: what the page calls them, and asks to be typed again. */
  readonly said: string
}

export const BECOMES: Readonly<Record<Held['erased'], string>> = {
  deleted: 'Deleted',
  forgotten: 'Stays without them',
  stays: 'Stays',
}

/**
 * Rows by what becomes of them.
 *
 * @example
 * sumsOf(held).deleted // 41
 */
export function sumsOf(held: readonly Held[]): Readonly<Record<Held['erased'], number>> {
  const sums = { deleted: 0, forgotten: 0, stays: 0 }
  for (const { erased, count } of held) sums[erased] += count
  return sums
}

/** What a daily clean-up took, by setting. */
export const WENT: Readonly<Record<AgeSetting, readonly [one: string, others: string]>> = {
  scoreHistory: ['old score', 'old scores'],
  propertyChanges: ['change of a record', 'changes of records'],
  customersLeft: ['customer who had left', 'customers who had left'],
  messages: ['message text', 'message texts'],
  auditLog: ['entry of the audit log', 'entries of the audit log'],
  sessions: ['sign-in that had ended', 'sign-ins that had ended'],
  webhookReceipts: ['event of the CRM', 'events of the CRM'],
  keptAnswers: ['kept answer', 'kept answers'],
  notices: ['notice', 'notices'],
  exports: ['line of the list of exports', 'lines of the list of exports'],
}

/**
 * How far an erasure is, in a few words.
 *
 * @example
 * stateOf(erasure) // '1 record in the CRM still to be emptied'
 */
export function stateOf({ doneAt, crm }: Pick<ErasureAnswer, 'doneAt' | 'crm'>): string {
  const many = crm.waiting.length
  if (many > 0) return `${many} ${many === 1 ? 'record' : 'records'} in the CRM still to be emptied`
  if (crm.givenUp > 0)
    return `${crm.givenUp} ${crm.givenUp === 1 ? 'record' : 'records'} in the CRM could not be emptied: do it there`
  return doneAt === null ? 'Under way' : 'Done'
}
