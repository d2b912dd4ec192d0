/** What the sandbox tells by itself: signed as Twilio signs, in the order and as often as it is told to. */
import { createHmac } from 'node:crypto'

/** A form, by name. */
export type Form = Readonly<Record<string, string>>

/**
 * X-Twilio-Signature: base64 of HMAC-SHA1 with the auth token over the address and the form's names and values in the
 * order of the names (https://www.twilio.com/docs/usage/security).
 *
 * @example
 * signForm('https://example.org/sms', { Body: 'STOP' }, authToken)
 */
export function signForm(url: string, form: Form, authToken: string): string {
  const signed = Object.keys(form)
    .toSorted((a, b) => (a < b ? -1 : 1))
    .reduce((text, name) => text + name + form[name], url)
  return createHmac('sha1', authToken).update(signed, 'utf8').digest('base64')
}

/** How long whoever is told may take. */
const PATIENCE_MS = 15_000

/** @returns status and body of the answer; null when nobody answered */
export async function postForm(
  url: string,
  form: Form,
  authToken: string,
): Promise<{ readonly status: number; readonly body: string } | null> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
        'x-twilio-signature': signForm(url, form, authToken),
      },
      body: new URLSearchParams(form).toString(),
      redirect: 'manual',
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
    return { status: answer.status, body: await answer.text() }
  } catch {
    return null
  }
}
