import { describe, expect, it } from 'vitest'
import type { ConsentChange, Recipient } from '../../../connectors/connector.ts'
import { writeConsents } from '../../../connectors/salesforce/consent-writes.ts'
import type { SalesforceContext } from '../../../connectors/salesforce/context.ts'
import { recipientsOf } from '../../../connectors/salesforce/recipients.ts'
import { anOrg, defineConsents, without, type AnOrg } from './an-org.ts'

/** The org's clock, which goes on when a test says so. */
function ticking(start = '2026-11-21T10:00:00Z') {
  let now = new Date(start)
  return {
    clock: () => now,
    at: (iso: string) => {
      now = new Date(iso)
    },
  }
}

function contact(state: AnOrg['state'], fields: object = {}): string {
  return state.createRecord('Contact', { LastName: 'Ann', Email: 'ann@one.example', ...fields })
}

async function consentOf(context: SalesforceContext, id: string): Promise<Recipient['consent']> {
  return (await recipientsOf(context, [id]))[0].consent
}

const contacts = { object: 'Contact' } as const

describe('reading consent', () => {
  it('takes a no from the flags of a contact, and no yes from their being clear', async () => {
    const { state, context } = await anOrg()
    const ids = [
      contact(state),
      contact(state, { HasOptedOutOfEmail: true }),
      contact(state, { DoNotCall: true }),
    ]
    const found = await recipientsOf(context(contacts), ids)
    expect(found.map(({ consent: { email, sms, call } }) => [email, sms, call])).toEqual([
      ['unknown', 'unknown', 'unknown'],
      ['refused', 'unknown', 'unknown'],
      ['unknown', 'unknown', 'refused'],
    ])
  })

  it('takes not having opted out for a yes where the company says so', async () => {
    const { state, context } = await anOrg()
    const ids = [contact(state), contact(state, { HasOptedOutOfEmail: true, DoNotCall: true })]
    const found = await recipientsOf(context({ ...contacts, consent: 'opt_out' }), ids)
    expect(found.map(({ consent: { email, sms, call } }) => [email, sms, call])).toEqual([
      ['granted', 'unknown', 'granted'],
      ['refused', 'unknown', 'refused'],
    ])
  })

  it('dates a no by the history of its flag, and takes it for a yes when somebody took it back', async () => {
    const time = ticking('2026-03-01T10:00:00Z')
    const { state, context } = await anOrg({ clock: time.clock })
    const id = contact(state)
    time.at('2026-04-01T10:00:00Z')
    state.updateRecord('Contact', id, { HasOptedOutOfEmail: true })
    const no = await consentOf(context(contacts), id)
    expect(no.email).toBe('refused')
    expect(no.changedAtBy?.email?.toISOString()).toBe('2026-04-01T10:00:00.000Z')
    time.at('2026-05-01T10:00:00Z')
    state.updateRecord('Contact', id, { HasOptedOutOfEmail: false, DoNotCall: true })
    const yes = await consentOf(context(contacts), id)
    expect([yes.email, yes.call]).toEqual(['granted', 'refused'])
    expect(yes.changedAtBy?.email?.toISOString()).toBe('2026-05-01T10:00:00.000Z')
  })

  it.each(['HasOptedOutSolicit', 'HasOptedOutProcessing', 'ShouldForget'])(
    'takes %s of the Individual for a no to everything',
    async (flag) => {
      const { state, context } = await anOrg()
      const IndividualId = state.createRecord('Individual', { LastName: 'Ann', [flag]: true })
      const id = contact(state, { IndividualId })
      expect(await consentOf(context({ ...contacts, consent: 'opt_out' }), id)).toMatchObject({
        email: 'refused',
        sms: 'refused',
        call: 'refused',
      })
    },
  )

  it('takes other wishes of an Individual for nothing about being written to', async () => {
    const { state, context } = await anOrg()
    const IndividualId = state.createRecord('Individual', { LastName: 'Ann', HasOptedOutTracking: true })
    expect(await consentOf(context(contacts), contact(state, { IndividualId }))).toMatchObject({
      email: 'unknown',
    })
  })

  it('takes consents of a kind of contact point while they are in effect, and a no above a yes', async () => {
    const time = ticking()
    const { state, context } = await anOrg({ clock: time.clock })
    defineConsents(state)
    const person = (...consents: object[]) => {
      const IndividualId = state.createRecord('Individual', { LastName: 'Ann' })
      for (const one of consents)
        state.createRecord('ContactPointTypeConsent', {
          Name: 'x',
          PartyId: IndividualId,
          ContactPointType: 'Email',
          PrivacyConsentStatus: 'OptIn',
          CaptureDate: new Date('2026-02-01T00:00:00Z'),
          ...one,
        })
      return contact(state, { IndividualId })
    }
    const ids = [
      person({}),
      person({}, { PrivacyConsentStatus: 'OptOut', CaptureDate: new Date('2026-01-01T00:00:00Z') }),
      person({ EffectiveTo: new Date('2026-11-21T09:59:59Z') }),
      person({ EffectiveFrom: new Date('2026-11-21T10:00:01Z') }),
      person({ PrivacyConsentStatus: 'Seen' }),
      person({ ContactPointType: 'Phone' }),
      person({ ContactPointType: 'MailingAddress' }),
    ]
    const found = await recipientsOf(context(contacts), ids)
    expect(found.map(({ consent: { email, call } }) => [email, call])).toEqual([
      ['granted', 'unknown'],
      ['refused', 'unknown'],
      ['unknown', 'unknown'],
      ['unknown', 'unknown'],
      ['unknown', 'unknown'],
      ['unknown', 'granted'],
      ['unknown', 'unknown'],
    ])
    expect(found[0].consent.changedAtBy?.email?.toISOString()).toBe('2026-02-01T00:00:00.000Z')
  })

  it('counts nobody as having agreed while the flag that may say no is hidden', async () => {
    const { state, context } = await anOrg()
    defineConsents(state)
    const IndividualId = state.createRecord('Individual', { LastName: 'Ann' })
    state.createRecord('ContactPointTypeConsent', {
      Name: 'x',
      PartyId: IndividualId,
      ContactPointType: 'Email',
      PrivacyConsentStatus: 'OptIn',
    })
    const id = contact(state, { IndividualId })
    expect((await consentOf(context(contacts), id)).email).toBe('granted')
    state.setAccess('Contact', 'HasOptedOutOfEmail', { readable: false })
    expect((await consentOf(context({ ...contacts, consent: 'opt_out' }), id)).email).toBe('unknown')
  })
})

