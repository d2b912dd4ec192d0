/**
 * Act: carries out interventions, whatever state they are in, so that nothing is sent twice and nothing is lost.
 *
 * One is taken under a lease with everything that speaks against sending looked at (act-take.ts); the channel speaks
 * only after the lease, the consent and the pauses were confirmed in the database once more (act-confirm.ts); how it
 * ended is written by whoever holds the lease (act-result.ts). A worker that died before it spoke is taken over from.
 * One that died after is asked about at the provider, and where that cannot say, the intervention is `uncertain`: shown
 * to a person and never sent again by itself. A task is the exception: the CRM knows it by its key, so it is made again
 * instead. It also begins as it is taken, since nothing has to be made ready for it.
 *
 * Each of these steps is a transaction, shared by all that a process carries out for a tenant at about the same time
 * (coalesce.ts): each is still taken, confirmed and ended by itself.
 */
import type { Channel } from '../../actions/channel.ts'
import type { TenantId } from '../contracts/ids.ts'
import { hashAddress } from '../security/address-hash.ts'
import type { InterventionState } from '../store/intervention-states.ts'
import { delayIntervention, moveIntervention } from '../store/intervention-moves.ts'
import { confirmLeases, type Confirmation } from './act-confirm.ts'
import { storedMessage } from './act-message.ts'
import { storedText } from './act-text.ts'
import { storeEnd, storeEnds, type Ending, type Store } from './act-result.ts'
import { recheckMs, reconcileMs } from './act-retry.ts'
import { sendOnce, type AttemptEnd, type Confirm } from './act-send.ts'
import { timeOf, type ActRequest, type ActServices } from './act-services.ts'
import { takeInterventions, type Taken, type Taking } from './act-take.ts'
import { taskChannel } from './act-task.ts'
import { isForAdmin } from './act-weigh.ts'
import { coalesce, type Coalesced } from './coalesce.ts'
import type { ConnectionPlace } from './services.ts'
import { taskListOf } from './task-lists.ts'

/**
 * Can be called again at any time, by any number of workers at once.
 *
 * @returns the state it left the intervention in; null when there was none, another worker has it or took it over
 * @throws HoldfastError `database_unavailable`
 * @example
 * await act(services, { tenant, intervention, worker: 'host-1/42/7f3a', signal }) // 'sent'
 */
export async function act(services: ActServices, request: ActRequest): Promise<InterventionState | null> {
  const { tenant, signal } = request
  if (signal.aborted) return null
  const { take, confirm, store, askBilling } = ledgerOf(services, tenant)
  const taking = await take(request)
  if (taking.do === 'nothing') {
    if (taking.asksBilling === true) await askBilling(request.intervention)
    return taking.state
  }
  if (taking.do === 'reconcile') return reconcile(services, request, taking, store)
  const opened =
    'place' in taking
      ? { channel: tasksOf(services, taking.place) }
      : await openChannel(services, request, { ...taking, kind: taking.message.kind })
  if (!('channel' in opened)) return giveBack(services, request, opened)
  const ended = await sendOnce(services, request, { taken: taking, channel: opened.channel, confirm })
  return storeEnd(services, request, { attempted: { ...taking, owner: request.worker }, ended, store })
}

/** The three transactions of an attempt, shared with others of the same tenant. */
interface Ledger {
  readonly take: Coalesced<ActRequest, Taking>
  readonly confirm: Confirm
  readonly store: Store
  /** Once for all whose offers wait for it. */
  readonly askBilling: Coalesced<ActRequest['intervention'], null>
}

const BY_KEYS = { byKeys: true } as const

const ledgers = new WeakMap<ActServices, Map<TenantId, Ledger>>()

function ledgerOf(services: ActServices, tenant: TenantId): Ledger {
  const ofTenants = ledgers.get(services) ?? new Map<TenantId, Ledger>()
  ledgers.set(services, ofTenants)
  const known = ofTenants.get(tenant)
  if (known !== undefined) return known
  const { database } = services
  const ledger: Ledger = {
    take: coalesce(
      (requests: readonly ActRequest[]) =>
        database.withTenant(tenant, (tx) => takeInterventions(tx, services, requests), BY_KEYS),
      { keyOf: ({ intervention }) => intervention },
    ),
    confirm: coalesce<Confirmation, AttemptEnd | null>(
      (asked) =>
        database.withTenant(tenant, (tx) => confirmLeases(tx, asked, (of) => timeOf(of, services)), BY_KEYS),
      { keyOf: ({ id }) => id },
    ),
    store: coalesce<Ending, InterventionState | null>(
      (endings) => database.withTenant(tenant, (tx) => storeEnds(tx, services, endings), BY_KEYS),
      { keyOf: ({ attempted }) => attempted.row.id },
    ),
    askBilling: coalesce(async (offers: readonly ActRequest['intervention'][]) => {
      try {
        await services.askBilling?.(tenant)
      } catch (err) {
        // What waits is asked for when it is looked at again.
        services.log.warn({ tenant, err }, 'billing could not be asked for offers')
      }
      return offers.map(() => null)
    }),
  }
  ofTenants.set(tenant, ledger)
  return ledger
}

