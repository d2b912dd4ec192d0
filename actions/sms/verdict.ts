/** What Twilio's codes mean: for the message, for the number, and for the admin. */
import type { SendResult } from '../channel.ts'

export type Rejection = Extract<SendResult, { outcome: 'rejected' }>

/** Codes of results that are not `sent`. */
export type SmsCode =
  | 'sms_number_invalid'
  | 'sms_number_refused'
  | 'sms_opted_out'
  | 'sms_blocked'
  | 'sms_unreachable_phone'
  | 'sms_filtered'
  | 'sms_not_delivered'
  | 'sms_too_long'
  | 'sms_sender_refused'
  | 'sms_region_off'
  | 'sms_account'
  | 'sms_auth'
  | 'sms_rate_limited'
  | 'sms_unavailable'
  | 'sms_unreachable'
  | 'sms_timeout'
  | 'sms_refused'
  | 'sms_callback_refused'

interface Meaning {
  readonly code: SmsCode
  readonly says: string
  readonly retryable?: boolean
  /** The number itself is at fault, and will be tomorrow. */
  readonly suppress?: boolean
  readonly optedOut?: boolean
}

const NOT_A_NUMBER: Meaning = {
  code: 'sms_number_invalid',
  says: 'The number does not exist, or takes no texts. It is not written to again; correct it in the CRM.',
  suppress: true,
}
const SENDER: Meaning = {
  code: 'sms_sender_refused',
  says: 'The sender may not send this. Check sms.number or sms.messagingServiceSid in the settings, and the numbers of the service in the console of Twilio.',
}
const OPTED_OUT: Meaning = {
  code: 'sms_opted_out',
  says: 'The person told the provider to stop. Only they can undo that, by sending START.',
  suppress: true,
  optedOut: true,
}
const FILTERED: Meaning = {
  code: 'sms_filtered',
  says: "A carrier or Twilio held it back as spam. That is the text's or the sender's fault, not the number's: check the template and the registration of the sender.",
}
const ACCOUNT: Meaning = {
  code: 'sms_account',
  says: 'The account of Twilio cannot send: it is suspended, a trial, or has used up its balance or its daily limit. Look into the console of Twilio.',
}
const AUTH: Meaning = {
  code: 'sms_auth',
  says: 'Twilio did not accept the sign-in. Check sms.accountSid and the secret; until then no text goes out.',
}
const LATER: Meaning = {
  code: 'sms_rate_limited',
  says: 'Twilio takes no more at the moment. It will be tried again.',
  retryable: true,
}

/**
 * By number of https://www.twilio.com/docs/api/errors. Those of 2xxxx answer the request, those of 3xxxx come with the
 * status of a message that was accepted. What only may pass (30003: a phone that is off) suppresses nothing.
 */
const MEANINGS: Readonly<Record<number, Meaning>> = {
  20003: AUTH,
  20005: ACCOUNT,
  20429: LATER,
  21211: NOT_A_NUMBER,
  21214: NOT_A_NUMBER,
  21217: NOT_A_NUMBER,
  21265: NOT_A_NUMBER,
  21266: {
    ...NOT_A_NUMBER,
    says: 'The number is the sender itself. It is not written to; correct it in the CRM.',
  },
  21408: {
    code: 'sms_region_off',
    says: 'Texts to this country are switched off in the account: switch them on under Messaging, Geo permissions, in the console of Twilio.',
  },
  21602: { code: 'sms_refused', says: 'The text is empty. Correct the template.' },
  21603: SENDER,
  21604: NOT_A_NUMBER,
  21606: SENDER,
  21608: ACCOUNT,
  21609: {
    code: 'sms_callback_refused',
    says: 'Twilio does not take the address that it should report to. Correct PUBLIC_URL.',
  },
  21610: OPTED_OUT,
  21611: LATER,
  21612: SENDER,
  21614: NOT_A_NUMBER,
  21617: { code: 'sms_too_long', says: 'The text has more than 1,600 characters. Shorten the template.' },
  21635: NOT_A_NUMBER,
  21659: SENDER,
  21660: SENDER,
  21661: SENDER,
  21703: SENDER,
  21704: SENDER,
  21705: SENDER,
  21712: SENDER,
  30001: LATER,
  30002: ACCOUNT,
  30003: {
    code: 'sms_unreachable_phone',
    says: 'The phone could not be reached: it is off, out of range, or takes no texts. The number stays in use.',
  },
  30004: {
    code: 'sms_blocked',
    says: 'The person or their carrier blocks such texts. The number is not written to again.',
    suppress: true,
  },
  30005: NOT_A_NUMBER,
  30006: {
    ...NOT_A_NUMBER,
    says: 'The number is a landline, or no carrier takes texts for it. It is not written to again; correct it in the CRM.',
  },
  30007: FILTERED,
  30008: { code: 'sms_not_delivered', says: 'It was not delivered, and the carrier does not say why.' },
  30010: { code: 'sms_refused', says: 'It would cost more than the account allows for a message.' },
  30034: {
    ...SENDER,
    says: 'The sender is not registered for texts to US numbers (A2P 10DLC). Register it in the console of Twilio.',
  },
  30410: { code: 'sms_not_delivered', says: 'The carrier did not answer.' },
  30450: FILTERED,
  63038: ACCOUNT,
}

