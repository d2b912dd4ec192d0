/** What the sandbox answers to questions, in the shapes of Twilio's OpenAPI description. */
import { createHash } from 'node:crypto'
import type { SmsFault } from './faults.ts'
import { messageJson, rfc2822, type SandboxText } from './texts.ts'

export type Refusal = Extract<SmsFault, { kind: 'refuse' }>

export interface SandboxState {
  readonly accountSid: string
  readonly messagingServiceSid: string
  readonly number: string
  readonly texts: ReadonlyMap<string, SandboxText>
}

const NOT_FOUND: Refusal = {
  kind: 'refuse',
  status: 404,
  code: 20404,
  message: 'The requested resource was not found',
}

export function answerTo(
  method: string,
  url: URL,
  state: SandboxState,
): { readonly status: number; readonly body: unknown } | Refusal {
  if (method !== 'GET') return { ...NOT_FOUND, status: 405, code: 20004, message: 'Method not allowed' }
  const account = `/2010-04-01/Accounts/${state.accountSid}`
  const service = `/messaging/v1/Services/${state.messagingServiceSid}`
  const path = url.pathname
  if (path === `${account}.json`) return ok(accountJson(account, state))
  if (path === `${account}/Messages.json`) return ok(messages(url, state))
  if (path === `${account}/IncomingPhoneNumbers.json`) return ok(incomingNumbers(url, account, state))
  if (path === service) return ok(serviceJson(state))
  if (path === `${service}/PhoneNumbers`) return ok(metaPage(url, 'phone_numbers', [serviceNumber(state)]))
  if (path === `${service}/ShortCodes`) return ok(metaPage(url, 'short_codes', []))
  const sid = /^\/Messages\/(SM[0-9a-f]{32})\.json$/.exec(path.slice(account.length))
  const text = path.startsWith(account) && sid !== null ? state.texts.get(sid[1]) : undefined
  return text === undefined ? NOT_FOUND : ok(messageJson(text, state.accountSid))
}

const ok = (body: unknown) => ({ status: 200, body })

/** Newest first, by To, From and the day of sending, in pages. */
function messages(url: URL, { texts, accountSid }: SandboxState): unknown {
  const asked = url.searchParams
  const [to, from] = [asked.get('To'), asked.get('From')]
  const found = [...texts.values()]
    .toReversed()
    .filter((text) => (to === null || text.to === to) && (from === null || text.from === from))
    .filter(({ sentAt }) => inDays(sentAt, asked))
  return pageOf(
    url,
    'messages',
    found.map((text) => messageJson(text, accountSid)),
  )
}

/** `DateSent`, `DateSent<` and `DateSent>` compare days of GMT; what was not sent yet is on none. */
function inDays(sentAt: Date | null, asked: URLSearchParams): boolean {
  const [on, before, after] = ['DateSent', 'DateSent<', 'DateSent>'].map((name) =>
    asked.get(name)?.slice(0, 10),
  )
  if (on === undefined && before === undefined && after === undefined) return true
  const day = sentAt?.toISOString().slice(0, 10)
  if (day === undefined) return false
  return (on ?? day) === day && day <= (before ?? day) && day >= (after ?? day)
}

function pageOf(url: URL, name: string, all: readonly unknown[]): unknown {
  const size = Math.min(1000, Math.max(1, Number(url.searchParams.get('PageSize') ?? 50) || 50))
  const page = Math.max(0, Number(url.searchParams.get('Page') ?? 0) || 0)
  const rows = all.slice(page * size, (page + 1) * size)
  const at = (number: number): string => {
    const query = new URLSearchParams(url.searchParams)
    query.set('PageSize', String(size))
    query.set('Page', String(number))
    return `${url.pathname}?${query}`
  }
  return {
    end: page * size + Math.max(0, rows.length - 1),
    first_page_uri: at(0),
    next_page_uri: (page + 1) * size < all.length ? at(page + 1) : null,
    page,
    page_size: size,
    previous_page_uri: page === 0 ? null : at(page - 1),
    start: page * size,
    uri: at(page),
    [name]: rows,
  }
}

