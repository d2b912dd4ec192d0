import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Duplex } from 'node:stream'
import { Metadata, status } from '@grpc/grpc-js'
import * as fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import type { ChangeHint, HintPage } from '../../../connectors/connector.ts'
import {
  openEventChannel,
  type EventChannel,
  type Subscription,
} from '../../../connectors/salesforce/events/channel.ts'
import { fieldsInBitmaps } from '../../../connectors/salesforce/events/decode.ts'
import { followChangeEvents, type EventOptions } from '../../../connectors/salesforce/events/follow.ts'
import {
  eventSchema,
  type EventSchema,
  type SchemaField,
} from '../../../connectors/salesforce/events/schema.ts'
import type { FetchResponse } from '../../../connectors/salesforce/events/service.ts'
import { followTopic, type Arrival } from '../../../connectors/salesforce/events/topic.ts'
import { changeEventSchema, type ChangeHeader } from '../../../connectors/salesforce/sandbox/event-schemas.ts'
import type { Value } from '../../../connectors/salesforce/sandbox/field.ts'
import { HoldfastError } from '../../../src/contracts/errors.ts'
import { eventOrg, type EventOrg } from './event-org.ts'

const opened: { close(): unknown }[] = []
afterEach(async () => {
  for (const one of opened.splice(0).toReversed()) await one.close()
})

async function org(options: Parameters<typeof eventOrg>[0] = {}): Promise<EventOrg> {
  const made = await eventOrg(options)
  opened.push(made)
  made.state.define('Account', 'Holdfast_Risk_Percent__c', { type: 'percent' })
  return made
}

const isOurs = (field: string): boolean => field.startsWith('Holdfast_')
const QUICK = { firstMs: 5, mostMs: 20, attempts: 4, silenceMs: 5_000, settleMs: 60 }

interface Followed {
  readonly pages: readonly HintPage[]
  readonly hints: () => ChangeHint[]
  readonly missed: () => string[]
  readonly stop: () => Promise<void>
  readonly failed: Promise<unknown>
}

function followed(
  { pubsub, session, org: id }: EventOrg,
  from: HintPage['position'] | null = null,
  options: Partial<EventOptions> & { each?: (page: HintPage) => unknown } = {},
): Followed {
  const pages: HintPage[] = []
  const ending = new AbortController()
  const subscribe = followChangeEvents({
    client: { org: id, session: async () => session() },
    isOurs,
    address: pubsub.address,
    patience: QUICK,
    random: () => 0.5,
    ...options,
  })
  const reading = (async () => {
    for await (const page of subscribe(from, ending.signal)) {
      pages.push(page)
      await options.each?.(page)
    }
  })()
  const failed = reading.then(
    () => null,
    (error: unknown) => error,
  )
  const stop = async (): Promise<void> => {
    ending.abort()
    await failed
  }
  opened.push({ close: stop })
  return {
    pages,
    hints: () => pages.flatMap(({ hints }) => hints),
    missed: () => pages.flatMap(({ missed }) => (missed === undefined ? [] : [missed])),
    stop,
    failed,
  }
}

