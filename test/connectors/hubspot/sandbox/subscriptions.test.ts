import { describe, expect, it } from 'vitest'
import { defineSubscription } from '../../../../connectors/hubspot/sandbox/subscription-statuses.ts'
import { API_VERSION as V } from '../../../../connectors/hubspot/version.ts'
import type { Call, Refusal } from './calling.ts'
import { openSandbox, type Opened } from './opened.ts'
import { openJudge, specsAbsent } from './specs.ts'

const BASE = `/communication-preferences/${V}`
const SERVICE = 502
const MARKETING = 501
const ADA = 'ada@example.com'
const basis = { legalBasis: 'CONSENT_WITH_NOTICE', legalBasisExplanation: 'Ticked a box' }

interface Status {
  readonly subscriptionId: number
  readonly subscriberIdString: string
  readonly status: string
  readonly source: string
  readonly timestamp: string
  readonly setStatusSuccessReason?: string
}
interface Results<T = Status> {
  readonly status: string
  readonly results: readonly T[]
  readonly numErrors?: number
  readonly errors?: readonly { message: string; context: Record<string, string[]> }[]
}

async function preferences(): Promise<Opened & { contact: string; asStated: () => Promise<string[]> }> {
  const opened = await openSandbox()
  const { state } = opened.sandbox
  defineSubscription(state, { id: MARKETING, name: 'Marketing', description: 'Offers', purpose: 'Marketing' })
  defineSubscription(state, { id: SERVICE, name: 'Service', description: 'Yours', purpose: 'Service' })
  const contact = state.createRecord('contacts', { email: ADA })
  opened.pass(60)
  const asStated = async (): Promise<string[]> =>
    (await opened.call<Results>('GET', `${BASE}/statuses/${ADA}?channel=EMAIL`)).body.results.map(
      ({ status }) => status,
    )
  return { ...opened, contact, asStated }
}

const set = (call: Call, statusState: string, more: object = {}) =>
  call<Results & Refusal>('POST', `${BASE}/statuses/${ADA}`, {
    channel: 'EMAIL',
    subscriptionId: SERVICE,
    statusState,
    ...more,
  })

