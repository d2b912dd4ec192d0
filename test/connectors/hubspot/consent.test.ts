import { describe, expect, it, onTestFinished } from 'vitest'
import type { ConsentChange } from '../../../connectors/connector.ts'
import {
  consentsOf,
  optOutProperties,
  writeConsents,
  type ContactOfConsent,
} from '../../../connectors/hubspot/consent.ts'
import { defineSubscription } from '../../../connectors/hubspot/sandbox/subscription-statuses.ts'
import { proposeSubscription, type SubscriptionType } from '../../../connectors/hubspot/subscription-types.ts'
import type { Reply } from '../../support/answering.ts'
import { clientOf } from './answering.ts'
import { openPortal } from './writing.ts'

interface Status {
  readonly status: string
  readonly timestamp: string
}

/** A portal that keeps statuses of subscription 87 by address, as HubSpot's OpenAPI file has them. */
async function preferences(
  kept: Record<string, Status>,
  refuse: (inputs: unknown[]) => Reply | null = () => null,
) {
  const writes: Record<string, unknown>[][] = []
  const opened = await clientOf(({ url, body }) => {
    const { inputs } = JSON.parse(body) as { inputs: never[] }
    const times = {
      startedAt: '2026-11-21T12:00:00Z',
      completedAt: '2026-11-21T12:00:00Z',
      status: 'COMPLETE',
    }
    if (url.includes('/statuses/batch/read')) {
      const results = (inputs as string[]).map((address) => ({
        subscriberIdString: address,
        statuses: [
          {
            channel: 'EMAIL',
            source: 'x',
            subscriberIdString: address,
            subscriptionId: 12,
            status: 'SUBSCRIBED',
            timestamp: '2020-01-01T00:00:00Z',
          },
          ...(kept[address]
            ? [
                {
                  channel: 'EMAIL',
                  source: 'x',
                  subscriberIdString: address,
                  subscriptionId: 87,
                  ...kept[address],
                },
              ]
            : []),
        ],
      }))
      return { body: { ...times, results } }
    }
    writes.push(inputs)
    const refused = refuse(inputs)
    if (refused !== null) return refused
    return {
      body: {
        ...times,
        results: (inputs as { subscriberIdString: string }[]).map((one) => ({
          ...one,
          status: 'SUBSCRIBED',
        })),
      },
    }
  })
  onTestFinished(() => opened.server.close())
  return { ...opened, writes }
}

const place = { subscription: '87' }

function contact(id: string, email: string | null, properties: ContactOfConsent['properties'] = {}) {
  return { id, email, properties }
}

describe('reading consent', () => {
  it('takes a no from the preferences or from either opt-out, and a yes from the preferences alone', async () => {
    const { client } = await preferences({
      'yes@a.example': { status: 'SUBSCRIBED', timestamp: '2026-03-01T10:00:00Z' },
      'no@a.example': { status: 'UNSUBSCRIBED', timestamp: '2026-04-01T10:00:00Z' },
      'open@a.example': { status: 'NOT_SPECIFIED', timestamp: '2026-05-01T10:00:00Z' },
    })
    const found = await consentsOf(client, place, [
      contact('1', ' Yes@A.example'),
      contact('2', 'no@a.example'),
      contact('3', 'open@a.example'),
      contact('4', 'nobody@a.example'),
      contact('5', 'yes@a.example', { hs_email_optout: true }),
      contact('6', 'yes@a.example', { hs_email_optout_87: 'true', hs_email_optout: 'false' }),
      contact('7', 'yes@a.example', { hs_email_optout_12: 'true' }),
      contact('8', null),
      contact('9', null, { hs_email_optout: true }),
    ])
    const seen = [...found].map(([id, { email, changedAt }]) => [id, email, changedAt?.toISOString() ?? null])
    expect(seen).toEqual([
      ['1', 'granted', '2026-03-01T10:00:00.000Z'],
      ['2', 'refused', '2026-04-01T10:00:00.000Z'],
      ['3', 'unknown', null],
      ['4', 'unknown', null],
      ['5', 'refused', null],
      ['6', 'refused', null],
      ['7', 'granted', '2026-03-01T10:00:00.000Z'],
      ['8', 'unknown', null],
      ['9', 'refused', null],
    ])
    expect(found.get('1')).toMatchObject({ sms: 'unknown', call: 'unknown' })
  })

  it('asks for a hundred addresses at a time, each once, and for none without a subscription type', async () => {
    const { client, server } = await preferences({})
    const contacts = Array.from({ length: 240 }, (_, i) => contact(`${i}`, `c${i % 120}@a.example`))
    await consentsOf(client, place, contacts)
    expect(server.requests.map(({ url, body }) => [url, JSON.parse(body).inputs.length])).toEqual([
      ['/communication-preferences/2026-09/statuses/batch/read?channel=EMAIL', 100],
      ['/communication-preferences/2026-09/statuses/batch/read?channel=EMAIL', 20],
    ])
    const without = await consentsOf(client, { subscription: null }, [
      contact('1', 'a@a.example'),
      contact('2', 'b@a.example', { hs_email_optout: true }),
    ])
    expect([...without.values()].map(({ email }) => email)).toEqual(['unknown', 'refused'])
    expect(server.requests).toHaveLength(2)
    expect(optOutProperties(null)).toEqual(['hs_email_optout'])
  })

  it('counts nobody as having agreed where the scope is missing, and goes on', async () => {
    const opened = await clientOf(() => ({
      status: 403,
      body: { category: 'MISSING_SCOPES', message: 'no' },
    }))
    onTestFinished(() => opened.server.close())
    const found = await consentsOf(opened.client, place, [
      contact('1', 'a@a.example'),
      contact('2', 'b@a.example', { hs_email_optout: true }),
    ])
    expect([...found.values()].map(({ email }) => email)).toEqual(['unknown', 'refused'])
  })
})

