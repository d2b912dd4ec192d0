/**
 * Consent to e-mails, both ways: the subscription preferences of an address and the opt-out properties of its contact
 * are read together, and a no in either is a no. HubSpot keeps consent for e-mail alone.
 *
 * @see https://developers.hubspot.com/docs/api-reference/latest/communication-preferences/guide
 */
import { z } from 'zod'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { ConsentChange, Properties, Recipient, WriteResult } from '../connector.ts'
import { BATCH, refusalOf, type Refusal } from './batch.ts'
import type { HubSpotClient } from './client.ts'
import { failureOf, hubSpotError } from './errors.ts'
import { failed } from './refusals.ts'
import { addressOf, manyOrEach, readStatuses, statusPath, type Stated } from './statuses.ts'
import { API_VERSION } from './version.ts'

export interface ConsentPlace {
  /** Id of the subscription type that our e-mails belong to; null: none was chosen. */
  readonly subscription: string | null
}

/** A contact with the values of {@link optOutProperties}. */
export interface ContactOfConsent {
  readonly id: string
  readonly email: string | null
  readonly properties: Properties
}

/**
 * Properties of a contact that say no: to all e-mail, and to ours.
 *
 * @example
 * optOutProperties('87') // ['hs_email_optout', 'hs_email_optout_87']
 */
export function optOutProperties(subscription: string | null): readonly string[] {
  return ['hs_email_optout', ...(subscription === null ? [] : [`hs_email_optout_${subscription}`])]
}

/**
 * A call for each 100 addresses, or one each where the account may not ask for many; none without a subscription type.
 * Without any scope for preferences everybody who did not opt out is unknown, which sends nothing; the doctor names the
 * scope.
 *
 * @returns by id of the contact, an entry for each; what was not asked for in HubSpot (SMS, calls) is unknown
 * @throws HoldfastError when HubSpot cannot be asked
 * @example
 * (await consentsOf(client, { subscription: '87' }, contacts)).get('101') // { email: 'granted', sms: 'unknown', … }
 */
export async function consentsOf(
  client: HubSpotClient,
  { subscription }: ConsentPlace,
  contacts: readonly ContactOfConsent[],
): Promise<ReadonlyMap<string, Recipient['consent']>> {
  const outs = optOutProperties(subscription)
  const addresses = contacts.flatMap(({ email }) => (email === null ? [] : [addressOf(email)]))
  const stated =
    subscription === null
      ? new Map<string, Stated>()
      : await readStatuses(client, subscription, addresses).catch((error: unknown) => {
          if (failureOf(error)?.status !== 403) throw error
          return new Map<string, Stated>()
        })
  return new Map(
    contacts.map(({ id, email, properties }) => {
      const said = email === null ? undefined : stated.get(addressOf(email))
      const out = outs.some((name) => properties[name] === true || properties[name] === 'true')
      const status =
        out || said?.status === 'UNSUBSCRIBED'
          ? 'refused'
          : said?.status === 'SUBSCRIBED'
            ? 'granted'
            : 'unknown'
      // A property says no without saying since when.
      const since = status === 'granted' || said?.status === 'UNSUBSCRIBED' ? said?.at : null
      return [id, { email: status, sms: 'unknown', call: 'unknown', changedAt: since ?? null }]
    }),
  )
}

/**
 * Our unsubscribes and re-subscribes. What HubSpot was told later stands: a change of ours that is older is answered
 * as failed, and a status that is there already costs no write.
 *
 * Both carry a legal basis, which portals with GDPR switched on require: consent, and what the person did.
 *
 * @returns a result for each change: `id` is the recipient's
 * @throws HoldfastError when nothing at all could be tried
 * @example
 * await writeConsents(client, { subscription: '87' }, [change]) // [{ id: '101', ok: true }]
 */
export async function writeConsents(
  client: HubSpotClient,
  { subscription }: ConsentPlace,
  changes: readonly ConsentChange[],
): Promise<readonly WriteResult[]> {
  const results = new Map<ConsentChange, WriteResult>()
  const newest = new Map<string, ConsentChange>()
  for (const change of changes) {
    const why = impossible(change, subscription)
    if (why !== null) {
      results.set(change, why)
      continue
    }
    const address = addressOf(change.email ?? '')
    const other = newest.get(address)
    if (other === undefined || other.changedAt <= change.changedAt) newest.set(address, change)
  }
  if (subscription !== null && newest.size > 0) {
    const stated = await readStatuses(client, subscription, [...newest.keys()])
    const due: ConsentChange[] = []
    for (const [address, change] of newest) {
      const settled = alreadySettled(change, stated.get(address))
      if (settled === null) due.push(change)
      else results.set(change, settled)
    }
    for (const [change, result] of await writeAll(client, subscription, due)) results.set(change, result)
  }
  return changes.map((change): WriteResult => {
    const decided = results.get(change) ?? results.get(newest.get(addressOf(change.email ?? ''))!)
    return { ...decided!, id: change.recipientId }
  })
}

