/**
 * Carries out what is to be told: e-mails by the company's own server, messages to chats, signed webhooks. What does not
 * get through is tried again for three days, with growing pauses; a webhook that takes nothing for five days is disabled,
 * and somebody is told. At least once: an e-mail that comes twice has the same Message-ID, a webhook the same id.
 */
import { composeWebhook } from '../../actions/webhook/compose.ts'
import type { TenantId } from '../contracts/ids.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { OutgoingPost } from '../security/outgoing.ts'
import { signWebhook } from '../security/standard-webhook.ts'
import type { SealedPlace, Vault } from '../security/vault.ts'
import type { ServiceSettings } from '../settings/service.ts'
import type { Transaction } from '../store/database.ts'
import {
  disableWebhook,
  listWebhooks,
  webhookFailed,
  webhookWorked,
  type OutgoingWebhook,
} from '../store/outgoing-webhooks.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { databaseTime } from '../store/time.ts'
import { dropTold, endTold, takeTold, type TakenTold } from '../store/told.ts'
import type { ActServices, Channels } from './act-services.ts'
import { tell } from './tell.ts'

export interface TellServices extends Pick<ActServices, 'database' | 'clock' | 'log' | 'publicUrl'> {
  readonly channels: Pick<Channels, 'email'>
  readonly vault: Pick<Vault, 'unseal'>
  /** `openOutgoing` of src/security/outgoing.ts. */
  readonly post: OutgoingPost
}

/** Where the address of a webhook and what it is signed with lie in the vault. */
export const webhookPlace = (id: string, name: 'url' | 'secret'): SealedPlace => ({
  owner: `webhook ${id}`,
  name,
})

/** Of one company in one go, so that nobody waits for the notices of another. */
const AT_ONCE = 25
/** Longer than any attempt takes. */
const LEASE_SECONDS = 120
/** Seconds until the next attempt, by how many there were: as https://www.standardwebhooks.com proposes. */
const PAUSES = [5, 300, 1800, 7200, 18_000, 36_000]
const GIVE_UP_MS = 3 * 86_400_000
const DISABLE_MS = 5 * 86_400_000

type End = Parameters<typeof endTold>[2]

/**
 * Safe to call at any time, by any number of processes.
 *
 * @returns how many went out, and how many did not
 * @example
 * await sendTold(services, tenant, signal) // { sent: 3, again: 0, failed: 0 }
 */
export async function sendTold(
  services: TellServices,
  tenant: TenantId,
  signal: AbortSignal,
): Promise<{ readonly sent: number; readonly again: number; readonly failed: number }> {
  const { database, vault } = services
  const counts = { sent: 0, again: 0, failed: 0 }
  const { taken, settings, webhooks } = await database.withTenant(tenant, async (tx) => {
    const due = await takeTold(tx, { limit: AT_ONCE, seconds: LEASE_SECONDS })
    const wanted = new Set(due.filter(({ via }) => via === 'webhook').map(({ target }) => target))
    const posted = (await listWebhooks(tx)).filter(({ id }) => wanted.has(id))
    return {
      taken: due,
      settings: (await currentSettings(tx)).settings,
      webhooks: new Map(
        await Promise.all(posted.map(async (one) => [one.id, await placeOf(tx, vault, one)] as const)),
      ),
    }
  })
  for (const one of taken) {
    // What was taken and is not tried comes again when its time is over.
    if (signal.aborted) break
    const end =
      one.via === 'email'
        ? await mailed(services, tenant, { one, settings })
        : await posted(services, tenant, { one, place: webhooks.get(one.target) })
    await database.withTenant(tenant, (tx) => endTold(tx, one.id, end))
    counts[end.state === 'waiting' ? 'again' : end.state]++
  }
  return counts
}

async function mailed(
  { channels, clock, log, publicUrl }: TellServices,
  tenant: TenantId,
  { one, settings }: { readonly one: TakenTold; readonly settings: ServiceSettings },
): Promise<End> {
  const { sender, smtp, delivery: how } = settings
  const delivery = one.rehearsal || how.mode === 'sandbox' || smtp.host === null ? 'sandbox' : 'live'
  if (delivery === 'live' && sender.address === null)
    return later(one, clock(), 'There is no address that e-mails come from. Set sender.address.')
  try {
    const channel = await channels.email({ tenant, delivery, settings })
    if (channel?.notify === undefined)
      return later(one, clock(), 'No e-mail server is set up. Set smtp.host in the settings.')
    const result = await channel.notify(
      {
        to: { name: one.targetName, address: one.target },
        from: { name: 'Holdfast', address: sender.address ?? 'no-sender-address-yet@example.invalid' },
        replyTo: null,
        subject: one.subject,
        text: [one.body, ...(publicUrl === null ? [] : ['', publicUrl])].join('\n'),
      },
      { key: `told ${tenant} ${one.dedupKey} ${one.target}` },
    )
    if (result.outcome === 'sent') return { state: 'sent' }
    const mayPass = result.outcome === 'uncertain' || result.retryable
    return mayPass ? later(one, clock(), result.message) : { state: 'failed', error: result.message }
  } catch (cause) {
    log.warn({ tenant, told: one.id, err: cause }, 'a notice could not be mailed')
    return later(one, clock(), messageOf(cause))
  }
}

