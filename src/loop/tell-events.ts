/** What each kind of event says, in words: each is called in the transaction in which it happens. */
import type { CustomerId } from '../contracts/ids.ts'
import { actionNames } from '../settings/planning.ts'
import type { ServiceSettings } from '../settings/service.ts'
import type { Transaction } from '../store/database.ts'
import { listPools } from '../store/offer-codes.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { customerToTell } from '../store/told-facts.ts'
import type { TellStop } from './stop-watch.ts'
import { tell } from './tell.ts'

/**
 * An action or a channel stopped by itself.
 *
 * @example
 * const watch = openStopWatch(() => performance.now(), tellStop)
 */
export const tellStop: TellStop = async (tx, { stop, reason, dedupKey }) => {
  const { settings } = await currentSettings(tx)
  const name = stop.scope === 'action' ? `"${actionNames(settings)(stop.name)}"` : stop.name
  await tell(tx, {
    kind: 'action.stopped',
    level: 'urgent',
    subject: `The ${stop.scope} ${name} stopped by itself`,
    text: reason,
    data: { scope: stop.scope, name: stop.name, evidence: stop.jump },
    dedupKey,
  })
}

/**
 * A person answered or complained, and the customer is held: whoever is responsible hears of it. An answer by e-mail is
 * passed on to them as it is (answer-forward.ts), so that of it only the others hear.
 *
 * @param sandbox it was said in the sandbox
 * @example
 * if (await holdCustomer(tx, hold)) await tellHeld(tx, { customer, kind: 'replied', channel: 'sms', dedupKey, sandbox: false })
 */
export async function tellHeld(
  tx: Transaction,
  {
    customer,
    kind,
    channel,
    dedupKey,
    sandbox,
  }: {
    readonly customer: CustomerId
    readonly kind: 'replied' | 'complained'
    readonly channel: 'email' | 'sms'
    /** Of the event. */
    readonly dedupKey: string
    readonly sandbox: boolean
  },
): Promise<void> {
  const found = await customerToTell(tx, customer)
  if (found === null) return
  const did = kind === 'replied' ? 'answered' : 'complained'
  const by = channel === 'sms' ? 'a text' : 'an e-mail'
  const rehearsal = sandbox || found.sandbox
  const ends =
    'Nothing is sent to this customer automatically any more until somebody ends the hold in Holdfast. '
  const next =
    kind === 'complained'
      ? 'Do not write to them without talking to them first.'
      : channel === 'sms'
        ? 'What they wrote stands at the SMS provider.'
        : 'Whoever is responsible was given the answer.'
  await tell(tx, {
    kind: 'customer.answered',
    level: kind === 'complained' ? 'warning' : 'info',
    subject: `Somebody ${did} after ${by}${rehearsal ? ' (sandbox)' : ''}`,
    text: `Somebody at ${found.name ?? 'a customer without a name'} ${did} after ${by}. ${ends}${next}`,
    unnamed: `Somebody ${did} after ${by}. ${ends}${next} Holdfast shows who it is.`,
    data: { customer, what: kind, channel, sandbox: rehearsal },
    dedupKey: `held ${dedupKey} ${customer}`,
    to: found.responsible === null || (kind === 'replied' && channel === 'email') ? [] : [found.responsible],
    customer,
    rehearsal,
  })
}

/**
 * A policy that was solved is not put in charge.
 *
 * @param hash of its bundle: told once
 */
export async function tellRefusedPolicy(
  tx: Transaction,
  { hash, problems }: { readonly hash: string; readonly problems: readonly string[] },
): Promise<void> {
  await tell(tx, {
    kind: 'policy.refused',
    level: 'warning',
    subject: 'The policy that was solved for your actions is not in charge',
    text: `It is not good enough to take over, so the one before stays, and actions that it does not know are not chosen. ${problems.join(' ')} Look at the effects of your actions in the settings.`,
    data: { policy: hash, problems },
    dedupKey: `policy ${hash}`,
  })
}

const DAY = 86_400_000

/**
 * Tells of pools that offers are made of and that run out: once a week when they have few codes left, and once more when
 * they have none. Safe to repeat.
 */
export async function tellCodes(
  tx: Transaction,
  { offers }: Pick<ServiceSettings, 'offers'>,
  now: Date,
): Promise<void> {
  const used = new Set(
    Object.values(offers.fulfilment).flatMap((one) => (one.by === 'pool' ? [one.pool] : [])),
  )
  if (used.size === 0) return
  const pools = new Map(
    (await listPools(tx, now.toISOString().slice(0, 10))).map(({ pool, free }) => [pool, free]),
  )
  for (const pool of used) {
    const free = pools.get(pool) ?? 0
    if (free >= Math.max(1, offers.fewCodes)) continue
    await tell(tx, {
      kind: 'offers.codes',
      level: free === 0 ? 'urgent' : 'warning',
      subject: free === 0 ? `The pool "${pool}" has no code left` : `The pool "${pool}" has few codes left`,
      text:
        free === 0
          ? `Offers of this pool ${offers.whenEmpty === 'wait' ? 'wait until there are codes, or until they expire' : 'are dropped'}. Import more: holdfast offers import, or POST /v1/offer-pools/${pool}/codes.`
          : `There ${free === 1 ? 'is one code' : `are ${free} codes`} left. Import more: holdfast offers import, or POST /v1/offer-pools/${pool}/codes.`,
      data: { pool, free },
      dedupKey: `codes ${pool} ${free === 0 ? 'none' : 'few'} ${Math.floor(now.getTime() / (7 * DAY))}`,
    })
  }
}