function impossible(
  { recipientId: id, email, channel }: ConsentChange,
  subscription: string | null,
): WriteResult | null {
  const refuse = (code: string, message: string): WriteResult => ({
    id,
    ok: false,
    code,
    message,
    retryable: false,
  })
  if (channel !== 'email')
    return refuse(
      'not_supported',
      `HubSpot keeps consent for e-mail alone; the one for ${channel === 'sms' ? 'SMS' : 'calls'} stays in Holdfast.`,
    )
  if (email === null)
    return refuse(
      'no_address',
      `Contact ${id} has no e-mail address in HubSpot, and its consent is kept by address there. The one in Holdfast holds.`,
    )
  if (subscription === null)
    return refuse(
      'no_subscription',
      'HubSpot keeps consent by subscription type, and none is chosen for the e-mails of Holdfast. Connect the account again with --subscription and the id of one; until then the consent in Holdfast holds.',
    )
  return null
}

const STATES = { granted: 'SUBSCRIBED', refused: 'UNSUBSCRIBED' } as const

/** What HubSpot has says the same already, or says otherwise since later. */
function alreadySettled(change: ConsentChange, stated: Stated | undefined): WriteResult | null {
  const { recipientId: id, status, changedAt } = change
  if (stated === undefined) return null
  if (stated.status === STATES[status]) return { id, ok: true }
  const isOpposite = Object.values<string>(STATES).includes(stated.status)
  if (!isOpposite || stated.at === null || stated.at <= changedAt) return null
  const what = stated.status === 'SUBSCRIBED' ? 'subscribed' : 'unsubscribed'
  return {
    id,
    ok: false,
    code: 'newer_in_hubspot',
    message: `Contact ${id} ${what} in HubSpot on ${stated.at.toISOString()}, after the change in Holdfast on ${changedAt.toISOString()}. HubSpot's stands; the next sync takes it over.`,
    retryable: false,
  }
}

const writtenSchema = z.object({
  results: z.array(z.object({ subscriberIdString: z.string() })).catch([]),
  errors: z.array(hubSpotError).catch([]),
})

type Results = ReadonlyMap<ConsentChange, WriteResult>

async function writeAll(
  client: HubSpotClient,
  subscription: string,
  changes: readonly ConsentChange[],
): Promise<Results> {
  const results = new Map<ConsentChange, WriteResult>()
  for (let from = 0; from < changes.length; from += BATCH) {
    const some = changes.slice(from, from + BATCH)
    await manyOrEach(
      client,
      'write',
      () => writeSome(some),
      () => writeEach(some),
    )
  }
  return results

  function refuse(change: ConsentChange, refusal: Refusal): void {
    const id = change.recipientId
    results.set(change, failed({ id, what: `the consent of contact ${id}` }, refusal))
  }

  async function writeEach(some: readonly ConsentChange[]): Promise<void> {
    for (const change of some) {
      const { subscriberIdString, ...body } = statusInput(change, subscription)
      try {
        await client.call({
          method: 'POST',
          path: statusPath(subscriberIdString),
          body,
          schema: z.unknown(),
          repeatable: true,
        })
        results.set(change, { id: change.recipientId, ok: true })
      } catch (error) {
        const failure = failureOf(error)
        if (failure?.status === 400) refuse(change, refusalOf(failure))
        else if (!(error instanceof HoldfastError) || results.size === 0) throw error
        else {
          const { code, message, retryable } = error
          results.set(change, { id: change.recipientId, ok: false, code, message, retryable })
        }
      }
    }
  }

  /** A batch that is refused whole is halved until the address at fault is found. */
  async function writeSome(some: readonly ConsentChange[]): Promise<void> {
    try {
      const { body } = await client.call({
        method: 'POST',
        path: `/communication-preferences/${API_VERSION}/statuses/batch/write`,
        body: { inputs: some.map((change) => statusInput(change, subscription)) },
        schema: writtenSchema,
        // The same status once more changes nothing.
        repeatable: true,
      })
      const written = new Set(body.results.map((one) => addressOf(one.subscriberIdString)))
      for (const change of some) {
        const address = addressOf(change.email ?? '')
        const error = body.errors.find((one) =>
          JSON.stringify([one.message, one.context, one.id]).toLowerCase().includes(address),
        )
        if (error === undefined && written.has(address))
          results.set(change, { id: change.recipientId, ok: true })
        else refuse(change, error === undefined ? unnamed(body.errors) : refusalOf(error))
      }
    } catch (error) {
      const failure = failureOf(error)
      if (failure !== null && failure.status === 400 && some.length > 1) {
        const middle = some.length >> 1
        await writeSome(some.slice(0, middle))
        await writeSome(some.slice(middle))
        return
      }
      if (failure !== null && failure.status === 400) {
        refuse(some[0], refusalOf(failure))
        return
      }
      if (!(error instanceof HoldfastError) || results.size === 0) throw error
      const { code, message, retryable } = error
      for (const change of some)
        results.set(change, { id: change.recipientId, ok: false, code, message, retryable })
    }
  }
}

function unnamed(errors: z.infer<typeof writtenSchema>['errors']): Refusal {
  if (errors.length > 0) return refusalOf(errors[0])
  return {
    category: 'NO_ANSWER',
    message: 'HubSpot did not say whether the consent was written. It is written again.',
    faults: [],
    gone: false,
    retryable: true,
  }
}

function statusInput({ email, status, changedAt }: ConsentChange, subscription: string) {
  const did = status === 'granted' ? 'Agreed to' : 'Unsubscribed from'
  return {
    channel: 'EMAIL',
    subscriberIdString: email?.trim() ?? '',
    subscriptionId: Number(subscription),
    statusState: STATES[status],
    legalBasis: 'CONSENT_WITH_NOTICE',
    legalBasisExplanation: `${did} e-mails sent with Holdfast, ${changedAt.toISOString()}.`,
  }
}
