import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { status, type ServiceError } from '@grpc/grpc-js'
import { fromJSON, loadSync, type PackageDefinition } from '@grpc/proto-loader'
import { afterEach, describe, expect, it } from 'vitest'
import { openEventChannel, type EventChannel } from '../../../../connectors/salesforce/events/channel.ts'
import { fieldsInBitmaps } from '../../../../connectors/salesforce/events/decode.ts'
import { eventSchema } from '../../../../connectors/salesforce/events/schema.ts'
import {
  PUBSUB_DEFINITION,
  PUBSUB_OPTIONS,
  type FetchRequest,
  type FetchResponse,
} from '../../../../connectors/salesforce/events/service.ts'
import {
  changeEventSchema,
  type ChangeHeader,
} from '../../../../connectors/salesforce/sandbox/event-schemas.ts'
import { eventOrg, type EventOrg } from '../event-org.ts'

const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close()
})

const ACCOUNTS = '/data/AccountChangeEvent'

async function started(
  options: Parameters<typeof eventOrg>[0] = {},
): Promise<EventOrg & { channel: EventChannel }> {
  const org = await eventOrg(options)
  open.push(org)
  const channel = openEventChannel(org.org, org.pubsub.address)
  open.push(channel)
  // Not spread: the service is another one after a restart.
  return Object.assign(org, { channel })
}

/** A subscription as a client of any make has it. */
function subscribed(channel: EventChannel, org: EventOrg, first: FetchRequest) {
  const call = channel.subscribe(org.session())
  const answers: FetchResponse[] = []
  let failure: ServiceError | null = null
  call.on('data', (answer: FetchResponse) => answers.push(answer))
  call.on('error', (error: ServiceError) => {
    failure = error
  })
  call.write({ topic_name: ACCOUNTS, ...first })
  open.push({ close: () => call.cancel() })
  return {
    answers,
    events: () => answers.flatMap(({ events }) => events),
    ask: (count: number, topic = '') => call.write({ topic_name: topic, num_requested: count }),
    failed: () => arrived(() => failure),
  }
}

/** Waits for something that is there, at most two seconds. */
async function arrived<T>(look: () => T | null | undefined | false): Promise<T> {
  for (let tries = 0; tries < 400; tries++) {
    const seen = look()
    if (seen) return seen
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error('It did not come.')
}

describe('the service', () => {
  const proto = fileURLToPath(
    new URL('../../../../../shared/specs/salesforce/pubsub_api.proto', import.meta.url),
  )
  it.skipIf(!existsSync(proto))('is defined as in the .proto file of Salesforce (skipped without it)', () => {
    const ours = fromJSON(PUBSUB_DEFINITION as unknown as Parameters<typeof fromJSON>[0], PUBSUB_OPTIONS)
    expect(shapeOf(ours)).toEqual(shapeOf(loadSync(proto, PUBSUB_OPTIONS)))
  })
})

function shapeOf(definition: PackageDefinition): unknown {
  return JSON.parse(
    JSON.stringify(definition, (key, value: unknown) =>
      // The descriptors of the whole file come with each of its messages; JSON names are derived from the names.
      key === 'fileDescriptorProtos' || key === 'jsonName' ? undefined : value,
    ),
  )
}

describe('who may ask', () => {
  it.each([
    ['access token', { accessToken: 'made up' }],
    ['instance', { instanceUrl: 'https://other.my.salesforce.com' }],
  ])('refuses a wrong %s with UNAUTHENTICATED and the code in the trailers', async (_name, wrong) => {
    const { channel, session } = await started()
    const error = await channel.topic({ ...session(), ...wrong }, ACCOUNTS).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: status.UNAUTHENTICATED })
    expect((error as ServiceError).metadata.get('error-code')).toEqual([
      'sfdc.platform.eventbus.grpc.service.auth.error',
    ])
  })

  it('refuses another tenant', async () => {
    const { pubsub, session } = await started()
    const other = openEventChannel('00D000000000001AAA', pubsub.address)
    open.push(other)
    await expect(other.topic(session(), ACCOUNTS)).rejects.toMatchObject({ code: status.UNAUTHENTICATED })
  })

  it('does not know topics that are not there, and denies those of objects that the user may not read', async () => {
    const { channel, session, state } = await started()
    await expect(channel.topic(session(), '/data/NoneChangeEvent')).rejects.toMatchObject({
      code: status.NOT_FOUND,
    })
    state.setObjectAccess('Contact', { read: false })
    await expect(channel.topic(session(), '/data/ContactChangeEvent')).rejects.toMatchObject({
      code: status.PERMISSION_DENIED,
    })
    await expect(channel.topic(session(), ACCOUNTS)).resolves.toMatchObject({ can_subscribe: true })
  })

  it('ends a subscription whose session has ended', async () => {
    const org = await started()
    const subscription = subscribed(org.channel, org, { num_requested: 10 })
    await arrived(() => org.pubsub.subscriptions().length === 1)
    org.endSession()
    org.pubsub.keepalive()
    expect(await subscription.failed()).toMatchObject({ code: status.UNAUTHENTICATED })
  })
})

