/** Deals of the sample: renewals of customers with a term, and new business of those who are not customers yet. */
import type { Random } from '../../../models/random.ts'
import { dayText, DAYS_IN_MONTH, termMonths } from '../../world/calendar.ts'
import type { Seen } from '../../world/crm.ts'
import { renewalPhase } from '../../world/sample-firm.ts'
import type { Values } from './sample-company.ts'

/** Stage of a renewal by how close it is. */
export const renewalStage = (daysAhead: number): string => STAGE[renewalPhase(daysAhead)]
const STAGE = { upcoming: 'renewal_upcoming', talks: 'renewal_in_talks', sent: 'renewal_sent' } as const

export interface Renewal {
  readonly company: string
  readonly contract: string
  /** Days since 1970-01-01, in the sandbox's calendar. */
  readonly renewal: number
  readonly today: number
  readonly mrr: number
  readonly currency: string | null
  readonly noticeDays: number
  readonly autoRenewal: boolean
}

/** The next term of a customer, as an open deal of the pipeline of renewals; its amount is that of the term. */
export function renewalDeal({ company, contract, renewal, today, ...terms }: Renewal): Values {
  const months = termMonths(contract)
  return {
    dealname: `${company.slice(0, 80)} – renewal ${new Date(renewal * 86_400_000).getUTCFullYear()}`,
    pipeline: 'renewals',
    dealstage: renewalStage(renewal - today),
    dealtype: 'existingbusiness',
    amount: Math.round(terms.mrr * months * 100) / 100,
    deal_currency_code: terms.currency,
    closedate: `${dayText(renewal)}T12:00:00.000Z`,
    contract_start_date: dayText(Math.round(renewal - months * DAYS_IN_MONTH)),
    contract_term_months: months,
    notice_date: dayText(renewal - terms.noticeDays),
    auto_renewal: terms.autoRenewal,
  }
}

/** What was signed a term ago. */
export function wonDeal(renewal: Renewal): Values {
  const months = termMonths(renewal.contract)
  const signed = Math.round(renewal.renewal - months * DAYS_IN_MONTH)
  return {
    ...renewalDeal({ ...renewal, renewal: signed }),
    dealstage: 'renewal_won',
    hs_is_closed_won: true,
  }
}

export function newBusinessDeal(seen: Seen, today: number, rng: Random): Values {
  const stages = ['appointmentscheduled', 'qualifiedtobuy', 'contractsent', 'closedlost']
  return {
    dealname: `${String(seen.company)} – new`,
    pipeline: 'default',
    dealstage: stages[rng.integer(stages.length)],
    dealtype: 'newbusiness',
    amount: rng.next() < 0.15 ? null : Math.round(Number(seen.monthly_charges) * 12),
    deal_currency_code: rng.next() < 0.1 ? null : 'EUR',
    closedate: `${dayText(today - 60 + rng.integer(180))}T12:00:00.000Z`,
  }
}
