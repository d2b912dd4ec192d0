/**
 * Unsubscribing by the link in an e-mail, without signing in: the token is the proof. RFC 8058: the one-click POST
 * unsubscribes, a GET only describes, since mail scanners open every link.
 *
 * The CRM is told by the write-back step (write-consents.ts), to which it is owed from the moment it is recorded.
 */
import { randomUUID } from 'node:crypto'
import { HoldfastError } from '../contracts/errors.ts'
import { claimOfLink, verifyLink } from '../security/signed-link.ts'
import { consentOf } from '../store/consents.ts'
import { isConflict } from '../store/database-error.ts'
import type { Transaction } from '../store/database.ts'
import { lockAddress } from '../store/delivery-events.ts'
import { findIntervention } from '../store/interventions.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { isSuppressed } from '../store/suppressions.ts'
import { readTenant } from '../store/tenants.ts'
import { storedMessage } from './act-message.ts'
import type { ActServices } from './act-services.ts'
import { takeFeedback } from './feedback.ts'
import { parseUnsubscribe, type UnsubscribeClaim } from './unsubscribe-link.ts'

type Services = Pick<ActServices, 'database' | 'secrets' | 'log' | 'connectors'>

export interface UnsubscribePage {
  /** Who the e-mails come from, as the person knows it. */
  readonly company: string
  /** BCP 47, of the e-mail that the link was in. */
  readonly language: string
  /** Whether she is unsubscribed already. */
  readonly done: boolean
}

/**
 * For the page behind the link, with the button that POSTs; changes nothing.
 *
 * @throws HoldfastError `not_found` for a link that we did not make
 */
export function describeUnsubscribe(services: Services, token: string): Promise<UnsubscribePage> {
  return withClaim(services, token, async (tx, { tenant, intervention, hash }) => {
    const one = await findIntervention(tx, intervention)
    const { sender } = (await currentSettings(tx)).settings
    const { name } = await readTenant(tx, tenant)
    return {
      company: sender.company ?? sender.name ?? name,
      language: (one === null ? null : storedMessage(one)?.language) ?? sender.language,
      done: await isDone(tx, hash),
    }
  })
}

/**
 * Refuses e-mails for good, stops what is on its way to the address, and can be repeated.
 *
 * @throws HoldfastError `not_found` for a link that we did not make
 */
export async function unsubscribe(services: Services, token: string): Promise<'done' | 'already'> {
  // A mail program clicks once: work on the same customers at that moment must not cost the person her no.
  for (let left = AGAIN; ; left--) {
    try {
      return await refuseFor(services, token)
    } catch (error) {
      if (left === 0 || !isConflict(error)) throw error
    }
  }
}

/** Times that the transaction is run again when it and another one waited for each other. */
const AGAIN = 3

function refuseFor(services: Services, token: string): Promise<'done' | 'already'> {
  return withClaim(services, token, async (tx, { intervention, hash }) => {
    // Of two clicks at once the second sees the first.
    await lockAddress(tx, hash)
    if (await isDone(tx, hash)) return 'already'
    await takeFeedback(tx, services, {
      channel: 'email',
      kind: 'unsubscribed',
      at: null,
      // Whoever agreed again since the last time unsubscribes anew.
      dedupKey: `link:${intervention}:${randomUUID()}`,
      intervention,
      hash,
      code: null,
      detail: null,
    })
    services.log.info({ tenant: tx.tenant, intervention }, 'a recipient unsubscribed')
    return 'done'
  })
}

async function isDone(tx: Transaction, hash: Buffer): Promise<boolean> {
  return (await isSuppressed(tx, hash, 'email')) && (await consentOf(tx, hash, 'email')) === 'refused'
}

async function withClaim<T>(
  { database, secrets }: Services,
  token: string,
  work: (tx: Transaction, claim: UnsubscribeClaim) => Promise<T>,
): Promise<T> {
  // Whose key it is verified with stands in the token itself.
  const claimed = parseUnsubscribe(claimOfLink(token) ?? '')
  if (claimed === null) throw unknownLink()
  return database.withTenant(claimed.tenant, async (tx) => {
    // Asking for the key of a tenant makes one where there is none.
    await readTenant(tx, claimed.tenant).catch((cause: unknown) => {
      throw cause instanceof HoldfastError && cause.code === 'not_found' ? unknownLink() : cause
    })
    const claim = parseUnsubscribe(verifyLink(await secrets.linkKey(tx), token) ?? '')
    if (claim === null) throw unknownLink()
    return work(tx, claim)
  })
}

function unknownLink(): HoldfastError {
  return new HoldfastError(
    'not_found',
    'This link is not one of ours, or it was cut off. Open it from the e-mail again, or answer the e-mail.',
  )
}