function metaPage(url: URL, key: string, rows: readonly unknown[]): unknown {
  const here = `https://messaging.twilio.com${url.pathname.replace(/^\/messaging/, '')}?PageSize=50&Page=0`
  return {
    meta: {
      first_page_url: here,
      key,
      next_page_url: null,
      page: 0,
      page_size: 50,
      previous_page_url: null,
      url: here,
    },
    [key]: rows,
  }
}

/** Nothing here was ever made: it was always there. */
const SINCE = new Date('2026-01-01T00:00:00Z')
const ISO = SINCE.toISOString().replace('.000', '')
const sidOf = (kind: string, of: string) => `${kind}${createHash('md5').update(of).digest('hex')}`

function accountJson(path: string, { accountSid }: SandboxState): unknown {
  return {
    auth_token: 'not shown',
    date_created: rfc2822(SINCE),
    date_updated: rfc2822(SINCE),
    friendly_name: 'Holdfast sandbox',
    owner_account_sid: accountSid,
    sid: accountSid,
    status: 'active',
    subresource_uris: { messages: `${path}/Messages.json` },
    type: 'Full',
    uri: `${path}.json`,
  }
}

function incomingNumbers(url: URL, path: string, { accountSid, number }: SandboxState): unknown {
  const wanted = url.searchParams.get('PhoneNumber')
  const sid = sidOf('PN', number)
  const own = {
    account_sid: accountSid,
    address_requirements: 'none',
    address_sid: null,
    api_version: '2010-04-01',
    beta: false,
    bundle_sid: null,
    capabilities: { voice: false, sms: true, mms: false, fax: false },
    date_created: rfc2822(SINCE),
    date_updated: rfc2822(SINCE),
    emergency_address_sid: null,
    emergency_address_status: 'unregistered',
    emergency_status: 'Inactive',
    friendly_name: 'Holdfast sandbox',
    identity_sid: null,
    origin: 'twilio',
    phone_number: number,
    sid,
    sms_application_sid: null,
    sms_fallback_method: 'POST',
    sms_fallback_url: null,
    sms_method: 'POST',
    sms_url: null,
    status: 'in-use',
    status_callback: null,
    status_callback_method: 'POST',
    trunk_sid: null,
    uri: `${path}/IncomingPhoneNumbers/${sid}.json`,
    voice_application_sid: null,
    voice_caller_id_lookup: false,
    voice_fallback_method: 'POST',
    voice_fallback_url: null,
    voice_method: 'POST',
    voice_receive_mode: 'voice',
    voice_url: null,
  }
  return pageOf(url, 'incoming_phone_numbers', wanted === null || wanted === number ? [own] : [])
}

function serviceNumber({ accountSid, messagingServiceSid, number }: SandboxState): unknown {
  const sid = sidOf('PN', number)
  return {
    account_sid: accountSid,
    service_sid: messagingServiceSid,
    sid,
    date_created: ISO,
    date_updated: ISO,
    phone_number: number,
    country_code: 'US',
    capabilities: ['SMS'],
    url: `https://messaging.twilio.com/v1/Services/${messagingServiceSid}/PhoneNumbers/${sid}`,
  }
}

function serviceJson({ accountSid, messagingServiceSid }: SandboxState): unknown {
  const url = `https://messaging.twilio.com/v1/Services/${messagingServiceSid}`
  return {
    account_sid: accountSid,
    area_code_geomatch: true,
    date_created: ISO,
    date_updated: ISO,
    fallback_method: 'POST',
    fallback_to_long_code: false,
    fallback_url: null,
    friendly_name: 'Holdfast sandbox',
    inbound_method: 'POST',
    inbound_request_url: null,
    links: { phone_numbers: `${url}/PhoneNumbers`, short_codes: `${url}/ShortCodes` },
    mms_converter: true,
    scan_message_content: 'inherit',
    sid: messagingServiceSid,
    smart_encoding: false,
    status_callback: null,
    sticky_sender: true,
    synchronous_validation: false,
    us_app_to_person_registered: false,
    url,
    usecase: 'notifications',
    use_inbound_webhook_on_number: false,
    validity_period: 36000,
  }
}
