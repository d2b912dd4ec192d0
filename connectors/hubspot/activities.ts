/**
 * What was sent, on the record's timeline, once: an e-mail as HubSpot's own sent e-mails look, a text as one that was
 * logged by hand (object `communications`).
 *
 * The key is a custom unique property, as on tasks. HubSpot documents properties of e-mails as creatable ("Activities
 * (Calls, Emails, Meetings, Notes, Tasks)" in the guide of the properties API) and an upsert by such a property for
 * them (`/crm/objects/{version}/emails/batch/upsert`); a portal that refuses the property is told so by provisioning.
 *
 * @see https://developers.hubspot.com/docs/api-reference/latest/crm/activities/emails/guide
 * @see https://developers.hubspot.com/docs/api-reference/2026-03/crm/objects/communications/guide
 */
import type { Activity, WriteResult } from '../connector.ts'
import { cleanText, line } from '../plain-text.ts'
import type { HubSpotClient } from './client.ts'
import { makeOnce } from './engagements.ts'
import { richText } from './rich-text.ts'
import type { Schema } from './schema.ts'

/**
 * @returns a result for each entry: `id` is its key, `externalId` the e-mail in HubSpot
 * @throws HoldfastError when nothing at all could be tried
 * @example
 * await logActivities(client, schema, [entry]) // [{ id: entry.key, ok: true, externalId: '6001' }]
 */
export async function logActivities(
  client: HubSpotClient,
  schema: Schema,
  entries: readonly Activity[],
): Promise<readonly WriteResult[]> {
  const emails = await makeOnce(
    client,
    schema,
    entries.filter(({ kind }) => kind === 'email'),
    { object: 'emails', name: 'the e-mail', properties: emailProperties, kept: false },
  )
  const texts = await makeOnce(
    client,
    schema,
    entries.filter(({ kind }) => kind === 'sms'),
    { object: 'communications', name: 'the text', properties: textProperties, kept: false },
  )
  return [...emails, ...texts]
}

/** It has a channel and a body, and no field for a number: what it was sent from and to stands above the text. */
function textProperties({ at, body, from, to }: Activity): Readonly<Record<string, string>> {
  const head = [to === null ? null : `To ${to}`, from === null ? null : `from ${from}`].filter(
    (one) => one !== null,
  )
  return {
    hs_timestamp: at.toISOString(),
    hs_communication_channel_type: 'SMS',
    hs_communication_logged_from: 'CRM',
    hs_communication_body: richText(head.length === 0 ? body : `${head.join(', ')}:\n\n${body}`),
  }
}

function emailProperties({ at, subject, body, from, to }: Activity): Readonly<Record<string, string>> {
  const address = (email: string | null): readonly { email: string }[] => (email === null ? [] : [{ email }])
  return {
    hs_timestamp: at.toISOString(),
    // From the CRM to a person; INCOMING_EMAIL is an answer.
    hs_email_direction: 'EMAIL',
    hs_email_status: 'SENT',
    hs_email_subject: line(subject),
    hs_email_text: cleanText(body),
    hs_email_html: richText(body),
    // Sender and recipients are read-only properties; HubSpot fills them from these headers.
    hs_email_headers: JSON.stringify({
      ...(from === null ? {} : { from: { email: from } }),
      to: address(to),
      cc: [],
      bcc: [],
    }),
  }
}