describe('preferences in the sandbox', () => {
  it('list what the portal sends', async () => {
    const { call } = await preferences()
    const { body } = await call<Results<{ id: string; name: string }>>('GET', `${BASE}/definitions`)
    expect(body.results.map(({ id, name }) => [id, name])).toEqual([
      ['501', 'Marketing'],
      ['502', 'Service'],
    ])
  })

  it('know nothing of an address until it says something, by whatever case it is written', async () => {
    const { call, asStated } = await preferences()
    expect(await asStated()).toEqual(['NOT_SPECIFIED', 'NOT_SPECIFIED'])
    await set(call, 'SUBSCRIBED', basis)
    expect(await asStated()).toEqual(['NOT_SPECIFIED', 'SUBSCRIBED'])
    const loud = await call<Results>('GET', `${BASE}/statuses/ADA@Example.com?channel=EMAIL`)
    expect(loud.body.results[1]).toMatchObject({ status: 'SUBSCRIBED', subscriberIdString: ADA })
  })

  it('say whether a change was one, and let whoever opted out agree again', async () => {
    const { call } = await preferences()
    const reasons: unknown[] = []
    for (const [status, more] of [
      ['UNSUBSCRIBED', {}],
      ['UNSUBSCRIBED', {}],
      ['SUBSCRIBED', basis],
    ] as const) {
      reasons.push((await set(call, status, more)).body.results[0].setStatusSuccessReason)
    }
    expect(reasons).toEqual(['REQUESTED_CHANGE_OCCURRED', 'NO_STATUS_CHANGE', 'RESUBSCRIBE_OCCURRED'])
  })

  it('stand on the contact too, with its time of change, by whom it was', async () => {
    const { call, sandbox, contact, pass } = await preferences()
    const { state } = sandbox
    await set(call, 'UNSUBSCRIBED')
    const first = state.record('contacts', contact)!
    expect(first.properties).toMatchObject({ hs_email_optout: 'false', hs_email_optout_502: 'true' })
    expect(first.updatedAt).toEqual(state.now())
    expect(state.history('contacts', contact, 'hs_email_optout_502')[0].source.sourceType).toBe('INTEGRATION')
    pass(5)
    await set(call, 'UNSUBSCRIBED')
    // Nothing changed: the contact is as old as before.
    expect(state.record('contacts', contact)!.updatedAt).toEqual(first.updatedAt)
    await call('POST', `${BASE}/statuses/${ADA}/unsubscribe-all?channel=EMAIL`)
    expect(state.record('contacts', contact)).toMatchObject({
      properties: { hs_email_optout: 'true' },
      updatedAt: state.now(),
    })
  })

  it('ask for a legal basis before anybody is subscribed', async () => {
    const { call, asStated } = await preferences()
    for (const more of [{}, { legalBasis: 'CONSENT_WITH_NOTICE' }]) {
      const refused = await set(call, 'SUBSCRIBED', more)
      expect(refused).toMatchObject({ status: 400, body: { category: 'VALIDATION_ERROR' } })
      expect(refused.body.message).toContain('legal basis')
    }
    expect(await asStated()).toEqual(['NOT_SPECIFIED', 'NOT_SPECIFIED'])
  })

  it('refuse what is no address, no channel, no status and no subscription of the portal', async () => {
    const { call } = await preferences()
    const answers = [
      await call('GET', `${BASE}/statuses/${ADA}`),
      await call('GET', `${BASE}/statuses/${ADA}?channel=SMS`),
      await call('GET', `${BASE}/statuses/ada?channel=EMAIL`),
      await set(call, 'UNSUBSCRIBED', { subscriptionId: 7 }),
      await set(call, 'MAYBE'),
      await set(call, 'UNSUBSCRIBED', { channel: 'SMS' }),
    ]
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400, 400])
  })

  it('lift the opt-out of everything when somebody subscribes to one thing', async () => {
    const { call, asStated } = await preferences()
    const wide = async () =>
      (await call<Results<object>>('GET', `${BASE}/statuses/${ADA}/unsubscribe-all?channel=EMAIL`)).body
        .results
    expect(await wide()).toEqual([])
    await set(call, 'SUBSCRIBED', basis)
    const all = await call<Results>(
      'POST',
      `${BASE}/statuses/${ADA}/unsubscribe-all?channel=EMAIL&verbose=true`,
    )
    expect(all.body.results.map(({ setStatusSuccessReason }) => setStatusSuccessReason)).toEqual([
      'UNSUBSCRIBE_FROM_ALL_OCCURRED',
      'UNSUBSCRIBE_FROM_ALL_OCCURRED',
    ])
    expect(await asStated()).toEqual(['UNSUBSCRIBED', 'UNSUBSCRIBED'])
    expect(await wide()).toMatchObject([{ wideStatusType: 'PORTAL_WIDE', status: 'UNSUBSCRIBED' }])
    await set(call, 'SUBSCRIBED', basis)
    expect(await asStated()).toEqual(['NOT_SPECIFIED', 'SUBSCRIBED'])
    expect(await wide()).toEqual([])
  })

  it('answer a batch each for itself', async () => {
    const { call, asStated } = await preferences()
    const input = (subscriberIdString: string, statusState: string, more: object = {}) => ({
      channel: 'EMAIL',
      subscriptionId: SERVICE,
      subscriberIdString,
      statusState,
      ...more,
    })
    const written = await call<Results>('POST', `${BASE}/statuses/batch/write`, {
      inputs: [
        input(ADA, 'UNSUBSCRIBED'),
        input('nobody', 'UNSUBSCRIBED'),
        input('eve@example.com', 'SUBSCRIBED'),
      ],
    })
    expect(written.status).toBe(200)
    expect(written.body.results).toMatchObject([{ subscriberIdString: ADA, status: 'UNSUBSCRIBED' }])
    expect(written.body).toMatchObject({
      numErrors: 2,
      errors: [
        { context: { subscriberIdString: ['nobody'] } },
        { context: { subscriberIdString: ['eve@example.com'] } },
      ],
    })
    expect(await asStated()).toEqual(['NOT_SPECIFIED', 'UNSUBSCRIBED'])
    const inputs = { inputs: [ADA, 'nobody', 'bob@example.org'] }
    const read = await call<Results<{ subscriberIdString: string; statuses: Status[] }>>(
      'POST',
      `${BASE}/statuses/batch/read?channel=EMAIL`,
      inputs,
    )
    expect(
      read.body.results.map(({ subscriberIdString: who, statuses }) => [who, statuses[1].status]),
    ).toEqual([
      [ADA, 'UNSUBSCRIBED'],
      ['bob@example.org', 'NOT_SPECIFIED'],
    ])
    expect(read.body.numErrors).toBe(1)
    await call('POST', `${BASE}/statuses/batch/unsubscribe-all?channel=EMAIL`, {
      inputs: ['bob@example.org'],
    })
    const wide = await call<Results<{ wideStatuses: object[] }>>(
      'POST',
      `${BASE}/statuses/batch/unsubscribe-all/read?channel=EMAIL`,
      { inputs: [ADA, 'bob@example.org'] },
    )
    expect(wide.body.results.map(({ wideStatuses }) => wideStatuses.length)).toEqual([0, 1])
    const many = { inputs: Array.from({ length: 101 }, (_, i) => `c${i}@example.com`) }
    expect((await call('POST', `${BASE}/statuses/batch/read?channel=EMAIL`, many)).status).toBe(400)
  })

  it('keep the older endpoints’ rules: nobody is unsubscribed twice, and only resubscribing undoes it', async () => {
    const { call, asStated } = await preferences()
    const ask = (verb: string) =>
      call<Refusal>('POST', `${BASE}/${verb}`, {
        emailAddress: ADA,
        subscriptionId: String(SERVICE),
        ...basis,
      })
    expect((await ask('subscribe')).body).toMatchObject({ id: '502', status: 'SUBSCRIBED' })
    expect((await ask('subscribe')).body.message).toContain('already subscribed')
    expect((await ask('unsubscribe')).body).toMatchObject({ status: 'NOT_SUBSCRIBED' })
    expect((await ask('unsubscribe')).body.message).toContain('already unsubscribed')
    expect(await ask('subscribe')).toMatchObject({ status: 400, body: { category: 'VALIDATION_ERROR' } })
    expect(await asStated()).toEqual(['NOT_SPECIFIED', 'UNSUBSCRIBED'])
    expect((await ask('resubscribe')).body).toMatchObject({ status: 'SUBSCRIBED' })
    const shown = await call<{ subscriptionStatuses: object[] }>('GET', `${BASE}/status/email/${ADA}`)
    expect(shown.body.subscriptionStatuses[1]).toMatchObject({
      status: 'SUBSCRIBED',
      sourceOfStatus: 'SUBSCRIPTION_STATUS',
    })
  })

  it('belong to the address: a contact that comes later has been told already', async () => {
    const { call, sandbox } = await preferences()
    await call('POST', `${BASE}/statuses/new@example.com`, {
      channel: 'EMAIL',
      subscriptionId: SERVICE,
      statusState: 'UNSUBSCRIBED',
    })
    const late = sandbox.state.createRecord('contacts', { email: 'new@example.com' })
    expect(sandbox.state.value('contacts', late, 'hs_email_optout_502')).toBe('true')
    const read = await call<Results>('GET', `${BASE}/statuses/new@example.com?channel=EMAIL`)
    expect(read.body.results[1].status).toBe('UNSUBSCRIBED')
  })

  it('can only be read and changed by who may', async () => {
    const { sandbox, call, use } = await preferences()
    use(sandbox.authorize(['communication_preferences.read']).accessToken)
    expect((await call('GET', `${BASE}/definitions`)).status).toBe(200)
    expect((await set(call, 'UNSUBSCRIBED')).status).toBe(403)
    const batch = await call('POST', `${BASE}/statuses/batch/read?channel=EMAIL`, { inputs: [ADA] })
    expect(batch.status).toBe(403)
  })

  it.skipIf(specsAbsent)(
    `answer as HubSpot’s OpenAPI file says${specsAbsent ? ` (${specsAbsent})` : ''}`,
    async () => {
      const { sandbox, call } = await preferences()
      const judge = openJudge()
      const faults: string[] = []
      let judged = 0
      sandbox.onExchange((exchange) => {
        const one = { ...exchange, contentType: String(exchange.headers['content-type'] ?? '') }
        judged++
        expect(judge.operation(one.method, one.url), one.url).not.toBeNull()
        faults.push(...judge.answer(one), ...(one.status < 300 ? judge.request(one) : []))
      })
      const address = { emailAddress: ADA, subscriptionId: String(SERVICE), ...basis }
      const write = { channel: 'EMAIL', subscriptionId: SERVICE, statusState: 'SUBSCRIBED', ...basis }
      await call('GET', `${BASE}/definitions`)
      for (const verb of ['subscribe', 'unsubscribe', 'unsubscribe', 'resubscribe'])
        await call('POST', `${BASE}/${verb}`, address)
      await call('POST', `${BASE}/statuses/${ADA}`, write)
      await call('GET', `${BASE}/statuses/${ADA}?channel=EMAIL`)
      await call('GET', `${BASE}/status/email/${ADA}`)
      await call('POST', `${BASE}/statuses/batch/write`, {
        inputs: [
          { ...write, subscriberIdString: ADA },
          { ...write, subscriberIdString: 'nobody' },
        ],
      })
      await call('POST', `${BASE}/statuses/batch/read?channel=EMAIL`, { inputs: [ADA, 'nobody'] })
      for (const verbose of [false, true]) {
        await call('POST', `${BASE}/statuses/${ADA}/unsubscribe-all?channel=EMAIL&verbose=${verbose}`)
        await call('POST', `${BASE}/statuses/batch/unsubscribe-all?channel=EMAIL&verbose=${verbose}`, {
          inputs: [ADA],
        })
      }
      await call('GET', `${BASE}/statuses/${ADA}/unsubscribe-all?channel=EMAIL`)
      await call('POST', `${BASE}/statuses/batch/unsubscribe-all/read?channel=EMAIL`, { inputs: [ADA] })
      expect(judged).toBe(16)
      expect(faults).toEqual([])
    },
  )
})
