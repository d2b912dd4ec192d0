import { describe, expect, it } from 'vitest'
import type { Activity } from '../../../connectors/connector.ts'
import { logActivities } from '../../../connectors/hubspot/activities.ts'
import { openPortal } from './writing.ts'

const entry: Activity = {
  key: 'send-1',
  action: 'email',
  from: 'kim@us.example',
  to: 'ann@acme.example',
  customerId: '',
  recipientId: null,
  kind: 'email',
  at: new Date('2026-11-20T10:30:00Z'),
  subject: 'Your renewal\r\nBcc: x@y.z',
  body: 'Dear Ann,\n\n3 < 4 🙂',
}

describe('sent e-mails on the timeline', () => {
  it('are logged once on the customer and on the contact, as HubSpot shows its own', async () => {
    const { client, schema, sandbox } = await openPortal()
    const { state } = sandbox
    const customerId = state.createRecord('companies', { name: 'Acme' })
    const recipientId = state.createRecord('contacts', { email: 'ann@acme.example' })
    const one = { ...entry, customerId, recipientId }
    const first = await logActivities(client, schema, [one])
    const [made, ...others] = state.ids('emails')
    expect(others).toEqual([])
    expect(first).toEqual([{ id: 'send-1', ok: true, externalId: made }])
    expect(state.record('emails', made)!.properties).toMatchObject({
      hs_timestamp: '2026-11-20T10:30:00.000Z',
      hs_email_direction: 'EMAIL',
      hs_email_status: 'SENT',
      hs_email_subject: 'Your renewal Bcc: x@y.z',
      hs_email_text: 'Dear Ann,\n\n3 < 4 🙂',
      hs_email_html: '<p>Dear Ann,</p><p>3 &lt; 4 🙂</p>',
      holdfast_key: 'send-1',
      holdfast_action: 'email',
    })
    expect(JSON.parse(state.value('emails', made, 'hs_email_headers')!)).toEqual({
      from: { email: 'kim@us.example' },
      to: [{ email: 'ann@acme.example' }],
      cc: [],
      bcc: [],
    })
    expect(state.associated('emails', made, 'companies').map(({ id }) => id)).toEqual([customerId])
    expect(state.associated('emails', made, 'contacts').map(({ id }) => id)).toEqual([recipientId])

    expect(await logActivities(client, schema, [one, one])).toEqual(first)
    expect(state.ids('emails')).toEqual([made])
  })

  it('are logged with the addresses that are known', async () => {
    const { client, schema, sandbox } = await openPortal()
    const customerId = sandbox.state.createRecord('companies', { name: 'Acme' })
    await logActivities(client, schema, [{ ...entry, customerId, from: null, to: null }])
    const [made] = sandbox.state.ids('emails')
    expect(sandbox.state.value('emails', made, 'hs_email_headers')).toBe('{"to":[],"cc":[],"bcc":[]}')
  })

  it('are texts of the timeline where they went out as texts, made once too', async () => {
    const { client, schema, sandbox } = await openPortal()
    const { state } = sandbox
    const customerId = state.createRecord('companies', { name: 'Acme' })
    const recipientId = state.createRecord('contacts', { email: 'ann@acme.example' })
    const text = {
      ...entry,
      customerId,
      recipientId,
      kind: 'sms' as const,
      from: null,
      to: '+43 664 1234567',
      subject: '',
      body: 'Hello Ann & co. STOP ends this.',
    }
    const first = await logActivities(client, schema, [text])
    expect(first).toMatchObject([{ id: text.key, ok: true }])
    const [made] = state.ids('communications')
    expect(state.value('communications', made, 'hs_communication_channel_type')).toBe('SMS')
    expect(state.value('communications', made, 'hs_communication_logged_from')).toBe('CRM')
    expect(state.value('communications', made, 'hs_communication_body')).toContain('Ann &amp; co.')
    expect(state.value('communications', made, 'hs_communication_body')).toContain('+43 664 1234567')
    expect(state.associated('communications', made, 'companies').map(({ id }) => id)).toEqual([customerId])
    expect(state.associated('communications', made, 'contacts').map(({ id }) => id)).toEqual([recipientId])

    expect(await logActivities(client, schema, [text])).toEqual(first)
    expect(state.ids('communications')).toEqual([made])
    expect(state.ids('emails')).toEqual([])
  })
})
