/** Whether texts can go out, and whether what becomes of them, and what people answer, finds the way here. */
import { createHmac } from 'node:crypto'
import type { Channel } from '../../actions/channel.ts'
import type { Check } from '../contracts/checks.ts'
import { SMS_AUTH_TOKEN, smsAddresses, smsLacks, type SmsAddresses } from '../loop/sms-account.ts'
import type { Service } from '../service.ts'
import type { ServiceSettings } from '../settings/service.ts'
import type { Tenant } from '../store/tenants.ts'

export interface SmsSituation {
  /** What live texts lack, as clauses (`smsLacks`). */
  readonly lacks: readonly string[]
  /** The live channel; null: it cannot be opened yet. */
  readonly channel: Pick<Channel, 'verify'> | null
  /** Of the account; null: none is in the vault. */
  readonly authToken: string | null
  /** Beneath PUBLIC_URL; null: it is not set. */
  readonly addresses: SmsAddresses | null
}

/**
 * @example
 * const checks = await checkSms({ lacks: smsLacks(settings.sms), channel, authToken, addresses })
 */
export async function checkSms({
  lacks,
  channel,
  authToken,
  addresses,
}: SmsSituation): Promise<readonly Check[]> {
  const name = 'SMS'
  if (lacks.length > 0)
    return [{ name, status: 'off', message: `No texts are sent: ${lacks.join(' and ')} is missing.` }]
  const account = channel === null ? [] : await channel.verify()
  if (authToken === null)
    return [
      ...account,
      {
        name: 'SMS callbacks',
        status: 'failed',
        message:
          'The auth token of the account is not in the vault, so neither reports nor answers such as STOP are believed. Store it with the secret sms-auth-token.',
      },
    ]
  return [...account, await checkCallbacks(authToken, addresses)]
}

/** {@link checkSms} of a company; nothing where it names no account, since most send no texts. */
export async function checkTextsOf(
  { database, vault, secrets, channels, publicUrl }: Service,
  tenant: Tenant,
  settings: ServiceSettings,
): Promise<readonly Check[]> {
  if (settings.sms.accountSid === null) return []
  const { authToken, addresses } = await database.withTenant(tenant.id, async (tx) => ({
    authToken: (await vault.unseal(tx, SMS_AUTH_TOKEN))?.toString('utf8') ?? null,
    addresses: publicUrl === null ? null : smsAddresses(publicUrl, await secrets.linkKey(tx), tenant.id),
  }))
  const lacks = smsLacks(settings.sms)
  const channel =
    lacks.length > 0
      ? null
      : ((await channels.sms?.({ tenant: tenant.id, delivery: 'live', settings })) ?? null)
  const checks = await checkSms({ lacks, channel, authToken, addresses })
  return checks.map((check) => ({ ...check, name: `${tenant.name}: ${check.name}` }))
}

/** A report of a text that is nobody's, signed as Twilio signs, is sent to where Twilio would send it. */
async function checkCallbacks(authToken: string, addresses: SmsAddresses | null): Promise<Check> {
  const name = 'SMS callbacks'
  if (addresses === null)
    return {
      name,
      status: 'failed',
      message:
        'PUBLIC_URL is not set, so reports and answers such as STOP do not come here, and no text goes out live.',
    }
  const url = addresses.status('doctor')
  // The account is the doctor's own, and the status none that a text can have: nothing is recorded.
  const form: Readonly<Record<string, string>> = { MessageSid: 'doctor', MessageStatus: 'doctor' }
  const signed = Object.keys(form)
    .toSorted()
    .reduce((text, key) => text + key + form[key], url)
  try {
    const { status } = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'x-twilio-signature': createHmac('sha1', authToken).update(signed).digest('base64'),
      },
      body: new URLSearchParams(form).toString(),
      redirect: 'error',
      signal: AbortSignal.timeout(5000),
    })
    return status === 204
      ? { name, status: 'ok', message: 'Reports and answers that Twilio signed are taken.' }
      : {
          name,
          status: 'failed',
          message: `The public address answers ${status} to a signed report. Correct PUBLIC_URL or the proxy, or store the auth token again.`,
        }
  } catch (cause) {
    const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
    return {
      name,
      status: 'failed',
      message: `The public address cannot be reached from here (${inner instanceof Error ? inner.message : String(inner)}). Start the server, or correct PUBLIC_URL, the name service or the proxy.`,
    }
  }
}
