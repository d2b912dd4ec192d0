/** Whether and what an e-mail of an intervention says, and to whom. */
import { hashAddress } from '../security/address-hash.ts'
import type { ActFacts } from './act-facts.ts'
import { buildMessage, storedMessage } from './act-message.ts'
import { chooseRecipient, type Reachable } from './act-recipient.ts'
import { FOR_ADMIN } from './act-retry.ts'
import type { Candidate, Verdict } from './act-verdict.ts'
import { onTestList } from './delivery.ts'

/** @throws HoldfastError `template_invalid`, `channel_configuration` */
export function judgeMail({ row, context, delivery, facts, terms }: Candidate): Verdict {
  const { settings } = facts
  const live = delivery.kind === 'live'
  // What was refused for a setting is rendered anew: the message holds the sender and the link as they were.
  const kept = FOR_ADMIN.has(row.reasonCode ?? '') ? null : storedMessage(row)
  if (kept !== null && kept.delivery === delivery.kind && delivery.kind !== 'dry_run') {
    // What is tried again is the same message to the same person.
    const hash = hashAddress(facts.keys.address, 'email', kept.to.address)
    const refusal = hash === null ? null : facts.refusal(hash, 'email', live)
    if (refusal !== null) return suppressed(refusal.code, `Not sent: ${refusal.because}.`)
    if (hash !== null && (!live || onTestList(settings, kept.to.address)))
      return { do: 'send', message: kept, delivery: delivery.kind, hash, set: {} }
  }

  const { chosen, none } = chooseRecipient(facts.contactsOf(row.customer), { ...facts, live })
  if (chosen === null) return suppressed(none.code, none.reason)
  const outcome =
    live && !onTestList(settings, chosen.recipient.email)
      ? { kind: 'dry_run' as const, code: 'not_on_test_list', reason: NOT_ON_LIST }
      : delivery
  const message = buildMessage(
    {
      tenant: terms.tenant,
      intervention: row,
      context,
      settings,
      to: chosen,
      delivery: outcome.kind,
    },
    terms,
  )
  const set = { message, recipient: chosen.recipient.id, addressHash: chosen.hash }
  if (outcome.kind === 'dry_run')
    return {
      do: 'settle',
      to: 'dry_run',
      code: outcome.code,
      reason: withConsent(facts, outcome.reason, chosen),
      set,
    }
  return { do: 'send', message, delivery: outcome.kind, hash: chosen.hash, set }
}

const NOT_ON_LIST = 'The address is not on the test list (settings: delivery.testList), so nothing was sent.'

const suppressed = (code: string, reason: string): Verdict => ({
  do: 'settle',
  to: 'suppressed',
  code,
  reason,
})

function withConsent({ refusal }: ActFacts, reason: string, { hash }: Reachable): string {
  const refused = refusal(hash, 'email', true)
  return refused === null ? reason : `${reason} Live it would not be sent: ${refused.because}.`
}
