/**
 * A template sent to somebody of the company itself, by the channel that would carry it: marked as a test, counted
 * nowhere, and to no customer. It goes to the address of whoever asks, or to one of the test list.
 */
import { randomUUID } from 'node:crypto'
import type { EmailMessage, SendResult, SmsMessage } from '../../actions/channel.ts'
import { segmentsOf } from '../../actions/sms/segments.ts'
import { LONGEST_TEXT } from '../../actions/sms/template.ts'
import { parseAddress } from '../../actions/email/address.ts'
import { actorName } from '../contracts/actor.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { TenantId } from '../contracts/ids.ts'
import { escapeMarkup } from '../report/markup.ts'
import { hashAddress, normaliseEmail } from '../security/address-hash.ts'
import type { ServiceSettings } from '../settings/service.ts'
import { languageName } from '../settings/words.ts'
import { addressAnswers } from '../store/address-answers.ts'
import { countAudit, recordAudit } from '../store/audit.ts'
import type { Transaction } from '../store/database.ts'
import { currentSettings } from '../store/settings-versions.ts'
import type { ActServices, Channels } from './act-services.ts'
import { missingForLive, reaches } from './delivery.ts'
import { pauseFacts } from './pauses.ts'
import { previewTemplate, type TemplateRequest } from './preview-template.ts'
import { actionOf } from './templates.ts'
import { problemsOfDraft } from './template-problems.ts'

/** In an hour, of a company: somebody looks at each. */
export const MOST_TESTS = 30

export interface TestRequest extends TemplateRequest {
  readonly channel: 'email' | 'sms'
  /** An address or an E.164 number; null: the own address of whoever asks. */
  readonly to: string | null
}

export interface TestServices extends Pick<
  ActServices,
  'database' | 'secrets' | 'clock' | 'publicUrl' | 'localUrl'
> {
  readonly channels?: Channels | undefined
}

export interface TestResult {
  /** `sandbox`: it lies in the sandbox inbox, and left nothing. */
  readonly through: 'sandbox' | 'provider'
  readonly to: string
  readonly outcome: SendResult['outcome']
  /** What the provider said, where it did not go. */
  readonly message: string | null
  readonly code: string | null
}

/**
 * @param asker `actor` for the audit log; `address`: their own, null where none is known
 * @throws HoldfastError `request_invalid` for an address that is neither their own nor on the test list,
 *   `template_invalid`, `channel_configuration`, `paused`, `too_many_requests`, `not_found`
 * @example
 * await testTemplate(services, tenant, { channel: 'email', action: 'email', language: 'en', draft: null, customer: null, to: null }, asker)
 */
export async function testTemplate(
  services: TestServices,
  tenant: TenantId,
  request: TestRequest,
  asker: { readonly actor: string; readonly address: string | null; readonly requestId: string },
): Promise<TestResult> {
  const { database, clock, channels, publicUrl } = services
  const prepared = await database.withTenant(tenant, async (tx) => {
    const { settings } = await currentSettings(tx)
    const through = throughOf(settings)
    const to = addressOf(request, settings, asker.address)
    await expectAllowed(tx, services, { ...request, to })
    if (through === 'provider') expectSetUp(settings, request.channel, { channels, publicUrl })
    const message = await written(tx, services, { tenant, settings, request, to, by: asker.actor })
    const { channel, action, language, draft, customer } = request
    await recordAudit(tx, {
      actor: asker.actor,
      action: 'template.test',
      object: `${channel} ${action} ${language}`,
      detail: { through, draft: draft !== null, customer, own: request.to === null },
      requestId: asker.requestId,
    })
    return { settings, through, message, to }
  })
  const { settings, through, message, to } = prepared
  const delivery = through === 'sandbox' ? 'sandbox' : 'live'
  const channel =
    request.channel === 'email'
      ? await channels?.email({ tenant, delivery, settings })
      : await channels?.sms?.({ tenant, delivery, settings })
  if (channel === undefined || channel === null) throw nowhere(request.channel, through)
  const result = await channel.send(message, {
    key: `test-${randomUUID()}`,
    deadline: new Date(clock().getTime() + channel.timeoutMs),
    // Nobody else has it, so nobody can take it over.
    confirmLease: () => Promise.resolve(),
    note: () => undefined,
  })
  return {
    through,
    to,
    outcome: result.outcome,
    message: result.outcome === 'sent' ? null : result.message,
    code: result.outcome === 'rejected' ? result.code : null,
  }
}

/** Nothing leaves the machine unless the delivery mode says so, a test neither. */
function throughOf({ delivery }: ServiceSettings): TestResult['through'] {
  return delivery.mode === 'live' || delivery.mode === 'test_list' ? 'provider' : 'sandbox'
}

function addressOf(
  { channel, to }: Pick<TestRequest, 'channel' | 'to'>,
  settings: ServiceSettings,
  own: string | null,
): string {
  const list = channel === 'email' ? 'delivery.testList' : 'delivery.testNumbers'
  if (to === null) {
    const known = channel === 'email' && own !== null && parseAddress(own) !== null ? own : null
    if (known !== null) return known
    throw notTo(
      `Say where the test goes: your own ${channel === 'email' ? 'address' : 'number'} is not known here. It has to be one of the test list (settings: ${list}).`,
    )
  }
  const isOwn = channel === 'email' && own !== null && normaliseEmail(own) === normaliseEmail(to)
  const fits = channel === 'email' ? !to.startsWith('+') : to.startsWith('+')
  if (fits && (isOwn || reaches({ ...settings.delivery, mode: 'test_list' }, to))) return to
  throw notTo(
    `A test goes to yourself or to the test list alone, and this is on neither. Put it on the list first (settings: ${list}).`,
  )
}

