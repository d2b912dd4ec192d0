import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { composeWebhook, type Notice } from '../../../actions/webhook/compose.ts'

const notice: Notice = {
  kind: 'action.stopped',
  level: 'urgent',
  subject: 'The action <sms> stopped & waits',
  text: 'One line.\n\n- [Ann](https://evil.example)',
  link: 'https://holdfast.example.com',
  at: new Date('2026-11-21T08:00:00Z'),
  data: { name: 'sms' },
}

describe('a notice for other systems', () => {
  it('is an event with type, timestamp and data where it is signed', () => {
    expect(JSON.parse(composeWebhook('signed', notice))).toEqual({
      type: 'action.stopped',
      timestamp: '2026-11-21T08:00:00.000Z',
      data: { level: 'urgent', subject: notice.subject, text: notice.text, link: notice.link, name: 'sms' },
    })
  })

  it('mentions nobody and links nowhere in chats, whatever a customer is called', () => {
    const slack = composeWebhook('slack', {
      ...notice,
      text: 'Ann <!channel> *x* <https://evil.example|here>',
    })
    expect(slack).not.toContain('<!channel>')
    expect(slack).not.toContain('<https://evil.example')
    expect(slack).toContain('<https://holdfast.example.com|Open Holdfast>')
    const card = composeWebhook('teams', notice)
    expect(card).not.toContain('[Ann](')
    expect(JSON.parse(card)).toMatchObject({
      type: 'message',
      attachments: [{ content: { type: 'AdaptiveCard', actions: [{ url: notice.link }] } }],
    })
  })

  it('stays within what Slack takes, and is whole JSON for any text', () => {
    const piece = fc.string({ maxLength: 20 })
    fc.assert(
      fc.property(piece, fc.integer({ min: 0, max: 400 }), (some, times) => {
        const long = { ...notice, text: some.repeat(times), subject: some }
        for (const format of ['signed', 'slack', 'teams'] as const)
          expect(JSON.parse(composeWebhook(format, long))).toBeTypeOf('object')
        const { blocks } = JSON.parse(composeWebhook('slack', long)) as {
          blocks: [{ text: { text: string } }]
        }
        expect(blocks[0].text.text.length).toBeLessThanOrEqual(3000)
      }),
      { numRuns: 60 },
    )
    const halves = composeWebhook('slack', { ...notice, text: `x${'😀'.repeat(3000)}` })
    expect(
      (
        JSON.parse(halves) as { text: string; blocks: [{ text: { text: string } }] }
      ).blocks[0].text.text.isWellFormed(),
    ).toBe(true)
  })
})