const tasksOf = ({ connectors, leases }: ActServices, place: ConnectionPlace): Channel =>
  taskChannel(taskListOf(connectors, place), leases?.taskMs)

type Opened = { readonly channel: Channel } | { readonly code: string; readonly reason: string }

async function openChannel(
  { channels }: ActServices,
  { tenant }: ActRequest,
  { delivery, settings, kind }: Pick<Taken, 'delivery' | 'settings'> & { readonly kind: 'email' | 'sms' },
): Promise<Opened> {
  try {
    const request = { tenant, delivery, settings }
    const channel = kind === 'sms' ? ((await channels.sms?.(request)) ?? null) : await channels.email(request)
    if (channel !== null) return { channel }
    if (kind === 'sms')
      return {
        code: 'no_channel',
        reason:
          delivery === 'sandbox'
            ? 'The SMS sandbox does not run in this process. It waits until it does.'
            : 'No provider for SMS is set up (settings: sms). It waits until there is one.',
      }
    return {
      code: 'no_channel',
      reason:
        delivery === 'sandbox'
          ? 'The sandbox inbox does not run in this process. It waits until it does.'
          : 'No mail server is set up (settings: smtp.host). It waits until there is one.',
    }
  } catch (error) {
    if (!isForAdmin(error)) throw error
    return { code: error.code, reason: error.message }
  }
}

/** Leased, and there is nothing to send it with. */
async function giveBack(
  { database }: ActServices,
  { tenant, intervention, worker }: ActRequest,
  { code, reason }: { code: string; reason: string },
): Promise<InterventionState | null> {
  const moved = await database.withTenant(tenant, (tx) =>
    moveIntervention(tx, {
      id: intervention,
      from: ['leased'],
      to: 'deferred',
      actor: worker,
      owner: worker,
      reasonCode: code,
      reason,
      set: { dueInMs: recheckMs(), attempts: -1 },
    }),
  )
  return moved ? 'deferred' : null
}

/** Its lease is over, so whoever began to send has answered, given up or died. */
async function reconcile(
  services: ActServices,
  request: ActRequest,
  { row, settings }: Extract<Taking, { do: 'reconcile' }>,
  store: Store,
): Promise<InterventionState | null> {
  const { database, clock, secrets } = services
  const { tenant, intervention } = request
  const message = storedMessage(row) ?? storedText(row)
  const delivery = message?.delivery === 'live' ? 'live' : 'sandbox'
  const kind = row.channel === 'sms' ? 'sms' : 'email'
  const to = message === null ? '' : message.kind === 'sms' ? message.to : message.to.address
  const opened = await openChannel(services, request, { delivery, settings, kind })
  const startedAt = row.sendingAt ?? row.updatedAt
  const known =
    'channel' in opened && message !== null
      ? await opened.channel.reconcile({
          key: intervention,
          to,
          startedAt,
          ...(message.kind === 'sms' ? { text: message.text } : {}),
          ...(row.providerId === null ? {} : { providerId: row.providerId }),
        })
      : null
  const owner = row.leaseOwner ?? request.worker
  if (row.state === 'uncertain' && (known === null || known.outcome === 'uncertain')) {
    const ageMs = clock().getTime() - startedAt.getTime()
    await database.withTenant(tenant, (tx) => delayIntervention(tx, intervention, reconcileMs(ageMs)))
    return 'uncertain'
  }
  const hash = await database.withTenant(tenant, async (tx) =>
    hashAddress(await secrets.addressKey(tx), kind === 'sms' ? 'phone' : 'email', to),
  )
  return storeEnd(services, request, {
    attempted: { row, settings, message, delivery, owner, attempt: row.attempts, hash },
    ended: {
      end: known ?? { outcome: 'uncertain', message: UNKNOWN_END },
      begun: true,
      phases: [],
    },
    store,
  })
}

const UNKNOWN_END =
  'The process that was sending this ended before the answer was stored. It may have been delivered, so it is not sent again by itself. Look it up in the log of the mail server, or ask the recipient.'
