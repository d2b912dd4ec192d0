/**
 * Where the SMS provider tells what became of texts and hands on what people answer. The token in the address says whose
 * it is, and the provider's signature over that address that it is true.
 */
import { z } from 'zod'
import { isSignedByTwilio, type SignedForm } from '../../actions/sms/twilio.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { TenantId } from '../contracts/ids.ts'
import { takeInboundSms } from '../loop/sms-inbound.ts'
import {
  SMS_AUTH_TOKEN,
  claimOfSmsToken,
  isSmsToken,
  smsAddresses,
  type SmsAddresses,
} from '../loop/sms-account.ts'
import { takeSmsStatus } from '../loop/sms-status.ts'
import { readTenant } from '../store/tenants.ts'
import { route, type Route } from './route.ts'
import type { RouteServices } from './services.ts'

export interface SmsRoutesOptions {
  /** The SMS sandbox of this installation; null: there is none. */
  readonly sandbox: { readonly accountSid: string; readonly authToken: string } | null
}

const headers = z.object({ 'x-twilio-signature': z.string().optional() })
const params = z.strictObject({ token: z.string() })

/**
 * @example
 * const routes = [...smsRoutes({ sandbox })]
 */
export function smsRoutes({ sandbox }: SmsRoutesOptions): readonly Route[] {
  const shared = {
    method: 'post',
    tag: 'Public',
    access: 'public',
    crossSite: true,
    params,
    headers,
  } as const
  return [
    route({
      ...shared,
      path: '/sms/{token}/status',
      summary: 'What became of a text, as Twilio reports it',
      description:
        'Signed by Twilio (X-Twilio-Signature). Reports that came before, and those of texts of other programs, change nothing.',
      query: z.strictObject({ a: z.string().max(100).optional() }),
      answers: { 204: { description: 'Taken' } },
      handle: async (request, services) => {
        const { a: key = null } = request.query
        const signed = await signedForm(request, services, (addresses) => addressOf(addresses, key))
        const { tenant, form } = signed
        const sid = form('MessageSid')
        const status = form('MessageStatus')
        if (sid === null || status === null)
          throw new HoldfastError('request_invalid', 'The report names no message or no status.')
        const code = Number(form('ErrorCode') ?? NaN)
        await takeSmsStatus(services, tenant, {
          sid,
          status: status.toLowerCase(),
          code: Number.isInteger(code) && code > 0 ? code : null,
          to: form('To'),
          key,
          sandbox: signed.sandbox,
        })
        return { status: 204 }
      },
    }),
    route({
      ...shared,
      path: '/sms/{token}/inbound',
      summary: 'What somebody texted back, as Twilio hands it on',
      description: 'Signed by Twilio (X-Twilio-Signature). The answer is TwiML.',
      answers: { 200: { description: 'What is sent back, or nothing', type: 'text/xml' } },
      handle: async (request, services) => {
        const signed = await signedForm(request, services, ({ inbound }) => inbound)
        const { tenant, form } = signed
        const sid = form('MessageSid')
        const from = form('From')
        if (sid === null || from === null)
          throw new HoldfastError('request_invalid', 'The message names no id or no sender.')
        const answer = await takeInboundSms(services, tenant, {
          sid,
          from,
          body: form('Body') ?? '',
          optOutType: form('OptOutType'),
          sandbox: signed.sandbox,
        })
        return { status: 200, type: 'text/xml; charset=utf-8', bytes: twiml(answer) }
      },
    }),
  ]

  /** @throws HoldfastError `not_found` for a token that is not ours, `unauthenticated` for what is not signed */
  async function signedForm(
    request: Signed,
    services: RouteServices,
    addressIn: (addresses: SmsAddresses) => string,
  ): Promise<{ tenant: TenantId; sandbox: boolean; form: (name: string) => string | null }> {
    const { token } = request.params
    const { tenant, linkKey, authToken } = await ownerOf(services, token)
    const form = formOf(await request.bytes())
    const isSandbox = sandbox !== null && form['AccountSid'] === sandbox.accountSid
    const by = isSandbox
      ? { authToken: sandbox.authToken, base: request.origin }
      : { authToken, base: services.publicUrl }
    const signature = request.headers['x-twilio-signature']
    const isRight =
      signature !== undefined &&
      by.authToken !== null &&
      by.base !== null &&
      (await isSignedByTwilio({
        authToken: by.authToken,
        signature,
        url: addressIn(smsAddresses(by.base, linkKey, tenant)),
        form,
      }))
    if (!isRight) throw new HoldfastError('unauthenticated', 'The request is not signed as it has to be.')
    return {
      tenant,
      sandbox: isSandbox,
      form: (name) => {
        const value = Object.hasOwn(form, name) ? form[name] : undefined
        const [text = ''] = value === undefined ? [] : [value].flat()
        return text === '' ? null : text
      },
    }
  }
}

interface Signed {
  readonly params: { readonly token: string }
  readonly headers: { readonly 'x-twilio-signature'?: string | undefined }
  readonly origin: string
  bytes(): Promise<Buffer>
}

/** Also reports of texts that were sent by hand in the console, with no key, come here. */
function addressOf(addresses: SmsAddresses, key: string | null): string {
  return key === null ? addresses.status('').replace(/\?.*$/, '') : addresses.status(key)
}

async function ownerOf(
  { database, secrets, vault }: RouteServices,
  token: string,
): Promise<{ tenant: TenantId; linkKey: Buffer; authToken: string | null }> {
  const unknown = () => new HoldfastError('not_found', 'There is nothing here.')
  const tenant = claimOfSmsToken(token)
  if (tenant === null) throw unknown()
  return database.withTenant(tenant, async (tx) => {
    // Asking for the key of a tenant makes one where there is none.
    await readTenant(tx, tenant).catch((cause: unknown) => {
      throw cause instanceof HoldfastError && cause.code === 'not_found' ? unknown() : cause
    })
    const linkKey = await secrets.linkKey(tx)
    if (!isSmsToken(linkKey, token)) throw unknown()
    return {
      tenant,
      linkKey,
      authToken: (await vault.unseal(tx, SMS_AUTH_TOKEN))?.toString('utf8') ?? null,
    }
  })
}

function formOf(bytes: Buffer): SignedForm {
  const form = new Map<string, string[]>()
  for (const [name, value] of new URLSearchParams(bytes.toString('utf8')))
    form.set(name, [...(form.get(name) ?? []), value])
  return Object.fromEntries(
    [...form].map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
  )
}

/** https://www.twilio.com/docs/messaging/twiml */
function twiml(answer: string | null): string {
  const escaped = answer?.replace(/[&<>"']/g, (mark) => ENTITIES[mark])
  const message = escaped === undefined ? '' : `<Message>${escaped}</Message>`
  return `<?xml version="1.0" encoding="UTF-8"?><Response>${message}</Response>`
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}
