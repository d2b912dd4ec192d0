/** The subscription types of a portal, and which of them our e-mails would belong to. */
import { z } from 'zod'
import type { HubSpotClient } from './client.ts'
import { API_VERSION } from './version.ts'

export interface SubscriptionType {
  readonly id: string
  readonly name: string
  readonly description: string
  /** `Marketing`, `Customer Service`, …, as the portal has it; null where it does not say. */
  readonly purpose: string | null
  readonly isActive: boolean
  /** HubSpot's own, such as one-to-one e-mails of sales people. */
  readonly isInternal: boolean
}

const typesSchema = z.object({
  results: z.array(
    z.object({
      id: z.coerce.string(),
      name: z.string().catch(''),
      description: z.string().catch(''),
      purpose: z.string().nullable().optional().catch(null),
      isActive: z.boolean().catch(true),
      isInternal: z.boolean().catch(false),
      communicationMethod: z.string().nullable().optional().catch(null),
    }),
  ),
})

/**
 * Those for e-mail.
 *
 * @throws HoldfastError when they cannot be read, such as without the scope
 * @example
 * (await subscriptionTypes(client)).map(({ name }) => name) // ['Marketing Information', 'One to One']
 */
export async function subscriptionTypes(client: HubSpotClient): Promise<readonly SubscriptionType[]> {
  const { body } = await client.call({
    method: 'GET',
    path: `/communication-preferences/${API_VERSION}/definitions`,
    schema: typesSchema,
  })
  return body.results
    .filter(({ communicationMethod }) => /^e-?mail$/i.test(communicationMethod ?? 'email'))
    .map(({ id, name, description, purpose, isActive, isInternal }) => ({
      id,
      name,
      description,
      purpose: purpose ?? null,
      isActive,
      isInternal,
    }))
}

/** What is written about an agreement that runs, before what is written to sell. */
const WORDS: readonly RegExp[] = [
  /retention|renewal|verlänger|kundenbindung/i,
  /account|customer|kunden|success/i,
  /service|product|support/i,
  /marketing|news|information/i,
]

/**
 * The one to propose: active, not HubSpot's own, and the closest to "about your agreement" by its name; an admin
 * decides.
 *
 * @returns null where there is none that our e-mails could belong to
 * @example
 * proposeSubscription(await subscriptionTypes(client))?.name // 'Customer Service Communication'
 */
export function proposeSubscription(types: readonly SubscriptionType[]): SubscriptionType | null {
  const possible = types.filter(
    ({ isActive, isInternal, name }) => isActive && !isInternal && !/one.to.one|1.?:.?1/i.test(name),
  )
  const rank = ({ name, purpose }: SubscriptionType): number => {
    const at = WORDS.findIndex((word) => word.test(name) || word.test(purpose ?? ''))
    return at < 0 ? WORDS.length : at
  }
  return possible.toSorted((a, b) => rank(a) - rank(b))[0] ?? null
}
