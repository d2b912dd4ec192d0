import { createHmac } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseHints, verifySignatureV3 } from '../../../connectors/hubspot/webhook.ts'

/** HubSpot's own example. */
const vector = {
  secret: 'yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy',
  method: 'POST',
  url: 'https://www.example.com/webhook_uri',
  body: Buffer.from("{'example_field':'example_value'}"),
  timestamp: '1693657560000',
  signature: 'K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y=',
  now: new Date(1_693_657_560_000),
}

function signed(url: string, { body = Buffer.from('[]'), secret = 's', at = 1_700_000_000_000 } = {}) {
  const timestamp = String(at)
  const signature = createHmac('sha256', secret)
    .update(Buffer.concat([Buffer.from(`POST${url}`), body, Buffer.from(timestamp)]))
    .digest('base64')
  return { secret, method: 'POST', body, timestamp, signature, now: new Date(at) }
}

describe('signature v3', () => {
  it("agrees with HubSpot's own example", () => {
    expect(verifySignatureV3(vector)).toBe(true)
    expect(verifySignatureV3({ ...vector, method: 'post' })).toBe(true)
  })

  it.each([
    ['another secret', { secret: 'zzzzzzzz-yyyy-yyyy-yyyy-yyyyyyyyyyyy' }],
    ['no secret', { secret: '' }],
    ['another method', { method: 'GET' }],
    ['another host', { url: 'https://www.example.org/webhook_uri' }],
    ['a body with one more space', { body: Buffer.from("{'example_field': 'example_value'}") }],
    ['another timestamp', { timestamp: '1693657560001' }],
    ['a timestamp that is none', { timestamp: '1693657560000.0' }],
    ['no timestamp', { timestamp: undefined }],
    ['no signature', { signature: undefined }],
    ['an empty signature', { signature: '' }],
    ['half of the signature', { signature: 'K36dawei4A+QBNolUOqo7g==' }],
    ['the signature in hex', { signature: Buffer.from(vector.signature, 'base64').toString('hex') }],
  ])('refuses %s', (_, changed) => {
    expect(verifySignatureV3({ ...vector, ...changed })).toBe(false)
  })

  it('is good for five minutes either way, and not a millisecond longer', () => {
    const at = (ms: number) => verifySignatureV3({ ...vector, now: new Date(1_693_657_560_000 + ms) })
    expect([at(-300_000), at(300_000)]).toEqual([true, true])
    expect([at(-300_001), at(300_001)]).toEqual([false, false])
  })

  it("is made of the URL with HubSpot's twelve characters decoded, and no others", () => {
    const plain = "https://h.example/w?a=:/?@!$'()*,;&b=%20%26%3D%2B%25%23"
    const encoded = 'https://h.example/w?a=%3A%2f%3F%40%21%24%27%28%29%2A%2C%3B&b=%20%26%3D%2B%25%23'
    expect(verifySignatureV3({ ...signed(plain), url: encoded })).toBe(true)
    expect(verifySignatureV3({ ...signed(plain), url: plain })).toBe(true)
    expect(verifySignatureV3({ ...signed(decodeURIComponent(encoded)), url: encoded })).toBe(false)
  })

  it('is of the bytes, whatever they are', () => {
    const body = Buffer.from([0x5b, 0xff, 0xfe, 0x00, 0xc3, 0x5d])
    expect(
      verifySignatureV3({ ...signed('https://h.example/w', { body }), url: 'https://h.example/w' }),
    ).toBe(true)
  })

  it('does not fit after any one change', () => {
    fc.assert(
      fc.property(fc.nat(31), fc.nat(7), (byte, bit) => {
        const bytes = Buffer.from(vector.signature, 'base64')
        bytes[byte] ^= 1 << bit
        expect(verifySignatureV3({ ...vector, signature: bytes.toString('base64') })).toBe(false)
      }),
      { seed: 3 },
    )
  })
})

