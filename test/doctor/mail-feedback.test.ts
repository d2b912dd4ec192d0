import { describe, expect, it } from 'vitest'
import { checkMailFeedback, type MailFeedbackSituation } from '../../src/doctor/mail-feedback.ts'
import { parseServiceSettings } from '../../src/settings/service.ts'

const check = (feedback: object, differs: Partial<MailFeedbackSituation> = {}) =>
  checkMailFeedback({
    settings: parseServiceSettings({ feedback }),
    receiver: true,
    publicUrl: 'https://holdfast.example.com',
    mailgunKey: true,
    heardAt: null,
    mailHosts: () => Promise.resolve(['mx.acme.example']),
    ...differs,
  })

const receiver = { path: 'receiver', domain: 'back.acme.example' }

describe('what the doctor says of e-mail feedback', () => {
  it('is off where nobody tells, and failed where something is missing', async () => {
    expect(await check({})).toMatchObject([{ status: 'off', message: expect.stringMatching(/approval/) }])
    expect(await check(receiver, { receiver: false })).toMatchObject([
      { status: 'failed', message: expect.stringMatching(/BOUNCE_PORT/) },
    ])
  })

  it('is a doubt until something was heard', async () => {
    expect(await check({ path: 'mailgun' })).toMatchObject([
      { status: 'warning', message: expect.stringMatching(/nothing was heard so far/) },
    ])
    expect(await check({ path: 'mailgun' }, { heardAt: new Date('2026-03-01') })).toMatchObject([
      { status: 'ok', message: expect.stringMatching(/2026-03-01/) },
    ])
  })

  it('looks where mail for the domain goes', async () => {
    const [, found] = await check(receiver)
    expect(found).toMatchObject({ status: 'ok', message: expect.stringMatching(/mx\.acme\.example/) })
    const [, none] = await check(receiver, { mailHosts: () => Promise.resolve([]) })
    expect(none).toMatchObject({ status: 'failed', message: expect.stringMatching(/no MX record/) })
    const [, silent] = await check(receiver, { mailHosts: () => Promise.reject(new Error('ETIMEOUT')) })
    expect(silent).toMatchObject({ status: 'warning', message: expect.stringMatching(/ETIMEOUT/) })
  })
})