const SAID = new Date('2026-11-20T10:00:00Z')

function change(recipientId: string, more: Partial<ConsentChange> = {}): ConsentChange {
  return {
    recipientId,
    email: 'ann@one.example',
    channel: 'email',
    status: 'refused',
    changedAt: SAID,
    ...more,
  }
}

describe('writing consent', () => {
  it('marks who unsubscribed, clears who came back, and writes nothing that is there already', async () => {
    const time = ticking('2026-11-19T10:00:00Z')
    const { state, context, written } = await anOrg({ clock: time.clock })
    const [out, back, there] = [
      contact(state),
      contact(state, { HasOptedOutOfEmail: true }),
      contact(state, { HasOptedOutOfEmail: true }),
    ]
    time.at('2026-11-21T10:00:00Z')
    const changes = [change(out), change(back, { status: 'granted' }), change(there)]
    expect(await writeConsents(context(contacts), changes)).toEqual(
      [out, back, there].map((id) => ({ id, ok: true })),
    )
    const flags = [out, back, there].map((id) => state.value('Contact', id, 'HasOptedOutOfEmail'))
    expect(flags).toEqual([true, false, true])
    expect(written).toHaveLength(1)
    expect(written[0]).not.toContain(there)
  })

  it('writes both channels of one contact at once, the last word of several last', async () => {
    const { state, context, written } = await anOrg()
    const id = contact(state)
    const later = new Date(SAID.getTime() + 1000)
    const results = await writeConsents(context(contacts), [
      change(id, { changedAt: later }),
      change(id, { channel: 'call' }),
      change(id, { channel: 'sms' }),
    ])
    expect(results.map((one) => (one.ok ? 'ok' : one.code))).toEqual(['ok', 'ok', 'not_supported'])
    expect(state.value('Contact', id, 'HasOptedOutOfEmail')).toBe(true)
    expect(state.value('Contact', id, 'DoNotCall')).toBe(true)
    expect(written).toHaveLength(1)
  })

  it('writes the contact of a person account through its Account', async () => {
    const { state, context } = await anOrg({ personAccounts: true })
    const person = state.createRecord('Account', { LastName: 'Roth', PersonEmail: 'pia@home.example' })
    const id = String(state.value('Account', person, 'PersonContactId'))
    expect(await writeConsents(context(), [change(id), change(id, { channel: 'call' })])).toEqual([
      { id, ok: true },
      { id, ok: true },
    ])
    expect(state.value('Account', person, 'PersonHasOptedOutOfEmail')).toBe(true)
    expect(state.value('Contact', id, 'DoNotCall')).toBe(true)
  })

  it('lets stand what somebody told Salesforce later, either way', async () => {
    const time = ticking('2026-11-01T10:00:00Z')
    const { state, context } = await anOrg({ clock: time.clock })
    const [refusing, agreeing] = [contact(state), contact(state, { HasOptedOutOfEmail: true })]
    time.at('2026-11-20T12:00:00Z')
    state.updateRecord('Contact', refusing, { HasOptedOutOfEmail: true })
    state.updateRecord('Contact', agreeing, { HasOptedOutOfEmail: false })
    const results = await writeConsents(context(contacts), [
      change(refusing, { status: 'granted' }),
      change(agreeing),
    ])
    expect(results).toEqual([
      {
        id: refusing,
        ok: false,
        code: 'newer_in_salesforce',
        message: `Contact ${refusing} refused in Salesforce on 2026-11-20T12:00:00.000Z, after the change in Holdfast on 2026-11-20T10:00:00.000Z. Salesforce's stands; the next sync takes it over.`,
        retryable: false,
      },
      expect.objectContaining({ id: agreeing, ok: false, code: 'newer_in_salesforce' }),
    ])
    expect(state.value('Contact', agreeing, 'HasOptedOutOfEmail')).toBe(false)
  })

  it('writes over what its own user wrote, however late that was', async () => {
    const time = ticking('2026-11-01T10:00:00Z')
    const { state, context } = await anOrg({ clock: time.clock })
    const id = contact(state)
    time.at('2026-11-21T10:00:00Z')
    await writeConsents(context(contacts), [change(id)])
    const back = change(id, { status: 'granted', changedAt: new Date('2026-11-20T11:00:00Z') })
    expect(await writeConsents(context(contacts), [back])).toEqual([{ id, ok: true }])
    expect(state.value('Contact', id, 'HasOptedOutOfEmail')).toBe(false)
  })

  it('never takes back a no that may be younger than the yes, and says what would tell', async () => {
    const time = ticking('2026-11-19T10:00:00Z')
    const { state, context } = await anOrg({ clock: time.clock })
    without(state, 'ContactHistory')
    const [touched, untouched] = [0, 1].map(() => contact(state, { HasOptedOutOfEmail: true }))
    time.at('2026-11-20T12:00:00Z')
    state.updateRecord('Contact', touched, { Title: 'CEO' })
    const results = await writeConsents(
      context(contacts),
      [touched, untouched].map((id) => change(id, { status: 'granted' })),
    )
    expect(results).toEqual([
      expect.objectContaining({
        ok: false,
        code: 'refusal_stands',
        message: expect.stringContaining('field history'),
      }),
      { id: untouched, ok: true },
    ])
    expect(state.value('Contact', touched, 'HasOptedOutOfEmail')).toBe(true)
  })

  it('does not take back what an Individual says for every channel', async () => {
    const time = ticking('2026-11-19T10:00:00Z')
    const { state, context } = await anOrg({ clock: time.clock })
    const IndividualId = state.createRecord('Individual', { LastName: 'Ann', HasOptedOutSolicit: true })
    const id = contact(state, { IndividualId, HasOptedOutOfEmail: true })
    const [older] = await writeConsents(context(contacts), [change(id, { status: 'granted' })])
    expect(older).toMatchObject({
      ok: false,
      code: 'refused_beside',
      message: expect.stringContaining("Don't Market"),
    })
    time.at('2026-11-20T12:00:00Z')
    state.updateRecord('Individual', IndividualId, { ShouldForget: true })
    const [younger] = await writeConsents(context(contacts), [change(id, { status: 'granted' })])
    expect(younger).toMatchObject({ ok: false, code: 'newer_in_salesforce' })
    expect(state.value('Contact', id, 'HasOptedOutOfEmail')).toBe(true)
  })

  it('says so for each contact that is gone, hidden or not to be changed, and writes the others', async () => {
    const { state, context } = await anOrg()
    const [gone, hidden, kept, blocked] = Array.from({ length: 4 }, () => contact(state))
    state.deleteRecord('Contact', gone)
    state.hide('Contact', hidden)
    state.addValidationRule('Contact', { when: `Id = '${blocked}'`, message: 'Ask legal first' })
    const results = await writeConsents(
      context(contacts),
      [gone, hidden, kept, blocked].map((id) => change(id)),
    )
    expect(results.map((one) => (one.ok ? 'ok' : one.code))).toEqual([
      'record_gone',
      'record_gone',
      'ok',
      'validation_rule',
    ])
    expect(results[3]).toMatchObject({ message: expect.stringContaining('Ask legal first') })
  })

  it('says whose permission is missing where the flag cannot be written', async () => {
    const { state, context } = await anOrg()
    state.setAccess('Contact', 'HasOptedOutOfEmail', { editable: false })
    const id = contact(state)
    const [result] = await writeConsents(context(contacts), [change(id)])
    expect(result).toMatchObject({
      ok: false,
      code: 'property_missing',
      message: expect.stringMatching(/"Email Opt Out".*Holdfast Integration/),
    })
  })

  it('goes round once: what it wrote reads back as what was said', async () => {
    const { state, context } = await anOrg()
    const id = contact(state)
    await writeConsents(context(contacts), [change(id)])
    expect((await consentOf(context(contacts), id)).email).toBe('refused')
    await writeConsents(context(contacts), [change(id, { status: 'granted', changedAt: new Date() })])
    expect((await consentOf(context(contacts), id)).email).toBe('granted')
  })

  it('asks nothing for what Salesforce cannot keep', async () => {
    const { sandbox, context } = await anOrg()
    sandbox.forgetRequests()
    const [result] = await writeConsents(context(contacts), [
      change('003000000000001AAA', { channel: 'sms' }),
    ])
    expect(result).toMatchObject({ ok: false, code: 'not_supported', retryable: false })
    expect(sandbox.requests()).toEqual([])
  })
})
