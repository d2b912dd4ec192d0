/** Renewals of the sample: an open Opportunity for the next term, the Contract that runs, and what was won before. */
import type { Random } from '../../../models/random.ts'
import type { Agreement } from '../../world/agreement.ts'
import { DAY, dayText, DAYS_IN_MONTH, termMonths } from '../../world/calendar.ts'
import type { Seen } from '../../world/crm.ts'
import { renewalPhase } from '../../world/sample-firm.ts'
import type { Values } from './sample-account.ts'

export interface Renewal {
  readonly account: string
  /** Its name. */
  readonly company: string
  readonly contract: string
  /** Days since 1970-01-01, in the sandbox's calendar. */
  readonly renewal: number
  readonly today: number
  readonly mrr: number
  readonly noticeDays: number
  readonly autoRenewal: boolean
  readonly owner: string
}

/** Of the agreement as it stands; null without a term. */
export const renewalOf = (
  agreement: Agreement,
  whose: Pick<Renewal, 'account' | 'company' | 'owner' | 'today'>,
): Renewal | null =>
  agreement.renewal === null
    ? null
    : {
        ...whose,
        contract: agreement.contract,
        renewal: agreement.renewal,
        mrr: agreement.monthlyCharges,
        noticeDays: agreement.noticeDays,
        autoRenewal: agreement.autoRenewal,
      }

const STAGE = { upcoming: 'Prospecting', talks: 'Negotiation/Review', sent: 'Proposal/Price Quote' } as const

/** What changes as the renewal comes closer. */
export const renewalDates = ({
  renewal,
  today,
  noticeDays,
  months,
}: {
  renewal: number
  today: number
  noticeDays: number
  months: number
}): Values => ({
  StageName: STAGE[renewalPhase(renewal - today)],
  CloseDate: dayText(renewal),
  Contract_Start_Date__c: dayText(Math.round(renewal - months * DAYS_IN_MONTH)),
  Notice_Date__c: dayText(renewal - noticeDays),
})

/** The next term of a customer, as an open Opportunity; its amount is that of the term. */
export function renewalOpportunity({ account, company, renewal, today, ...terms }: Renewal): Values {
  const months = termMonths(terms.contract)
  return {
    AccountId: account,
    Name: `${company.slice(0, 80)} – Renewal ${dayText(renewal).slice(0, 4)}`,
    Type: 'Renewal',
    Amount: Math.round(terms.mrr * months * 100) / 100,
    Contract_Term_Months__c: months,
    Auto_Renewal__c: terms.autoRenewal,
    OwnerId: terms.owner,
    ...renewalDates({ renewal, today, noticeDays: terms.noticeDays, months }),
  }
}

/** What was signed a term ago. */
export function wonOpportunity(renewal: Renewal): Values {
  const signed = Math.round(renewal.renewal - termMonths(renewal.contract) * DAYS_IN_MONTH)
  return { ...renewalOpportunity({ ...renewal, renewal: signed }), StageName: 'Closed Won' }
}

/** The term that runs, up to the renewal. */
export function runningContract({ account, renewal, mrr, noticeDays, ...terms }: Renewal): Values {
  const months = termMonths(terms.contract)
  return {
    AccountId: account,
    StartDate: termStart(renewal, months),
    ContractTerm: months,
    Status: 'Activated',
    Monthly_Amount__c: mrr,
    Notice_Date__c: dayText(renewal - noticeDays),
    Auto_Renewal__c: terms.autoRenewal,
    OwnerId: terms.owner,
  }
}

/** A term of Salesforce ends on the day before the same day, so many months later. */
export function termStart(renewal: number, months: number): string {
  const day = new Date(renewal * DAY)
  const start = Date.UTC(day.getUTCFullYear(), day.getUTCMonth() - months, day.getUTCDate())
  return dayText(start / DAY)
}

export function newBusiness(
  { account, owner, seen, today }: { account: string; owner: string; seen: Seen; today: number },
  rng: Random,
): Values {
  const stages = ['Prospecting', 'Qualification', 'Proposal/Price Quote', 'Closed Lost']
  return {
    AccountId: account,
    Name: `${String(seen.company)} – New`,
    Type: 'New Business',
    StageName: stages[rng.integer(stages.length)],
    Amount: rng.next() < 0.15 ? null : Math.round(Number(seen.monthly_charges) * 12),
    CloseDate: dayText(today - 60 + rng.integer(180)),
    OwnerId: owner,
  }
}
