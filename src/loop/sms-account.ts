/** The account that a company's texts are sent by, and the addresses at which its provider reaches us. */
import type { SmsSender } from '../../actions/sms/channel.ts'
import { asTenant, type TenantId } from '../contracts/ids.ts'
import { claimOfLink, signLink, verifyLink } from '../security/signed-link.ts'
import type { SmsSettings } from '../settings/sms.ts'

/** Where the auth token of the account lies in the vault: what Twilio signs with. */
export const SMS_AUTH_TOKEN = { owner: 'sms', name: 'auth_token' } as const
/** Where the secret of the API key lies in the vault. */
export const SMS_API_SECRET = { owner: 'sms', name: 'api_secret' } as const

export interface SmsAddresses {
  /** Entered at Twilio as the address for incoming messages. */
  readonly inbound: string
  /** Told with each text. */
  status(key: string): string
}

/**
 * @param base how the provider reaches us, without a slash at its end
 * @param linkKey of `Secrets.linkKey`, the tenant's: the same address for as long as the tenant exists
 * @example
 * smsAddresses('https://hold.example.com', linkKey, tenant).inbound // 'https://hold.example.com/sms/…/inbound'
 */
export function smsAddresses(base: string, linkKey: Buffer, tenant: TenantId): SmsAddresses {
  const place = `${base}/sms/${signLink(linkKey, `s ${tenant}`)}`
  return {
    inbound: `${place}/inbound`,
    status: (key) => `${place}/status?a=${encodeURIComponent(key)}`,
  }
}

/** Whom a token claims to be of, not verified: only to find the key for {@link isSmsToken}. */
export function claimOfSmsToken(token: string): TenantId | null {
  const found = FORM.exec(claimOfLink(token) ?? '')
  return found === null ? null : asTenant(found[1])
}

export function isSmsToken(linkKey: Buffer, token: string): boolean {
  const payload = verifyLink(linkKey, token)
  return payload !== null && FORM.test(payload)
}

const FORM = /^s ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/

/** Who sends: the messaging service where one is named; null: nobody yet. */
export function smsSenderOf({ messagingServiceSid, number }: SmsSettings): SmsSender | null {
  if (messagingServiceSid !== null) return { messagingServiceSid }
  return number === null ? null : { number }
}

/**
 * What live texts lack, as clauses; empty: nothing.
 *
 * @example
 * smsLacks(settings.sms) // ['the account of Twilio (sms.accountSid)']
 */
export function smsLacks(sms: SmsSettings): readonly string[] {
  return [
    ...(sms.accountSid === null ? ['the account of Twilio (sms.accountSid)'] : []),
    ...(smsSenderOf(sms) === null
      ? ['a messaging service or number to send from (sms.messagingServiceSid or sms.number)']
      : []),
  ]
}
