import { describe, expect, it } from 'vitest'
import { feedbackPathOf } from '../../src/loop/feedback-path.ts'
import { parseServiceSettings } from '../../src/settings/service.ts'

const whole = { receiver: true, publicUrl: 'https://holdfast.example.com', mailgunKey: true }
const path = (feedback: object, situation = whole) =>
  feedbackPathOf(parseServiceSettings({ feedback }), situation)

describe('how it is heard of bounces and complaints', () => {
  it('is nothing out of the box, and says what to do', () => {
    expect(path({})).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/approval: set feedback\.path/),
    })
  })

  it.each([
    ['receiver', { domain: 'bounces.acme.example' }, { receiver: false }, /BOUNCE_PORT/],
    ['receiver', {}, {}, /feedback\.domain/],
    ['sendgrid', { sendgridKey: 'MFkw' }, { publicUrl: 'http://localhost:3000' }, /PUBLIC_URL/],
    ['sendgrid', {}, {}, /sendgridKey/],
    ['mailgun', {}, { mailgunKey: false }, /mailgun-key/],
  ])('%s: says what is missing', (name, settings, lacks, what) => {
    expect(path({ path: name, ...settings }, { ...whole, ...lacks })).toMatchObject({
      ok: false,
      reason: expect.stringMatching(what),
    })
  })

  it.each([
    { path: 'receiver', domain: 'bounces.acme.example' },
    { path: 'sendgrid', sendgridKey: 'MFkw' },
    { path: 'mailgun' },
  ])('$path: is one when everything is there', (settings) => {
    expect(path(settings)).toEqual({ ok: true })
  })

  it('takes no domain that could not be one', () => {
    for (const domain of ['Acme.example', 'acme', 'acme.example/x', 'a b.example', '-a.example'])
      expect(() => path({ domain })).toThrow(/feedback\.domain/)
  })
})