interface WebhookPlace {
  readonly webhook: OutgoingWebhook
  readonly url: string | null
  readonly secret: string | null
}

async function placeOf(
  tx: Transaction,
  vault: TellServices['vault'],
  webhook: OutgoingWebhook,
): Promise<WebhookPlace> {
  const [url, secret] = [
    await vault.unseal(tx, webhookPlace(webhook.id, 'url')),
    await vault.unseal(tx, webhookPlace(webhook.id, 'secret')),
  ]
  return { webhook, url: url?.toString() ?? null, secret: secret?.toString() ?? null }
}

async function posted(
  services: TellServices,
  tenant: TenantId,
  { one, place }: { readonly one: TakenTold; readonly place: WebhookPlace | undefined },
): Promise<End> {
  const { database, clock, post, publicUrl } = services
  if (place === undefined) return { state: 'failed', error: 'The webhook is gone.' }
  const { webhook, url, secret } = place
  // Whoever tests one that is disabled wants to know whether it works by now.
  if (webhook.status === 'disabled' && one.kind !== 'test')
    return { state: 'failed', error: 'The webhook is disabled.' }
  if (url === null || (webhook.format === 'signed' && secret === null))
    return { state: 'failed', error: 'The address of the webhook is gone. Delete it, and add it again.' }
  const { kind, level, subject, body: text, data, createdAt } = one
  const body = composeWebhook(webhook.format, {
    kind,
    level,
    subject,
    text,
    link: publicUrl,
    at: createdAt,
    data,
  })
  const headers = {
    'content-type': 'application/json',
    ...(secret === null
      ? {}
      : signWebhook(secret, { id: `msg_${tenant.slice(0, 8)}_${one.id}`, at: clock(), body })),
  }
  const failure = await post({ url, headers, body }).then(
    ({ status, retryAfter }) =>
      status >= 200 && status < 300
        ? null
        : { gone: status === 410, retryAfter, error: `${webhook.host} answered with ${status}.` },
    (cause: unknown) => ({ gone: false, retryAfter: null, error: messageOf(cause) }),
  )
  if (failure === null) {
    await database.withTenant(tenant, (tx) => webhookWorked(tx, webhook.id))
    return { state: 'sent' }
  }
  const disabled = await database.withTenant(tenant, async (tx) => {
    const since = await webhookFailed(tx, webhook.id, failure.error)
    if (since === null) return true
    const isOver = failure.gone || clock().getTime() - since.getTime() >= DISABLE_MS
    if (isOver) await disable(tx, webhook, failure)
    return isOver
  })
  if (disabled || kind === 'test') return { state: 'failed', error: failure.error }
  return later(one, clock(), failure.error, failure.retryAfter)
}

async function disable(
  tx: Transaction,
  { id, name, host }: OutgoingWebhook,
  { gone, error }: { readonly gone: boolean; readonly error: string },
): Promise<void> {
  const reason = gone
    ? `It was disabled: ${error} That says that nobody listens there any more.`
    : `It was disabled, since nothing got through for five days: ${error}`
  if (!(await disableWebhook(tx, id, reason))) return
  await dropTold(tx, { via: 'webhook', target: id, error: 'The webhook is disabled.', keep: true })
  const at = await databaseTime(tx)
  await tell(tx, {
    kind: 'webhook.disabled',
    level: 'warning',
    subject: `The webhook "${name}" was disabled`,
    text: `The webhook "${name}" to ${host} is told nothing any more. ${reason}\nMend it, then turn it on again: POST /v1/webhooks/${id}/enable.`,
    data: { webhook: id },
    dedupKey: `webhook disabled ${id} ${at.toISOString()}`,
  })
}

function later(
  { kind, attempts, createdAt }: TakenTold,
  now: Date,
  error: string,
  atLeast: number | null = null,
): End {
  // Whoever asks for a test waits for it.
  if (kind === 'test') return { state: 'failed', error }
  if (now.getTime() - createdAt.getTime() >= GIVE_UP_MS)
    return { state: 'failed', error: `It was given up after three days: ${error}` }
  const pause = PAUSES[Math.min(attempts, PAUSES.length) - 1]
  return { state: 'waiting', error, again: Math.max(pause, Math.min(atLeast ?? 0, 86_400)) }
}

function messageOf(cause: unknown): string {
  return cause instanceof HoldfastError ? cause.message : 'It could not be sent for a reason inside Holdfast.'
}