function change(differs: Partial<ConsentChange> = {}): ConsentChange {
  return {
    recipientId: '1',
    email: 'ann@a.example',
    channel: 'email',
    status: 'refused',
    changedAt: new Date('2026-11-20T10:00:00Z'),
    ...differs,
  }
}

describe('writing consent', () => {
  it('unsubscribes from our subscription type with a legal basis', async () => {
    const { client, writes } = await preferences({
      'ann@a.example': { status: 'SUBSCRIBED', timestamp: '2026-03-01T10:00:00Z' },
    })
    expect(await writeConsents(client, place, [change()])).toEqual([{ id: '1', ok: true }])
    expect(writes).toEqual([
      [
        {
          channel: 'EMAIL',
          subscriberIdString: 'ann@a.example',
          subscriptionId: 87,
          statusState: 'UNSUBSCRIBED',
          legalBasis: 'CONSENT_WITH_NOTICE',
          legalBasisExplanation: 'Unsubscribed from e-mails sent with Holdfast, 2026-11-20T10:00:00.000Z.',
        },
      ],
    ])
  })

  it('lets the newest win: of ours for one address, and of HubSpot where it changed later', async () => {
    const { client, writes } = await preferences({
      'ben@a.example': { status: 'UNSUBSCRIBED', timestamp: '2026-11-20T12:00:00Z' },
      'cem@a.example': { status: 'SUBSCRIBED', timestamp: '2026-11-20T12:00:00Z' },
      'dan@a.example': { status: 'UNSUBSCRIBED', timestamp: '2026-11-20T08:00:00Z' },
      'eva@a.example': { status: 'UNSUBSCRIBED', timestamp: '2026-11-20T08:00:00Z' },
    })
    const results = await writeConsents(client, place, [
      change({ recipientId: 'ann', status: 'granted', changedAt: new Date('2026-11-19T00:00:00Z') }),
      change({ recipientId: 'ann2', email: 'ANN@a.example' }),
      change({ recipientId: 'ann3', status: 'granted', changedAt: new Date('2026-11-18T00:00:00Z') }),
      change({ recipientId: 'ben', email: 'ben@a.example', status: 'granted' }),
      change({ recipientId: 'cem', email: 'cem@a.example' }),
      change({ recipientId: 'dan', email: 'dan@a.example', status: 'granted' }),
      change({ recipientId: 'eva', email: 'eva@a.example' }),
    ])
    expect(
      writes.flat().map(({ subscriberIdString, statusState }) => [subscriberIdString, statusState]),
    ).toEqual([
      ['ANN@a.example', 'UNSUBSCRIBED'],
      ['dan@a.example', 'SUBSCRIBED'],
    ])
    expect(results.map((one) => [one.id, one.ok || one.message])).toEqual([
      ['ann', true],
      ['ann2', true],
      ['ann3', true],
      [
        'ben',
        "Contact ben unsubscribed in HubSpot on 2026-11-20T12:00:00.000Z, after the change in Holdfast on 2026-11-20T10:00:00.000Z. HubSpot's stands; the next sync takes it over.",
      ],
      [
        'cem',
        "Contact cem subscribed in HubSpot on 2026-11-20T12:00:00.000Z, after the change in Holdfast on 2026-11-20T10:00:00.000Z. HubSpot's stands; the next sync takes it over.",
      ],
      ['dan', true],
      ['eva', true],
    ])
  })

  it('says why a consent cannot be kept in HubSpot', async () => {
    const { client, server } = await preferences({})
    const changes = [change({ channel: 'sms' }), change({ email: null })]
    const refused = await writeConsents(client, place, changes)
    const [none] = await writeConsents(client, { subscription: null }, [change()])
    expect([...refused, none].map((one) => (one.ok ? '' : [one.code, one.message, one.retryable]))).toEqual([
      ['not_supported', 'HubSpot keeps consent for e-mail alone; the one for SMS stays in Holdfast.', false],
      [
        'no_address',
        'Contact 1 has no e-mail address in HubSpot, and its consent is kept by address there. The one in Holdfast holds.',
        false,
      ],
      [
        'no_subscription',
        'HubSpot keeps consent by subscription type, and none is chosen for the e-mails of Holdfast. Connect the account again with --subscription and the id of one; until then the consent in Holdfast holds.',
        false,
      ],
    ])
    expect(server.requests).toEqual([])
  })

  it('finds the address at fault in a batch that is refused', async () => {
    const { client } = await preferences({}, (inputs) =>
      JSON.stringify(inputs).includes('bad@')
        ? {
            status: 400,
            body: { category: 'VALIDATION_ERROR', message: 'bad@ is not a valid email address' },
          }
        : null,
    )
    const results = await writeConsents(
      client,
      place,
      ['a@a.example', 'bad@', 'c@a.example'].map((email) => change({ recipientId: email, email })),
    )
    expect(results).toEqual([
      { id: 'a@a.example', ok: true },
      {
        id: 'bad@',
        ok: false,
        code: 'refused',
        message: 'HubSpot refused to write the consent of contact bad@: bad@ is not a valid email address.',
        retryable: false,
      },
      { id: 'c@a.example', ok: true },
    ])
  })
})