describe('events', () => {
  it('say what changed, with the schema that GetSchema gives', async () => {
    const org = await started()
    const id = org.state.createRecord('Account', { Name: 'Acme', BillingCity: 'Graz' })
    await Promise.resolve()
    const subscription = subscribed(org.channel, org, { replay_preset: 'EARLIEST', num_requested: 10 })
    org.state.updateRecord('Account', id, { BillingCity: 'Wien', Phone: null, NumberOfEmployees: 12 }, org.us)
    const [created, updated] = await arrived(
      () => subscription.events().length === 2 && subscription.events(),
    )
    const schema = eventSchema(
      (await org.channel.schema(org.session(), created.event!.schema_id)).schema_json,
    )
    expect(schema.decode(created.event!.payload).value).toMatchObject({
      ChangeEventHeader: { entityName: 'Account', recordIds: [id], changeType: 'CREATE', changeOrigin: '' },
      Name: 'Acme',
      BillingAddress: { City: 'Graz', Street: null },
    })
    expect(schema.decode(updated.event!.payload).value).toMatchObject({
      ChangeEventHeader: {
        changeType: 'UPDATE',
        changeOrigin: 'com/salesforce/api/rest/67.0;client=Holdfast',
        commitUser: org.us.userId,
      },
      Name: null,
      NumberOfEmployees: 12,
      BillingAddress: { City: 'Wien' },
    })
  })

  it('name companies by a text and persons by their parts, where an org has person accounts', async () => {
    const org = await started({ personAccounts: true })
    const person = org.state.createRecord('RecordType', {
      SobjectType: 'Account',
      Name: 'Person Account',
      DeveloperName: 'PersonAccount',
      IsPersonType: true,
    })
    const subscription = subscribed(org.channel, org, { num_requested: 10 })
    await arrived(() => org.pubsub.subscriptions().length === 1)
    const id = org.state.createRecord('Account', { Name: 'Acme' })
    org.state.createRecord('Account', { FirstName: 'Ada', LastName: 'Berger', RecordTypeId: person })
    org.state.updateRecord('Account', id, { Name: 'Acme Ltd' })
    const events = await arrived(() => subscription.events().length === 3 && subscription.events())
    const { schema_json } = await org.channel.schema(org.session(), events[0].event!.schema_id)
    const schema = eventSchema(schema_json)
    const decoded = events.map(({ event }) => schema.decode(event!.payload))
    expect(decoded.map(({ value }) => value.Name)).toMatchObject([
      'Acme',
      { FirstName: 'Ada', LastName: 'Berger' },
      'Acme Ltd',
    ])
    const { changedFields } = decoded[2].value.ChangeEventHeader as { changedFields: string[] }
    expect(fieldsInBitmaps(changedFields, decoded[2].fields)).toContain('Name')
  })

  it('come no further than was asked for, and go on when more is', async () => {
    const org = await started({ batch: 2 })
    const subscription = subscribed(org.channel, org, { num_requested: 3 })
    await arrived(() => org.pubsub.subscriptions().length === 1)
    for (let at = 0; at < 7; at++) org.state.createRecord('Account', { Name: `Company ${at}` })
    await arrived(() => subscription.events().length === 3)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(
      subscription.answers.map(({ events, pending_num_requested }) => [events.length, pending_num_requested]),
    ).toEqual([
      [2, 1],
      [1, 0],
    ])
    subscription.ask(10)
    await arrived(() => subscription.events().length === 7)
  })

  it('of one transaction with the same change to several records are one event', async () => {
    const org = await started()
    const ids = ['A', 'B', 'C'].map((Name) => org.state.createRecord('Account', { Name }))
    await Promise.resolve()
    const subscription = subscribed(org.channel, org, { num_requested: 10 })
    await arrived(() => org.pubsub.subscriptions().length === 1)
    org.state.transaction(() => {
      for (const [at, id] of ids.entries())
        org.state.updateRecord('Account', id, { Phone: at < 2 ? '1' : '2' })
    })
    const events = await arrived(() => subscription.events().length > 0 && subscription.events())
    const { schema_json } = await org.channel.schema(org.session(), events[0].event!.schema_id)
    const headers = events.map(
      ({ event }) =>
        eventSchema(schema_json).decode(event!.payload).value.ChangeEventHeader as Record<string, unknown>,
    )
    expect(headers.map(({ recordIds }) => recordIds)).toEqual([[ids[0], ids[1]], [ids[2]]])
    expect(headers[0].transactionKey).toBe(headers[1].transactionKey)
    expect(headers.map(({ sequenceNumber }) => sequenceNumber)).toEqual([1, 2])
  })

  it('are not sent of objects that are not selected, nor with fields that the user may not read', async () => {
    const org = await started({ selected: ['Account'] })
    org.state.setAccess('Account', 'Phone', { readable: false })
    const subscription = subscribed(org.channel, org, { num_requested: 10 })
    await arrived(() => org.pubsub.subscriptions().length === 1)
    org.state.createRecord('Contact', { LastName: 'Berger' })
    org.state.createRecord('Account', { Name: 'Acme', Phone: '1' })
    const [event] = await arrived(() => subscription.events().length === 1 && subscription.events())
    const { schema_json } = await org.channel.schema(org.session(), event.event!.schema_id)
    expect(eventSchema(schema_json).decode(event.event!.payload).value).toMatchObject({
      Name: 'Acme',
      Phone: null,
    })
  })

  it('are answered with a sign of life where there are none, with a replay id to go on from', async () => {
    const org = await started({ keepaliveMs: 20 })
    const quiet = subscribed(org.channel, org, { topic_name: '/data/ContactChangeEvent', num_requested: 10 })
    await arrived(() => org.pubsub.subscriptions().length === 1)
    org.state.createRecord('Account', { Name: 'Acme' })
    const [first] = await arrived(() => quiet.answers.length > 0 && quiet.answers)
    expect(first.events).toEqual([])
    const again = subscribed(org.channel, org, {
      replay_preset: 'CUSTOM',
      replay_id: first.latest_replay_id,
      num_requested: 10,
    })
    await arrived(() => again.answers.length > 0)
    expect(again.events()).toEqual([])
  })
})

