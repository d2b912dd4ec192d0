/** What the account at Twilio has to be for texts to go out and for answers to come in. */
import type { Twilio } from 'twilio'
import type { Check } from '../../src/contracts/checks.ts'
import type { SmsChannelOptions } from './channel.ts'

/** Account, sender, and where answers are handed on: each looked at, one broken part hiding no other. */
export async function verifyAccount(
  client: Twilio,
  options: Pick<SmsChannelOptions, 'accountSid' | 'from' | 'inboundUrl'>,
): Promise<readonly Check[]> {
  const account = await looked('Twilio account', () => accountCheck(client, options.accountSid))
  if (account.status === 'failed') return [account]
  const { from, inboundUrl = null } = options
  const sender =
    'number' in from
      ? numberChecks(client, from.number, inboundUrl)
      : serviceChecks(client, from.messagingServiceSid, inboundUrl)
  return [account, ...(await sender.catch((error: unknown) => [failure('Sender of texts', error)]))]
}

async function accountCheck(client: Twilio, accountSid: string): Promise<Check> {
  const name = 'Twilio account'
  const { status, type, friendlyName } = await client.api.v2010.accounts(accountSid).fetch()
  if (status !== 'active')
    return {
      name,
      status: 'failed',
      message: `The account "${friendlyName}" is ${status}: no text goes out. Look into the console of Twilio.`,
    }
  if (type === 'Trial')
    return {
      name,
      status: 'warning',
      message: `The account "${friendlyName}" is a trial: it sends to verified numbers only, and puts words of its own before each text.`,
    }
  return { name, status: 'ok', message: `The account "${friendlyName}" is active.` }
}

async function serviceChecks(client: Twilio, sid: string, inboundUrl: string | null): Promise<Check[]> {
  const service = await client.messaging.v1.services(sid).fetch()
  const numbers = await client.messaging.v1.services(sid).phoneNumbers.list({ limit: 20 })
  const codes =
    numbers.length > 0 ? [] : await client.messaging.v1.services(sid).shortCodes.list({ limit: 1 })
  const answerable = numbers.length + codes.length > 0
  return [
    answerable
      ? {
          name: 'Sender of texts',
          status: 'ok',
          message: `The messaging service "${service.friendlyName}" has a number to send from.`,
        }
      : {
          name: 'Sender of texts',
          status: 'failed',
          message: `The messaging service "${service.friendlyName}" has no number that people can answer, so nobody could say STOP. Add one in the console of Twilio.`,
        },
    service.useInboundWebhookOnNumber
      ? {
          name: 'Answers to texts',
          status: 'warning',
          message: `The messaging service hands answers to what its numbers name, which is not looked at here. ${wanted(inboundUrl)}`,
        }
      : answersCheck(service.inboundRequestUrl, inboundUrl),
  ]
}

async function numberChecks(client: Twilio, number: string, inboundUrl: string | null): Promise<Check[]> {
  const name = 'Sender of texts'
  if (!number.startsWith('+'))
    return [
      {
        name,
        status: 'warning',
        message: `Whether the short code ${number} is set up cannot be looked at here. ${wanted(inboundUrl)}`,
      },
    ]
  const [own] = await client.incomingPhoneNumbers.list({ phoneNumber: number, limit: 1 })
  if (own === undefined)
    return [
      {
        name,
        status: 'failed',
        message: `The account has no number ${number}. Correct sms.number in the settings.`,
      },
    ]
  if (!own.capabilities.sms)
    return [
      { name, status: 'failed', message: `The number ${number} cannot send texts. Choose another one.` },
    ]
  return [
    { name, status: 'ok', message: `Texts are sent from ${number}.` },
    answersCheck(own.smsUrl, inboundUrl),
  ]
}

function answersCheck(set: string | null, inboundUrl: string | null): Check {
  const name = 'Answers to texts'
  if (inboundUrl === null)
    return { name, status: 'off', message: 'PUBLIC_URL is not set, so answers cannot be handed on here.' }
  if (set === inboundUrl)
    return { name, status: 'ok', message: 'Twilio hands answers on to this installation.' }
  return {
    name,
    status: 'failed',
    message: `Twilio hands answers on to ${set === null || set === '' ? 'nobody' : 'another address'}, so STOP and other answers are not seen here. ${wanted(inboundUrl)}`,
  }
}

function wanted(inboundUrl: string | null): string {
  return inboundUrl === null
    ? 'Set PUBLIC_URL to learn the address to enter.'
    : `Enter ${inboundUrl} as the address for incoming messages (HTTP POST) in the console of Twilio.`
}

async function looked(name: string, look: () => Promise<Check>): Promise<Check> {
  return look().catch((error: unknown) => failure(name, error))
}

function failure(name: string, error: unknown): Check {
  const status = error instanceof Error && 'status' in error ? error.status : null
  const said = error instanceof Error ? error.message : String(error)
  return {
    name,
    status: 'failed',
    message:
      status === 401 || status === 403
        ? 'Twilio did not accept the sign-in. Check sms.accountSid and the secret.'
        : status === 404
          ? 'Twilio does not know it. Check sms.accountSid, sms.messagingServiceSid and sms.number.'
          : `Twilio could not be asked (${said}).`,
  }
}