describe('a portal that keeps preferences', () => {
  it('is read after what was written to it, both ways', async () => {
    const { client, sandbox } = await openPortal()
    defineSubscription(sandbox.state, {
      id: 87,
      name: 'Customer news',
      description: '',
      purpose: 'Marketing',
    })
    const id = sandbox.state.createRecord('contacts', { email: 'ann@a.example' })
    const consent = async (): Promise<unknown> => {
      const properties = sandbox.state.record('contacts', id)!.properties
      return (await consentsOf(client, place, [contact(id, 'ann@a.example', properties)])).get(id)
    }
    expect(await consent()).toMatchObject({ email: 'unknown', changedAt: null })
    const soon = new Date(Date.now() + 60_000)
    const yes = change({ recipientId: id, status: 'granted', changedAt: soon })
    expect(await writeConsents(client, place, [yes])).toEqual([{ id, ok: true }])
    expect(await consent()).toMatchObject({ email: 'granted', changedAt: expect.any(Date) })
    expect(await writeConsents(client, place, [{ ...yes, status: 'refused' }])).toEqual([{ id, ok: true }])
    expect(await consent()).toMatchObject({ email: 'refused', changedAt: expect.any(Date) })
    expect(sandbox.state.value('contacts', id, 'hs_email_optout_87')).toBe('true')
  })
})

describe('an account that may not ask for many addresses at a time', () => {
  it('is asked and told address by address, and for many never again', async () => {
    const { client, sandbox, calls } = await openPortal({
      scopes: [
        'communication_preferences.read',
        'communication_preferences.write',
        'crm.objects.contacts.read',
      ],
    })
    defineSubscription(sandbox.state, { id: 87, name: 'News', description: '', purpose: 'Marketing' })
    const some = ['ann@a.example', 'bo+x@a.example'].map((email) =>
      contact(sandbox.state.createRecord('contacts', { email }), email),
    )
    const said = async (): Promise<unknown> =>
      [...(await consentsOf(client, place, some)).values()].map(({ email }) => email)
    const soon = new Date(Date.now() + 60_000)
    const changes = some.map(({ id, email }, at) =>
      change({ recipientId: id, email, status: at === 0 ? 'granted' : 'refused', changedAt: soon }),
    )
    expect(await writeConsents(client, place, changes)).toEqual(some.map(({ id }) => ({ id, ok: true })))
    expect(calls().filter((call) => call.includes('/batch/'))).toEqual([
      expect.stringMatching(/^POST .*\/batch\/read 403$/),
      expect.stringMatching(/^POST .*\/batch\/write 403$/),
    ])
    expect(await said()).toEqual(['granted', 'refused'])
    const later = calls()
    expect(later).toHaveLength(2)
    expect(later.every((call) => /^GET .*\/statuses\/[^/]+ 200$/.test(call))).toBe(true)
  })

  it('says which of them HubSpot refused', async () => {
    const { client, sandbox } = await openPortal({
      scopes: ['communication_preferences.read', 'communication_preferences.write'],
    })
    defineSubscription(sandbox.state, { id: 88, name: 'News', description: '', purpose: 'Marketing' })
    expect(await writeConsents(client, place, [change()])).toMatchObject([{ id: '1', ok: false }])
  })
})

describe('the subscription type that is proposed', () => {
  const type = (id: string, name: string, differs: Partial<SubscriptionType> = {}): SubscriptionType => ({
    id,
    name,
    description: '',
    purpose: null,
    isActive: true,
    isInternal: false,
    ...differs,
  })

  it('is about the agreement rather than about news, active and not of one person to another', () => {
    const types = [
      type('1', 'One to One', { purpose: 'Sales' }),
      type('2', 'Marketing Information'),
      type('3', 'Renewals', { isActive: false }),
      type('4', 'Customer Service Communication'),
      type('5', 'Product account', { isInternal: true }),
    ]
    expect(proposeSubscription(types)?.id).toBe('4')
    expect(proposeSubscription(types.slice(0, 3))?.id).toBe('2')
    expect(proposeSubscription(types.slice(0, 1))).toBeNull()
  })
})