/** Of the address, so that a form shows it there. */
function notTo(detail: string): HoldfastError {
  return new HoldfastError('request_invalid', detail, {
    cause: { errors: [{ in: 'body', pointer: '/to', detail }] },
  })
}

async function expectAllowed(
  tx: Transaction,
  { secrets, clock }: Pick<TestServices, 'secrets' | 'clock'>,
  { channel, to }: { readonly channel: 'email' | 'sms'; readonly to: string },
): Promise<void> {
  const { installation, killed, killedReason } = await pauseFacts(tx)
  const stopped = installation ?? (killed ? (killedReason ?? 'the kill switch is on') : null)
  if (stopped !== null)
    throw new HoldfastError('paused', `Nothing is sent at the moment, tests neither: ${stopped}`)
  const hash = hashAddress(await secrets.addressKey(tx), channel === 'email' ? 'email' : 'phone', to)
  const answers = hash === null ? null : await addressAnswers(tx, [{ hash, channel }])
  if (hash !== null && answers?.of(hash, channel).suppressed !== null)
    throw notTo(
      'Nothing is sent to this address, tests neither: it is on the suppression list. Use another one.',
    )
  const hourAgo = new Date(clock().getTime() - 3_600_000)
  if ((await countAudit(tx, { action: 'template.test', since: hourAgo })) >= MOST_TESTS)
    throw new HoldfastError(
      'too_many_requests',
      `${MOST_TESTS} tests were sent within an hour. Go on in a while.`,
      { cause: { retryAfter: 600 }, retryable: true },
    )
}

function expectSetUp(
  settings: ServiceSettings,
  channel: 'email' | 'sms',
  { channels, publicUrl }: Pick<TestServices, 'channels' | 'publicUrl'>,
): void {
  const sms = channels?.smsSituation?.(settings)
  const missing = missingForLive({ channel, settings, publicUrl, ...(sms === undefined ? {} : { sms }) })
  if (missing !== null) throw new HoldfastError('channel_configuration', missing)
}

async function written(
  tx: Transaction,
  { secrets, clock, publicUrl, localUrl }: TestServices,
  {
    tenant,
    settings,
    request,
    to,
    by,
  }: {
    readonly tenant: TenantId
    readonly settings: ServiceSettings
    readonly request: TestRequest
    readonly to: string
    readonly by: string
  },
): Promise<EmailMessage | SmsMessage> {
  const keys = { address: await secrets.addressKey(tx), link: await secrets.linkKey(tx) }
  const now = clock()
  const { message, problems } = await previewTemplate(tx, settings, request, {
    tenant,
    keys,
    now,
    publicUrl,
    localUrl,
  })
  if (problems.length > 0) throw problemsOfDraft(request, problems)
  const about = `This is a test of “${actionOf(settings, request.action).name}” in ${languageName(request.language)}. ${actorName(by)} sent it on ${now.toISOString().slice(0, 10)}, and no customer got it.`
  if (message?.kind === 'email') return markedMail(message, to, about)
  if (message?.kind === 'sms') return markedText(message, to)
  throw new HoldfastError('internal', 'The test has no message.')
}

/** To nobody's name: whoever it greets is not who gets it. */
function markedMail(message: EmailMessage, to: string, about: string): EmailMessage {
  const banner = `<p style="margin:0;padding:10px 16px;background:#fff3c4;color:#3d2f00;font:14px/1.5 sans-serif">${escapeMarkup(about)}</p>`
  const body = /<body\b[^>]*>/i.exec(message.html)
  const at = body === null ? 0 : body.index + body[0].length
  return {
    ...message,
    to: { name: null, address: to },
    returnPath: null,
    subject: `[Test] ${message.subject}`,
    text: `${about}\n\n${message.text}`,
    html: message.html.slice(0, at) + banner + message.html.slice(at),
  }
}

function markedText(message: SmsMessage, to: string): SmsMessage {
  const text = `[Test] ${message.text}`
  if (text.length > LONGEST_TEXT)
    throw new HoldfastError(
      'request_invalid',
      `With the word that it is a test it has ${text.length} characters, and ${LONGEST_TEXT} is the most that can be sent. Shorten it.`,
    )
  return { ...message, ...segmentsOf(text), to, text }
}

function nowhere(channel: 'email' | 'sms', through: TestResult['through']): HoldfastError {
  const what = channel === 'email' ? 'e-mails' : 'SMS'
  return new HoldfastError(
    'channel_configuration',
    through === 'sandbox'
      ? `There is no sandbox for ${what} in this process, and nothing leaves it as the delivery mode stands (settings: delivery.mode).`
      : `Nothing that sends ${what} is set up (settings: ${channel === 'email' ? 'smtp' : 'sms'}).`,
  )
}
