/** What Twilio refuses by itself, with its codes. */
import type { Refusal } from './answers.ts'

/** @returns null: it is taken */
export function refusalOf(
  form: URLSearchParams,
  {
    number,
    messagingServiceSid,
    optedOut,
  }: {
    readonly number: string
    readonly messagingServiceSid: string
    readonly optedOut: ReadonlySet<string>
  },
): Refusal | null {
  const [to, from, service, body] = ['To', 'From', 'MessagingServiceSid', 'Body'].map((name) =>
    form.get(name),
  )
  const refused = (code: number, message: string): Refusal => ({
    kind: 'refuse',
    status: 400,
    code,
    message,
  })
  if (to === null || to === '') return refused(21604, "A 'To' phone number is required.")
  if (!/^\+[1-9]\d{6,14}$/.test(to)) return refused(21211, `Invalid 'To' Phone Number: ${to}`)
  if (MAGIC[to] !== undefined) return refused(...MAGIC[to])
  if (body === null || body === '') return refused(21602, 'Message body is required.')
  if (body.length > 1600)
    return refused(21617, 'The concatenated message body exceeds the 1600 character limit.')
  if (service === null ? from !== number : service !== messagingServiceSid)
    return service === null
      ? refused(21606, `The From phone number ${from} is not valid.`)
      : refused(21701, 'The Messaging Service does not exist.')
  const callback = form.get('StatusCallback')
  if (callback !== null && !URL.canParse(callback))
    return refused(21609, 'The StatusCallback URL is not valid.')
  return optedOut.has(to) ? refused(21610, 'Attempt to send to unsubscribed recipient') : null
}

/** Numbers that Twilio keeps for tests (https://www.twilio.com/docs/iam/test-credentials), refused as there. */
const MAGIC: Readonly<Record<string, readonly [number, string]>> = {
  '+15005550001': [21211, "Invalid 'To' Phone Number"],
  '+15005550002': [21612, 'The message cannot be sent with this combination of To and From.'],
  '+15005550003': [21408, 'Permission to send an SMS has not been enabled for the region.'],
  '+15005550004': [21610, 'Attempt to send to unsubscribed recipient'],
  '+15005550009': [21614, "'To' number is not a valid mobile number"],
}
