import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { failureOf, isFailure, readFailure, translate } from '../../../connectors/salesforce/errors.ts'
import { id18, isId } from '../../../connectors/salesforce/ids.ts'

const read = (status: number, body: unknown) =>
  readFailure({
    org: '00D000000000001EAA',
    method: 'GET',
    path: '/query',
    status,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })

describe('a refusal', () => {
  it.each([
    ['as REST words it', [{ errorCode: 'INVALID_FIELD', message: 'No such column', fields: ['X__c'] }]],
    [
      'as collections word it',
      [{ statusCode: 'INVALID_FIELD', message: 'No such column', fields: ['X__c'] }],
    ],
    ['as an object alone', { errorCode: 'INVALID_FIELD', message: 'No such column', fields: ['X__c'] }],
    [
      'with what nobody documented',
      [
        {
          errorCode: 'INVALID_FIELD',
          message: 'No such column',
          fields: ['X__c'],
          extendedErrorDetails: [{}],
        },
      ],
    ],
  ])('%s is read', (_, body) => {
    expect(read(400, body).errors).toMatchObject([
      { errorCode: 'INVALID_FIELD', message: 'No such column', fields: ['X__c'] },
    ])
  })

  it.each([
    ['of OAuth', { error: 'invalid_grant', error_description: 'expired' }, 'invalid_grant', 'expired'],
    [
      'in XML',
      '<?xml version="1.0"?><Errors><Error><errorCode>API_DISABLED_FOR_ORG</errorCode><message>Off</message></Error></Errors>',
      'API_DISABLED_FOR_ORG',
      'Off',
    ],
    ['of a single word', 'Bad_OAuth_Token', 'Bad_OAuth_Token', ''],
    ['of a proxy', '<html><style>p{}</style><h1>Bad gateway</h1></html>', '', 'Bad gateway'],
    ['that is empty', '', '', ''],
    ['that is an empty list', [], '', ''],
  ])('%s is read too', (_, body, errorCode, message) => {
    expect(read(400, body).errors).toMatchObject([{ errorCode, message }])
  })

  it('is found behind the error that it became', () => {
    const error = translate(read(400, [{ errorCode: 'INVALID_FIELD', message: 'No such column' }]))
    expect(isFailure(error, 'INVALID_TYPE', 'INVALID_FIELD')).toBe(true)
    expect(isFailure(error, 'NOT_FOUND')).toBe(false)
    expect(isFailure(new Error('other'), 'INVALID_FIELD')).toBe(false)
    expect(failureOf(new Error('other'))).toBeNull()
  })

  it('of whatever form becomes one error with a message that ends', () => {
    const bodies = fc.oneof(
      fc.string(),
      fc.json(),
      fc.constantFrom('null', '[null]', '[1]', '{"message": 1}'),
    )
    fc.assert(
      fc.property(fc.integer({ min: 300, max: 599 }), bodies, (status, body) => {
        const error = translate(read(status, body))
        expect(error.message).toMatch(/[.!?…]$/)
      }),
      { seed: 7 },
    )
  })
})

describe('a refusal that says what an admin can do', () => {
  it.each([
    [403, 'API_DISABLED_FOR_ORG', 'connector_configuration', 'API Enabled'],
    [403, 'INSUFFICIENT_ACCESS', 'connector_configuration', 'permission set'],
    [400, 'INVALID_TYPE', 'connector_configuration', 'package'],
    [400, 'MALFORMED_QUERY', 'connector_configuration', 'condition'],
    [400, 'INVALID_QUERY_LOCATOR', 'connector_unavailable', 'read again'],
    [503, 'SERVER_UNAVAILABLE', 'connector_unavailable', 'tried again'],
    [500, 'UNKNOWN_EXCEPTION', 'connector_unavailable', 'status.salesforce.com'],
    [414, '', 'request_too_large', 'too long'],
    [300, '', 'conflict', 'several'],
    [401, 'INVALID_AUTH_HEADER', 'connector_configuration', '401'],
  ])('%i %s', (status, errorCode, code, words) => {
    const error = translate(read(status, [{ errorCode, message: 'Said.' }]))
    expect(error.code).toBe(code)
    expect(error.message).toContain(words)
    expect(error.message).toContain('Said.')
  })
})

describe('an id', () => {
  it.each([
    ['001D000000IRFma', '001D000000IRFmaIAH'],
    ['001A0000006Vm9r', '001A0000006Vm9rIAC'],
    ['001D000000IRFmaIAH', '001D000000IRFmaIAH'],
    ['', ''],
    ['nobody', 'nobody'],
  ])('%s is %s', (id, long) => {
    expect(id18(id)).toBe(long)
  })

  it('of 18 characters tells apart whatever differs in case alone', () => {
    const id15 = fc.stringMatching(/^[A-Za-z0-9]{15}$/)
    fc.assert(
      fc.property(id15, (id) => {
        const long = id18(id)
        expect(isId(long)).toBe(true)
        expect(long.startsWith(id)).toBe(true)
        const swapped = [...id]
          .map((c) => (c === c.toUpperCase() ? c.toLowerCase() : c.toUpperCase()))
          .join('')
        expect(id18(swapped).toLowerCase() === long.toLowerCase()).toBe(swapped === id)
      }),
      { seed: 7 },
    )
  })
})