const common = {
  eventId: 100,
  subscriptionId: 11,
  portalId: 62515,
  appId: 4711,
  occurredAt: 1_564_113_600_000,
  attemptNumber: 0,
}
const hints = (...events: unknown[]) => parseHints(Buffer.from(JSON.stringify(events)))
const one = (event: object) => hints({ ...common, ...event })[0]

describe('what an event hints at', () => {
  it('a changed property, in both formats', () => {
    const change = { propertyName: 'plan', propertyValue: 'x', changeSource: 'CRM_UI', sourceId: 'userId:9' }
    const old = one({ ...change, subscriptionType: 'company.propertyChange', objectId: 1_246_965 })
    expect(old).toEqual({
      origin: '62515',
      object: 'companies',
      id: '1246965',
      kind: 'changed',
      others: [],
      key: '62515:changed:companies:1246965::1564113600000',
      at: new Date(1_564_113_600_000),
      own: false,
    })
    const generic = one({
      ...change,
      subscriptionType: 'object.propertyChange',
      objectTypeId: '0-1',
      objectId: 7,
    })
    expect(generic).toMatchObject({ object: 'contacts', id: '7', kind: 'changed' })
    expect(one({ ...change, eventType: 'deal.propertyChange', objectId: '5' })).toMatchObject({
      object: 'deals',
    })
  })

  it.each([
    ['contact.creation', { changeFlag: 'CREATED' }, 'contacts', 'created'],
    ['contact.deletion', { changeFlag: 'DELETED' }, 'contacts', 'deleted'],
    ['company.restore', {}, 'companies', 'restored'],
    ['contact.privacyDeletion', {}, 'contacts', 'erased'],
    ['deal.creation', {}, 'deals', 'created'],
    ['object.creation', { objectTypeId: '0-3' }, 'deals', 'created'],
    ['object.deletion', { objectTypeId: '0-2' }, 'companies', 'deleted'],
    ['object.restore', { objectTypeId: '0-27' }, 'tasks', 'restored'],
    ['line_item.deletion', {}, 'line_items', 'deleted'],
  ])('%s', (subscriptionType, more, object, kind) => {
    expect(one({ subscriptionType, objectId: 3, ...more })).toMatchObject({
      object,
      id: '3',
      kind,
      others: [],
    })
  })

  it('a merge hints at what remains, and names what went into it', () => {
    const merge = { primaryObjectId: 1, mergedObjectIds: [2, 3], numberOfPropertiesMoved: 4 }
    expect(one({ ...merge, subscriptionType: 'company.merge' })).toMatchObject({
      object: 'companies',
      id: '1',
      kind: 'merged',
      others: ['2', '3'],
    })
    const anew = one({
      ...merge,
      subscriptionType: 'object.merge',
      objectTypeId: '0-1',
      objectId: 1,
      newObjectId: 9,
    })
    expect(anew).toMatchObject({ object: 'contacts', id: '9', others: ['1', '2', '3'] })
  })

  it('an association hints at both its ends', () => {
    const ends = {
      fromObjectId: 53_628,
      toObjectId: 12_726,
      associationRemoved: false,
      isPrimaryAssociation: true,
    }
    const old = hints({
      ...common,
      ...ends,
      subscriptionType: 'contact.associationChange',
      associationType: 'CONTACT_TO_COMPANY',
    })
    const both = [
      { object: 'contacts', id: '53628', others: ['12726'], kind: 'associated' },
      { object: 'companies', id: '12726', others: ['53628'], kind: 'associated' },
    ]
    expect(old).toMatchObject(both)
    expect(new Set(old.map(({ key }) => key)).size).toBe(2)
    const types = { fromObjectTypeId: '0-1', toObjectTypeId: '0-2' }
    expect(
      hints({ ...common, ...ends, ...types, subscriptionType: 'object.associationChange' }),
    ).toMatchObject(both)
    const custom = { ...types, toObjectTypeId: '2-3465404' }
    const known = hints({ ...common, ...ends, ...custom, subscriptionType: 'object.associationChange' })
    expect(known).toMatchObject([both[0]])
  })

  it('line items keep their underscore in an association', () => {
    const found = hints({
      ...common,
      subscriptionType: 'deal.associationChange',
      associationType: 'DEAL_TO_LINE_ITEM',
      fromObjectId: 1,
      toObjectId: 2,
    })
    expect(found.map(({ object }) => object)).toEqual(['deals', 'line_items'])
  })

  it('the same event has the same key however often it is sent, another one another', () => {
    const event = { subscriptionType: 'contact.propertyChange', objectId: 1, propertyName: 'a' }
    const first = one(event).key
    // HubSpot does not promise that eventId is one event's alone, and its journal has none.
    expect(one({ ...event, attemptNumber: 5, subscriptionId: 99, eventId: 101 }).key).toBe(first)
    for (const other of [
      { occurredAt: 1 },
      { objectId: 2 },
      { portalId: 2 },
      { subscriptionType: 'contact.creation' },
    ])
      expect(one({ ...event, ...other }).key).not.toBe(first)
  })

  it('knows what we wrote ourselves: our app, in a property of ours', () => {
    const event = { subscriptionType: 'object.propertyChange', objectTypeId: '0-2', objectId: 1 }
    const ours = { changeSource: 'INTEGRATION', sourceId: '4711', propertyName: 'holdfast_risk_percent' }
    expect(one({ ...event, ...ours }).own).toBe(true)
    expect(one({ ...event, ...ours, sourceId: 'appId:4711' }).own).toBe(true)
    expect(one({ ...event, ...ours, sourceId: '4712' }).own).toBe(false)
    expect(one({ ...event, ...ours, changeSource: 'CRM_UI' }).own).toBe(false)
    expect(one({ ...event, ...ours, propertyName: 'lifecyclestage' }).own).toBe(false)
    expect(one({ ...event, ...ours, sourceId: undefined, appId: undefined }).own).toBe(false)
  })

  it.each([
    ['conversation.newMessage', { objectId: 1 }],
    ['conversation.privacyDeletion', { objectId: 1 }],
    ['object.propertyChange', { objectId: 1, objectTypeId: '2-777' }],
    ['object.propertyChange', { objectId: 1 }],
    ['contact.constructor', { objectId: 1 }],
    ['__proto__.creation', { objectId: 1 }],
    ['contact.propertyChange', {}],
    ['', { objectId: 1 }],
  ])('%s %o means nothing to us', (subscriptionType, more) => {
    expect(hints({ ...common, subscriptionType, ...more })).toEqual([])
  })

  it('what cannot be read is no hint, and costs the others nothing', () => {
    const good = { ...common, subscriptionType: 'contact.creation', objectId: 1 }
    expect(
      hints(null, 7, 'x', [], {}, { ...good, portalId: {} }, { ...good, occurredAt: 'soon' }, good).length,
    ).toBe(1)
    for (const body of ['', '{', 'null', '[[[', '"text"', '\u0000'])
      expect(parseHints(Buffer.from(body))).toEqual([])
  })

  it('never throws', () => {
    const types = ['contact.merge', 'object.associationChange', 'company.propertyChange']
    const event = fc.record(
      {
        portalId: fc.oneof(fc.nat(), fc.string()),
        occurredAt: fc.oneof(fc.double(), fc.nat()),
        subscriptionType: fc.oneof(fc.constantFrom(...types), fc.string()),
        objectId: fc.anything(),
        mergedObjectIds: fc.anything(),
        associationType: fc.anything(),
        fromObjectId: fc.anything(),
        changeSource: fc.anything(),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(event, fc.jsonValue())), (events) => {
        for (const { at, id, object } of hints(...events)) {
          expect(Number.isNaN(at.getTime())).toBe(false)
          expect(id).not.toBe('')
          expect(object).not.toBe('')
        }
      }),
      { seed: 5 },
    )
  })
})