async function until<T>(look: () => T | null | undefined | false): Promise<T> {
  for (let tries = 0; tries < 600; tries++) {
    const seen = look()
    if (seen) return seen
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error('It did not come.')
}

const listening = (made: EventOrg, topics = 4): Promise<unknown> =>
  until(() => made.pubsub.subscriptions().length === topics)

describe('hints', () => {
  it('tell of records that were made, changed, deleted and restored, of every object that is followed', async () => {
    const made = await org()
    const { hints } = followed(made)
    await listening(made)
    const account = made.state.createRecord('Account', { Name: 'Acme' })
    const contact = made.state.createRecord('Contact', { LastName: 'Berger', AccountId: account })
    made.state.updateRecord('Contact', contact, { Phone: '1' })
    made.state.deleteRecord('Contact', contact)
    made.state.undelete('Contact', contact)
    await until(() => hints().length >= 5)
    const told = hints().map(({ object, id, kind, own, origin }) => [object, id, kind, own, origin])
    expect(told).toHaveLength(5)
    expect(told).toEqual(
      expect.arrayContaining([
        ['Account', account, 'created', false, made.org],
        ['Contact', contact, 'created', false, made.org],
        ['Contact', contact, 'changed', false, made.org],
        ['Contact', contact, 'deleted', false, made.org],
        ['Contact', contact, 'restored', false, made.org],
      ]),
    )
    expect(new Set(hints().map(({ key }) => key)).size).toBe(5)
  })

  it('are one for each record of an event', async () => {
    const made = await org()
    const ids = ['A', 'B', 'C'].map((Name) => made.state.createRecord('Account', { Name }))
    await Promise.resolve()
    const { hints } = followed(made)
    await listening(made)
    made.state.transaction(() => {
      for (const id of ids) made.state.updateRecord('Account', id, { Phone: '1' })
    })
    await until(() => hints().length === 3)
    expect(hints().map(({ id }) => id)).toEqual(ids)
    expect(new Set(hints().map(({ key }) => key)).size).toBe(3)
  })

  it('are our own only where it was our client, and nothing but our fields changed', async () => {
    const made = await org()
    const id = made.state.createRecord('Account', { Name: 'Acme' })
    await Promise.resolve()
    const { hints } = followed(made)
    await listening(made)
    const somebody = { userId: made.us.userId, client: null }
    made.state.updateRecord('Account', id, { Holdfast_Risk_Percent__c: 71.5 }, made.us)
    made.state.updateRecord('Account', id, { Holdfast_Risk_Percent__c: 72 }, somebody)
    // A flow of the org in the same transaction.
    made.state.updateRecord('Account', id, { Holdfast_Risk_Percent__c: 73, Rating: 'Hot' }, made.us)
    made.state.updateRecord('Account', id, { BillingCity: 'Graz' }, made.us)
    await until(() => hints().length === 4)
    expect(hints().map(({ own }) => own)).toEqual([true, false, false, false])
  })
})

describe('what the events do not tell', () => {
  it('reads gap events as plain hints', async () => {
    const made = await org()
    const { hints, missed } = followed(made)
    await listening(made)
    made.pubsub.bus.gap(1)
    const id = made.state.createRecord('Account', { Name: 'Acme' }, made.us)
    await until(() => hints().length === 1)
    expect(hints()[0]).toMatchObject({ id, kind: 'created', own: false })
    expect(missed()).toEqual([])
  })

  it('says that more changed than was told after an overflow', async () => {
    const made = await org({ overflowAbove: 2 })
    const { hints, missed } = followed(made)
    await listening(made)
    made.state.transaction(() => {
      for (let at = 0; at < 5; at++) made.state.createRecord('Account', { Name: `Company ${at}` })
    })
    await until(() => missed().length > 0)
    expect(hints()).toHaveLength(2)
    expect(missed()).toEqual(['More Account records changed at once than Salesforce tells one by one.'])
  })

  it.each([
    ['a wildcard', ['001*'], 'GAP_UPDATE'],
    ['the empty id', ['000000000000000AAA'], 'UPDATE'],
    ['no id', [], 'UPDATE'],
    ['a kind that is not known', ['0015e00000AAAAAAAA'], 'SNAPSHOT'],
  ] as const)('says so for %s', async (_name, recordIds, changeType) => {
    const made = await org()
    const { hints, missed } = followed(made)
    await listening(made)
    made.pubsub.bus.publish({ entityName: 'Account', recordIds, changeType })
    await until(() => missed().length > 0)
    expect(hints()).toEqual([])
  })

  it('says so when a replay id is no longer known, and goes on from now', async () => {
    const made = await org()
    const first = followed(made)
    await listening(made)
    const early = made.state.createRecord('Account', { Name: 'Early' })
    await until(() => first.hints().length === 1)
    await first.stop()
    made.state.createRecord('Account', { Name: 'Missed' })
    await Promise.resolve()
    made.passTime(73 * 3_600_000)
    const second = followed(made, first.pages.at(-1)!.position, { objects: ['Account'] })
    await until(() => second.missed().length === 1)
    expect(second.missed()[0]).toContain('72 hours')
    expect(second.hints()).toEqual([])
    const late = made.state.createRecord('Account', { Name: 'Late' })
    await until(() => second.hints().length === 1)
    expect(second.hints()[0].id).toBe(late)
    await second.stop()
    const third = followed(made, second.pages.at(-1)!.position, { objects: ['Account'] })
    await listening(made, 1)
    expect([early, late]).not.toContain(made.state.createRecord('Account', { Name: 'Latest' }))
    await until(() => third.hints().length === 1)
    expect(third.missed()).toEqual([])
  })

  it('says so for objects that a stored position does not know', async () => {
    const made = await org()
    const accounts = followed(made, null, { objects: ['Account'] })
    await listening(made, 1)
    made.state.createRecord('Account', { Name: 'Acme' })
    const { position } = await until(() => accounts.pages[0])
    await accounts.stop()
    const both = followed(made, position, { objects: ['Account', 'Contact'] })
    await until(() => both.missed().length === 1)
    expect(both.missed()).toEqual(['Events of /data/ContactChangeEvent were not followed until now.'])
  })

  it('says so where a stored position cannot be read', async () => {
    const made = await org()
    const { missed } = followed(made, { topics: { '/data/AccountChangeEvent': 7 } }, { objects: ['Account'] })
    await until(() => missed().length === 1)
  })

  it('says so for an event that cannot be read, and reads on', async () => {
    const made = await org()
    const { hints, missed } = followed(made, null, { objects: ['Account'] })
    await listening(made, 1)
    made.pubsub.garble(1)
    made.state.createRecord('Account', { Name: 'Spoilt' })
    await until(() => missed().length === 1)
    const id = made.state.createRecord('Account', { Name: 'Sound' })
    await until(() => hints().length === 1)
    expect(hints()[0].id).toBe(id)
  })
})

describe('the line', () => {
  it('begins after the last page that was taken, and loses nothing', async () => {
    const made = await org({ batch: 3 })
    const first = followed(made, null, { objects: ['Account'] })
    await listening(made, 1)
    const ids = Array.from({ length: 10 }, (_, at) =>
      made.state.createRecord('Account', { Name: `Company ${at}` }),
    )
    await until(() => first.pages.length >= 2)
    await first.stop()
    const kept = first.pages.slice(0, 2)
    const rest = followed(made, kept[1].position, { objects: ['Account'] })
    await until(() => rest.hints().length >= ids.length - 6)
    expect([...kept.flatMap(({ hints }) => hints), ...rest.hints()].map(({ id }) => id)).toEqual(ids)
  })

  it('is taken up again where it broke', async () => {
    const made = await org()
    const { hints, missed } = followed(made, null, { objects: ['Account'] })
    await listening(made, 1)
    const one = made.state.createRecord('Account', { Name: 'One' })
    await until(() => hints().length === 1)
    made.pubsub.disconnect(2)
    const two = made.state.createRecord('Account', { Name: 'Two' })
    await until(() => hints().length === 2)
    made.pubsub.disconnect()
    const three = made.state.createRecord('Account', { Name: 'Three' })
    await until(() => hints().length === 3)
    expect(hints().map(({ id }) => id)).toEqual([one, two, three])
    expect(missed()).toEqual([])
  })

  it('that broke before anything said how far it was is told as missed', async () => {
    const made = await org()
    const { hints, missed } = followed(made, null, { objects: ['Account'] })
    await listening(made, 1)
    await new Promise((resolve) => setTimeout(resolve, QUICK.settleMs + 40))
    made.pubsub.disconnect(1)
    made.state.createRecord('Account', { Name: 'In between' })
    await until(() => missed().length === 1)
    expect(hints()).toEqual([])
  })

  it('on which nothing comes, not even a sign of life, is opened again', async () => {
    const made = await org()
    const { missed } = followed(made, null, { objects: ['Account'], patience: { ...QUICK, silenceMs: 150 } })
    await listening(made, 1)
    await until(() => missed().length > 0)
    expect(made.pubsub.subscriptions().length).toBeLessThanOrEqual(1)
  })

  it('gives the same event the same key when it is sent twice', async () => {
    const made = await org()
    const { hints } = followed(made, null, { objects: ['Account'] })
    await listening(made, 1)
    made.pubsub.duplicate(1)
    const id = made.state.createRecord('Account', { Name: 'Twice' })
    await until(() => hints().length > 0)
    made.state.createRecord('Account', { Name: 'Once' })
    await until(() => new Set(hints().map((hint) => hint.id)).size === 2)
    expect(
      new Set(
        hints()
          .filter((hint) => hint.id === id)
          .map(({ key }) => key),
      ).size,
    ).toBe(1)
  })

  it('asks for no more than was taken', async () => {
    const made = await org({ batch: 10 })
    let go: () => void = () => {}
    const waiting = new Promise<void>((resolve) => {
      go = resolve
    })
    const { hints } = followed(made, null, { objects: ['Account'], each: () => waiting })
    await listening(made, 1)
    for (let at = 0; at < 250; at++) made.state.createRecord('Account', { Name: `Company ${at}` })
    await until(() => made.pubsub.sent() >= 100)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(made.pubsub.sent()).toBe(100)
    go()
    await until(() => hints().length === 250)
  })

  it('is given up after a while, for somebody to try later', async () => {
    const made = await org()
    const { failed } = followed(made)
    await listening(made)
    made.pubsub.disconnect(1_000)
    expect(await failed).toMatchObject({ code: 'connector_unavailable', retryable: true })
    await until(() => made.pubsub.subscriptions().length === 0)
  })

  it('ends at once when it is told to, also while it waits', async () => {
    const made = await org()
    const { stop, failed } = followed(made, null, { patience: { ...QUICK, firstMs: 60_000, mostMs: 60_000 } })
    await listening(made)
    made.pubsub.disconnect(1_000)
    await stop()
    expect(await failed).toBe(null)
  })

  it('is not without encryption but on 127.0.0.1', async () => {
    const made = await org()
    const channel = openEventChannel(made.org, made.pubsub.address.replace('127.0.0.1', 'localhost'))
    opened.push(channel)
    await expect(channel.topic(made.session(), '/data/AccountChangeEvent')).rejects.toThrow(
      /SSL|TLS|wrong version|EPROTO|ECONN/i,
    )
  })
})

describe('sessions', () => {
  it('are renewed when they are refused, and nothing is lost', async () => {
    const made = await org()
    let token = made.session()
    const refusals: string[] = []
    const client = {
      org: made.org,
      session: async (refused?: string) => {
        if (refused !== undefined) {
          refusals.push(refused)
          token = made.session()
        }
        return token
      },
    }
    const { hints } = followed(made, null, { client, objects: ['Account'] })
    await listening(made, 1)
    const one = made.state.createRecord('Account', { Name: 'One' })
    await until(() => hints().length === 1)
    made.endSession()
    const two = made.state.createRecord('Account', { Name: 'Two' })
    await until(() => hints().length === 2)
    expect(hints().map(({ id }) => id)).toEqual([one, two])
    expect(refusals).toEqual(['token-1'])
  })

  it('that are refused as soon as they are new need somebody to connect again', async () => {
    const made = await org()
    const client = { org: made.org, session: async () => ({ ...made.session(), accessToken: 'no good' }) }
    const error = await followed(made, null, { client }).failed
    expect(error).toBeInstanceOf(HoldfastError)
    expect(error).toMatchObject({ code: 'connector_reconnect', retryable: false })
  })
})

describe('topics', () => {
  it('that the user may not read are left out', async () => {
    const made = await org()
    made.state.setObjectAccess('Contract', { read: false })
    followed(made, null, { objects: ['Account', 'Contract', 'Nothing__c'] })
    await listening(made, 1)
    expect(made.pubsub.subscriptions()).toEqual(['/data/AccountChangeEvent'])
  })

  it('of which there are none make it a matter of how the org is set up', async () => {
    const made = await org()
    for (const object of ['Account', 'Contact', 'Opportunity', 'Contract']) {
      made.state.setObjectAccess(object, { read: false })
    }
    expect(await followed(made).failed).toMatchObject({ code: 'connector_configuration', retryable: false })
  })
})

describe('topics that are taken away', () => {
  it('are said to be, while others go on; without any it is a matter of how the org is set up', async () => {
    const made = await org()
    const { hints, missed, failed } = followed(made, null, { objects: ['Account', 'Contact'] })
    await listening(made, 2)
    made.state.setObjectAccess('Contact', { read: false })
    made.pubsub.disconnect()
    await until(() => missed().length === 1)
    expect(missed()[0]).toContain('/data/ContactChangeEvent')
    await listening(made, 1)
    const id = made.state.createRecord('Account', { Name: 'Acme' })
    await until(() => hints().length === 1)
    expect(hints()[0].id).toBe(id)
    made.state.setObjectAccess('Account', { read: false })
    made.pubsub.disconnect()
    expect(await failed).toMatchObject({ code: 'connector_configuration' })
  })
})

describe('schemas', () => {
  /** A line that says what it is told to, whatever is asked. */
  function scripted(answers: readonly FetchResponse[], schema: () => Promise<EventSchema>) {
    const arrivals: Arrival[] = []
    const ending = new AbortController()
    const subscribe = (): Subscription => {
      const call = new Duplex({ objectMode: true, read() {}, write: (_chunk, _encoding, done) => done() })
      for (const answer of answers) call.push(answer)
      return Object.assign(call, { cancel: () => call.destroy() }) as unknown as Subscription
    }
    const done = followTopic({
      topic: '/data/AccountChangeEvent',
      replayId: Buffer.from('before'),
      fresh: true,
      channel: { subscribe } as Partial<EventChannel> as EventChannel,
      client: { org: 'o', session: async () => ({ accessToken: 't', instanceUrl: 'u' }) },
      schemas: { of: schema },
      reading: { org: 'o', isOurs },
      patience: QUICK,
      random: () => 0,
      signal: ending.signal,
      put: (arrival) => arrivals.push(arrival),
    })
    const failed = done.then(() => null).catch((error: unknown) => error)
    opened.push({ close: async () => (ending.abort(), failed) })
    return { arrivals, failed }
  }
  const replay_id = Buffer.from('after')
  const answer: FetchResponse = {
    events: [{ event: { id: '1', schema_id: 's', payload: Buffer.from([0]) }, replay_id }],
    latest_replay_id: replay_id,
    rpc_id: '',
    pending_num_requested: 0,
  }
  const refusal = (code: number): Error =>
    Object.assign(new Error('refused'), { code, details: 'refused', metadata: new Metadata() })

  it.each([
    ['that Salesforce does not know', refusal(status.NOT_FOUND)],
    ['that are none', new Error('not Avro')],
  ])('%s make events of them missed, and those after them are read', async (_name, error) => {
    const { arrivals } = scripted([answer], () => Promise.reject(error))
    await until(() => arrivals.length > 0)
    expect(arrivals[0]).toMatchObject({ hints: [], replayId: replay_id })
    expect(arrivals[0].missed).toContain('cannot be read')
  })

  it('that cannot be asked for now are asked for again, with the events that need them', async () => {
    let tries = 0
    const { arrivals, failed } = scripted([answer], () => {
      tries++
      return Promise.reject(refusal(status.UNAVAILABLE))
    })
    expect(await failed).toMatchObject({ code: 'connector_unavailable', retryable: true })
    expect(tries).toBe(QUICK.attempts)
    expect(arrivals).toEqual([])
  })
})

describe('bitmaps', () => {
  it('stand beside whole numbers of 64 bits', () => {
    const json = JSON.stringify({
      type: 'record',
      name: 'Event',
      fields: [{ name: 'commitNumber', type: 'long' }],
    })
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (number) => {
        expect(eventSchema(json).decode(avroLong(number)).value).toEqual({ commitNumber: number })
      }),
    )
  })

  const plain = (name: string): SchemaField => ({ name, parts: [] })

  it('count from the last bit, parts of a compound field after its number', () => {
    const fields = ['ChangeEventHeader', 'Name', 'Phone', 'F3', 'F4', 'F5', 'F6', 'F7', 'F8'].map(plain)
    const named = fields.with(1, { name: 'Name', parts: ['Salutation', 'FirstName', 'LastName'].map(plain) })
    expect(fieldsInBitmaps(['0x104', '1-0x6'], named)).toEqual([
      'Phone',
      'F8',
      'Name.FirstName',
      'Name.LastName',
    ])
    expect(fieldsInBitmaps([], named)).toEqual([])
  })

  it.each(['0x400', '9-0x1', '1-0x1', 'Phone', '0x', '-0x1'])('is not of this schema: %s', (bitmap) => {
    expect(fieldsInBitmaps([bitmap], ['A', 'B', 'C'].map(plain))).toBeUndefined()
  })

  it('name what was changed, whatever it was', async () => {
    const { state } = await org()
    const schema = changeEventSchema('Contact', state.fields('Contact'))
    const read = eventSchema(schema.json)
    const changeable = state
      .fields('Contact')
      .filter(
        ({ createable, type }) => createable && (type === 'string' || type === 'phone' || type === 'email'),
      )
    const header: ChangeHeader = {
      entityName: 'Contact',
      recordIds: ['0035e00000AAAAAAAA'],
      changeType: 'UPDATE',
      changeOrigin: '',
      transactionKey: 't',
      sequenceNumber: 1,
      commitTimestamp: 1,
      commitNumber: 72_784_468_115,
      commitUser: '005',
    }
    const nameOf = ({ name, compound }: (typeof changeable)[number]): string =>
      compound === null
        ? name
        : `${compound}.${compound.endsWith('Address') ? name.slice(compound.length - 7) : name}`
    fc.assert(
      fc.property(
        fc.subarray(changeable),
        fc.array(fc.oneof(fc.string(), fc.constant(null)), {
          minLength: changeable.length,
          maxLength: changeable.length,
        }),
        (fields, values) => {
          const changed: Record<string, Value> = {}
          for (const [at, { name }] of fields.entries()) changed[name] = values[at]
          const event = read.decode(schema.encode(header, changed, true))
          const bitmaps = (event.value.ChangeEventHeader as { changedFields: string[] }).changedFields
          expect([...fieldsInBitmaps(bitmaps, event.fields)!].sort()).toEqual(fields.map(nameOf).sort())
        },
      ),
    )
  })
})

/** Zigzag, seven bits a byte. */
function avroLong(number: bigint): Buffer {
  let bits = number < 0n ? -number * 2n - 1n : number * 2n
  const bytes: number[] = []
  do {
    bytes.push(Number(bits & 127n) | (bits > 127n ? 128 : 0))
    bits >>= 7n
  } while (bits > 0n)
  return Buffer.from(bytes)
}

it('loads neither grpc nor avro before events are followed', () => {
  const module = new URL('../../../connectors/salesforce/events/follow.ts', import.meta.url).href
  const script = `await import(${JSON.stringify(module)})
    const { createRequire } = await import('node:module')
    const loaded = Object.keys(createRequire(import.meta.url).cache).filter((path) => /grpc|avsc|protobufjs/.test(path))
    process.stdout.write(String(loaded.length))`
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: fileURLToPath(new URL('../../../', import.meta.url)),
    encoding: 'utf8',
  })
  expect(run.stderr).toBe('')
  expect(run.stdout).toBe('0')
})
