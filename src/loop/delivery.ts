/** How an intervention is carried out: not at all, recorded only, into the sandbox, or to the person. */
import { normaliseEmail } from '../security/address-hash.ts'
import type { ServiceSettings } from '../settings/service.ts'

export type Delivery =
  /** Nothing happens now: it waits. */
  | { readonly kind: 'none'; readonly code: string; readonly reason: string }
  /** What would be sent is recorded, and that ends it. */
  | { readonly kind: 'dry_run'; readonly code: string; readonly reason: string }
  | { readonly kind: 'sandbox' }
  | { readonly kind: 'live' }

export interface DeliverySituation {
  readonly channel: 'email' | 'sms' | 'task'
  readonly settings: Pick<ServiceSettings, 'delivery' | 'sender' | 'smtp'>
  readonly publicUrl: string | null
  /** Test portals, sandbox orgs and sample files. */
  readonly sandboxConnection: boolean
  /** Whether an admin activated actions at all. */
  readonly activated: boolean
}

/**
 * Before anybody is chosen to receive it. What is dry run here is so for every recipient; `live` still needs
 * {@link onTestList}.
 *
 * @example
 * deliveryOf({ channel: 'email', settings: parseServiceSettings({}), … }).kind // 'dry_run'
 */
export function deliveryOf(situation: DeliverySituation): Delivery {
  const { channel, settings, sandboxConnection, activated } = situation
  const { mode } = settings.delivery
  if (mode === 'off')
    return none(
      'delivery_off',
      'Actions are switched off (settings: delivery.mode). It waits until they are on.',
    )
  if (channel !== 'email') return dryRun('no_provider', NO_PROVIDER[channel])
  if (mode === 'sandbox') return { kind: 'sandbox' }
  if (mode === 'dry_run')
    return dryRun('dry_run', 'Dry run (settings: delivery.mode): this is what would be sent; nothing was.')
  if (sandboxConnection)
    return dryRun(
      'sandbox_connection',
      'The connection is a sandbox, which is always a dry run: nothing was sent.',
    )
  if (!activated)
    return dryRun('not_activated', 'Actions were never activated: this is what would be sent; nothing was.')
  const missing = missingForLive(situation)
  return missing === null ? { kind: 'live' } : none('not_configured', missing)
}

const NO_PROVIDER = {
  sms: 'No provider for SMS is set up: nothing was sent.',
  task: 'No channel for tasks is set up: no task was created for anybody.',
}

function none(code: string, reason: string): Delivery {
  return { kind: 'none', code, reason }
}

function dryRun(code: string, reason: string): Delivery {
  return { kind: 'dry_run', code, reason }
}

/** What a live e-mail needs and is not there, as a sentence; null when nothing is missing. */
function missingForLive({ settings: { sender, smtp }, publicUrl }: DeliverySituation): string | null {
  const missing = [
    publicUrl?.startsWith('https://') === true
      ? null
      : 'PUBLIC_URL with https, so that people can unsubscribe',
    sender.address === null ? 'the address that e-mails come from (settings: sender.address)' : null,
    sender.postalAddress === null ? 'the postal address (settings: sender.postalAddress)' : null,
    smtp.host === null ? 'the mail server (settings: smtp.host)' : null,
  ].filter((one) => one !== null)
  return missing.length === 0 ? null : `Nothing can be sent yet. Missing: ${missing.join('; ')}.`
}

/**
 * Whether an address is one that an admin verified, however it is written.
 *
 * @example
 * onTestList(settings, 'Ann@Example.com') // true where testList has 'ann@example.com'
 */
export function onTestList({ delivery }: Pick<ServiceSettings, 'delivery'>, address: string): boolean {
  const plain = normaliseEmail(address)
  return plain !== null && delivery.testList.some((one) => normaliseEmail(one) === plain)
}
