/** What requests about preferences are made of: addresses, kinds of e-mail, and the ground on which somebody is subscribed. */
import { z } from 'zod'
import { invalid } from './problems.ts'
import type { SandboxState } from './state.ts'
import { subscriptionType, type SubscriptionType } from './subscription-statuses.ts'

const LEGAL_BASES = [
  'CONSENT_WITH_NOTICE',
  'LEGITIMATE_INTEREST_CLIENT',
  'LEGITIMATE_INTEREST_OTHER',
  'LEGITIMATE_INTEREST_PQL',
  'NON_GDPR',
  'PERFORMANCE_OF_CONTRACT',
  'PROCESS_AND_STORE',
] as const

/** Fields of a request that changes a status. */
export const legal = {
  legalBasis: z.enum(LEGAL_BASES).optional(),
  legalBasisExplanation: z.string().optional(),
}

/** Addresses are compared in lower case; more than their form is not looked at. */
export function emailOf(given: string): string {
  const email = given.trim().toLowerCase()
  if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/u.test(email)) {
    throw invalid(`Email address ${given} is invalid`, {
      errors: [
        { message: `Email address ${given} is invalid`, code: 'INVALID_EMAIL', in: 'subscriberIdString' },
      ],
    })
  }
  return email
}

export function typeOfId(state: SandboxState, id: number | string): SubscriptionType {
  const type = subscriptionType(state, id)
  if (type === null) throw invalid(`Subscription ${id} does not exist in the portal`)
  return type
}

/** "Legal basis for updating the contact's status (required for GDPR enabled portals)": this portal is in the EU. */
export function withLegalBasis(
  {
    legalBasis,
    legalBasisExplanation,
  }: { legalBasis?: string | undefined; legalBasisExplanation?: string | undefined },
  email: string,
): void {
  if (legalBasis !== undefined && legalBasisExplanation) return
  throw invalid(`A legal basis and its explanation are required to subscribe ${email} in this portal`)
}

/** Where a status was set, in HubSpot's words. */
export const SOURCE = 'Public Api'