/**
 * What a code that came with the status of a message means.
 *
 * @param code Twilio's; null: it gave none
 * @example
 * judgeStatus(30005).suppress // true
 * judgeStatus(30003).suppress // false
 */
export function judgeStatus(code: number | null): Rejection {
  const meaning = code === null ? undefined : MEANINGS[code]
  return rejected(
    meaning ?? { code: 'sms_not_delivered', says: 'It was not delivered.' },
    code,
    // Twilio took it, and it may have reached somebody after all: never again by itself.
    { retryable: false },
  )
}

/**
 * What an answer to the request to send means. 4xx is definite: nothing was made. With 5xx nobody can say, since the
 * message may have been made before the server, or a proxy before it, failed.
 *
 * @param code Twilio's, of the body; null where the body is not Twilio's
 * @param said Twilio's own words
 */
export function judgeAnswer(status: number, code: number | null, said: string): SendResult {
  const meaning = code === null ? undefined : MEANINGS[code]
  if (status >= 500 || status < 400)
    return {
      outcome: 'uncertain',
      message: `Twilio failed while it was given the text (${status}${code === null ? '' : `, error ${code}`}). It may have been sent, so it is not sent again by itself.`,
    }
  if (meaning !== undefined) return rejected(meaning, code, {})
  if (status === 401 || status === 403) return rejected(AUTH, code, {})
  if (status === 429 || status === 408) return rejected(LATER, code, {})
  return rejected({ code: 'sms_refused', says: `Twilio refused the text: "${quoted(said)}".` }, code, {})
}

/** A conversation that ended without an answer. `handedOver`: the request may have left. */
export function judgeSilence(handedOver: boolean, timedOut: boolean, cause: string): SendResult {
  if (handedOver)
    return {
      outcome: 'uncertain',
      message: `Twilio was given the text but ${timedOut ? 'did not answer in time' : `the connection broke before it answered (${quoted(cause)})`}. It may have been sent, so it is not sent again by itself; Twilio is asked for it.`,
    }
  return timedOut
    ? rejected(
        {
          code: 'sms_timeout',
          says: 'Twilio could not be reached in time. It will be tried again.',
          retryable: true,
        },
        null,
        {},
      )
    : rejected(
        {
          code: 'sms_unreachable',
          says: `Twilio cannot be reached (${quoted(cause)}). It will be tried again; if that goes on, check the network, the name service and the firewall.`,
          retryable: true,
        },
        null,
        {},
      )
}

function rejected(meaning: Meaning, code: number | null, over: { readonly retryable?: boolean }): Rejection {
  return {
    outcome: 'rejected',
    retryable: over.retryable ?? meaning.retryable === true,
    code: meaning.code,
    message: code === null ? meaning.says : `${meaning.says} (Twilio error ${code})`,
    ...(meaning.suppress === true ? { suppress: true } : {}),
    ...(meaning.optedOut === true ? { optedOut: true } : {}),
  }
}

function quoted(text: string): string {
  const line = text.replace(/[\p{Cc}\s]+/gu, ' ').trim()
  return line.length > 200 ? `${line.slice(0, 199)}…` : line
}