it.each([false, true])(
  'every object has a schema that is Avro (person accounts: %s)',
  async (personAccounts) => {
    const { state } = await started({ personAccounts })
    for (const { name } of state.objects()) {
      const schema = changeEventSchema(name, state.fields(name))
      const header: ChangeHeader = {
        entityName: name,
        recordIds: [],
        changeType: 'CREATE',
        changeOrigin: '',
        transactionKey: '',
        sequenceNumber: 1,
        commitTimestamp: 0,
        commitNumber: 0,
        commitUser: '',
      }
      const { value } = eventSchema(schema.json).decode(schema.encode(header, {}, false))
      expect(value.ChangeEventHeader).toMatchObject({ entityName: name })
    }
  },
)

describe('replay', () => {
  it('goes on after the event that was named', async () => {
    const org = await started()
    for (const Name of ['A', 'B', 'C']) org.state.createRecord('Account', { Name })
    await Promise.resolve()
    const all = subscribed(org.channel, org, { replay_preset: 'EARLIEST', num_requested: 10 })
    const events = await arrived(() => all.events().length === 3 && all.events())
    const rest = subscribed(org.channel, org, {
      replay_preset: 'CUSTOM',
      replay_id: events[0].replay_id,
      num_requested: 10,
    })
    await arrived(() => rest.events().length === 2)
    expect(rest.events().map(({ replay_id }) => replay_id)).toEqual(
      events.slice(1).map(({ replay_id }) => replay_id),
    )
  })

  it.each([
    ['that is no longer kept', async (org: EventOrg, id: Buffer) => (org.passTime(73 * 3_600_000), id)],
    ['that was made up', async () => Buffer.from('nonsense')],
    ['of before the sandbox started anew', async (org: EventOrg, id: Buffer) => (await org.restart(), id)],
  ])('refuses a replay id %s with INVALID_ARGUMENT', async (_name, spoil) => {
    const org = await started()
    for (const Name of ['A', 'B']) org.state.createRecord('Account', { Name })
    await Promise.resolve()
    const all = subscribed(org.channel, org, { replay_preset: 'EARLIEST', num_requested: 10 })
    const [first] = await arrived(() => all.events().length === 2 && all.events())
    const replay_id = await spoil(org, first.replay_id)
    const channel = openEventChannel(org.org, org.pubsub.address)
    open.push(channel)
    const error = await subscribed(channel, org, {
      replay_preset: 'CUSTOM',
      replay_id,
      num_requested: 10,
    }).failed()
    expect(error.code).toBe(status.INVALID_ARGUMENT)
    expect(error.metadata.get('error-code')).toEqual([
      'sfdc.platform.eventbus.grpc.subscription.fetch.replayid.corrupted',
    ])
  })

  it('refuses a request for nothing, and another topic on the same stream', async () => {
    const org = await started()
    const none = subscribed(org.channel, org, { num_requested: 0 })
    expect((await none.failed()).code).toBe(status.INVALID_ARGUMENT)
    const other = subscribed(org.channel, org, { num_requested: 1 })
    other.ask(1, '/data/ContactChangeEvent')
    expect((await other.failed()).code).toBe(status.INVALID_ARGUMENT)
  })
})
