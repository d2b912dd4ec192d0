/** How an intervention is carried out: by what, and whether not at all, recorded only, into the sandbox, or in earnest. */
import { normaliseEmail } from '../security/address-hash.ts'
import type { DeliverySettings } from '../settings/automation.ts'
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
  readonly settings: Pick<ServiceSettings, 'sender' | 'smtp'> & {
    readonly delivery: Pick<DeliverySettings, 'mode'>
  }
  readonly publicUrl: string | null
  /** Test portals, sandbox orgs and sample files. */
  readonly sandboxConnection: boolean
  /** Whether an admin activated actions at all. */
  readonly activated: boolean
  /** For tasks: whether the connection's CRM can be given some, and is the sandbox that this installation runs. */
  readonly tasks?: { readonly possible: boolean; readonly builtIn: boolean }
  /** For SMS: whether the sandbox runs, and what a live one needs and is not there; absent: no SMS at all. */
  readonly sms?: { readonly sandbox: boolean; readonly missing: readonly string[] }
}

/**
 * Before anybody is chosen to receive it. What is dry run here is so for every recipient; `live` still needs
 * {@link reaches}.
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
  if (channel === 'sms' && situation.sms === undefined)
    return dryRun('no_provider', 'No provider for SMS is set up: nothing was sent.')
  const { would, was } = WORDS[channel]
  const builtIn = situation.tasks?.builtIn ?? false
  if (channel === 'task' && situation.tasks?.possible !== true) return dryRun('no_provider', NO_TASKS)
  if (mode === 'sandbox') return sandboxOf(situation)
  if (mode === 'dry_run')
    return dryRun(
      'dry_run',
      `Dry run (settings: delivery.mode): this is what would be ${would}; nothing was.`,
    )
  if (sandboxConnection || builtIn)
    return dryRun(
      'sandbox_connection',
      `The connection is a sandbox, which is always a dry run: nothing was ${was}.`,
    )
  if (!activated)
    return dryRun(
      'not_activated',
      `Actions were never activated: this is what would be ${would}; nothing was.`,
    )
  // A task is seen by the company's own people alone.
  if (channel === 'task') return { kind: 'live' }
  const missing = missingForLive(situation)
  return missing === null ? { kind: 'live' } : none('not_configured', missing)
}

function sandboxOf({ channel, tasks, sms }: DeliverySituation): Delivery {
  if (channel === 'email' || (channel === 'task' ? tasks?.builtIn : sms?.sandbox) === true)
    return { kind: 'sandbox' }
  return dryRun('no_sandbox', channel === 'task' ? NO_SANDBOX : NO_SMS_SANDBOX)
}

const WORDS = {
  email: { would: 'sent', was: 'sent' },
  sms: { would: 'sent', was: 'sent' },
  task: { would: 'put on somebody’s list', was: 'put on anybody’s list' },
}
const NO_TASKS = 'This source has no tasks: nothing was put on anybody’s list.'
const NO_SANDBOX =
  'Actions go into the sandbox (settings: delivery.mode), and this connection is no sandbox of this installation: no task was made.'
const NO_SMS_SANDBOX =
  'Actions go into the sandbox (settings: delivery.mode), and no SMS sandbox runs in this process: nothing was sent.'

function none(code: string, reason: string): Delivery {
  return { kind: 'none', code, reason }
}

function dryRun(code: string, reason: string): Delivery {
  return { kind: 'dry_run', code, reason }
}

/**
 * What a live message needs and is not there, as a sentence; null when nothing is missing. That bounces and answers
 * find their way back is not asked here: without it an e-mail waits for an approval (`approvalVerdict`).
 *
 * @example
 * missingForLive({ channel: 'email', settings, publicUrl: null }) // 'Nothing can be sent yet. Missing: PUBLIC_URL …'
 */
export function missingForLive({
  channel,
  settings: { sender, smtp },
  publicUrl,
  sms,
}: Pick<DeliverySituation, 'channel' | 'publicUrl' | 'sms'> & {
  readonly settings: Pick<ServiceSettings, 'sender' | 'smtp'>
}): string | null {
  if (channel === 'task') return null
  const https = publicUrl?.startsWith('https://') === true
  const missing =
    channel === 'email'
      ? [
          https ? null : 'PUBLIC_URL with https, so that people can unsubscribe',
          sender.address === null ? 'the address that e-mails come from (settings: sender.address)' : null,
          sender.postalAddress === null ? 'the postal address (settings: sender.postalAddress)' : null,
          smtp.host === null ? 'the mail server (settings: smtp.host)' : null,
        ].filter((one) => one !== null)
      : [
          ...(https ? [] : ['PUBLIC_URL with https, so that STOP and what became of a message reach us']),
          ...(sms?.missing ?? ['a provider for SMS']),
        ]
  return missing.length === 0 ? null : `Nothing can be sent yet. Missing: ${missing.join('; ')}.`
}

type Reach = Pick<DeliverySettings, 'mode' | 'testList' | 'testNumbers'>

/**
 * Whether what goes out in earnest may go to an address or a number: with mode `live` to everybody's, else to those of
 * the test list. Asked again right before it is handed over.
 *
 * @param delivery of the settings
 * @param to an e-mail address, or a number in E.164; null: a task, which the company's own people see
 * @example
 * reaches({ mode: 'live', testList: [], testNumbers: [] }, 'ann@example.com') // true
 */
export function reaches(delivery: Reach, to: string | null): boolean {
  const { mode } = delivery
  if (mode === 'live') return true
  return mode === 'test_list' && (to === null || onTestList({ delivery }, to))
}

/**
 * Whether an address or a number is one that an admin verified; an address however it is written, a number in E.164.
 *
 * @example
 * onTestList(settings, 'Ann@Example.com') // true where testList has 'ann@example.com'
 */
export function onTestList(
  { delivery }: { readonly delivery: Pick<DeliverySettings, 'testList' | 'testNumbers'> },
  address: string,
): boolean {
  if (address.startsWith('+') && !address.includes('@')) return delivery.testNumbers.includes(address)
  const plain = normaliseEmail(address)
  return plain !== null && delivery.testList.some((one) => normaliseEmail(one) === plain)
}

/** Whether a connection leads to the CRM sandbox that this installation runs itself. */
export const isBuiltIn = (config: Readonly<Record<string, unknown>>): boolean => config['builtIn'] === true
