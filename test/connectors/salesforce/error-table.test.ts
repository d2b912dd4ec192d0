import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { failureOf } from '../../../connectors/salesforce/errors.ts'
import { openGovernors } from '../../../connectors/salesforce/governor.ts'
import { closedWithTest, type Answer } from '../../support/answering.ts'
import { clientOf, errorOf, insert, inTurn, list, ORG, refusal, renewing } from './answering.ts'

const using = closedWithTest(clientOf)

describe('the table of errors', () => {
  it('INVALID_SESSION_ID (401): one refresh, one retry, then "reconnect"', async () => {
    const sessions = renewing()
    const good = await using(
      inTurn(refusal(401, 'INVALID_SESSION_ID', 'Session expired or invalid')),
      sessions,
    )
    await good.client.call(insert)
    expect(good.server.requests.map(({ token }) => token)).toEqual(['first', 'renewed-1'])
    const bad = await using(
      () => refusal(401, 'INVALID_SESSION_ID', 'Session expired or invalid'),
      renewing(),
    )
    const error = await errorOf(bad)
    expect(error).toMatchObject({ code: 'connector_reconnect', retryable: false })
    expect(error.message).toContain('Connect the org again')
    expect(bad.server.requests.length).toBe(2)
  })

  it('INVALID_SESSION_ID of userinfo, which answers 403 with a word', async () => {
    const made = await using(inTurn({ status: 403, body: 'Bad_OAuth_Token' }), renewing())
    await made.client.call({ ...list, path: '/services/oauth2/userinfo' })
    expect(made.server.requests.length).toBe(2)
  })

  it('REQUEST_LIMIT_EXCEEDED (403): stops the org, then asks /limits after ten minutes and goes on', async () => {
    let at = Date.parse('2026-11-21T10:00:00Z')
    let used = 5000
    const clock = () => new Date(at)
    const answer: Answer = ({ url }) => {
      if (url.endsWith('/limits'))
        return { body: { DailyApiRequests: { Max: 5000, Remaining: 5000 - used } } }
      return used < 5000
        ? { body: {} }
        : refusal(403, 'REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.')
    }
    const made = await using(answer, { clock, governor: openGovernors({ clock }).of(ORG, 0.2) })
    const error = await errorOf(made)
    expect(error).toMatchObject({ code: 'connector_unavailable', retryable: true })
    expect(error.message).toContain('used up its API calls')
    expect((await errorOf(made, { ...insert, urgent: true })).message).toContain('at 10:10 UTC')
    expect(made.server.requests.length).toBe(1)
    at += 10 * 60_000
    await errorOf(made)
    await errorOf(made)
    expect(made.server.requests.map(({ url }) => url.split('/').at(-1))).toEqual([
      '001000000000001AAA',
      'limits',
    ])
    at += 10 * 60_000
    used = 100
    await Promise.all([made.client.call(list), made.client.call(list)])
    expect(made.client.counts()).toMatchObject({ 'GET /limits': 2, 'GET /sobjects/Account/{id}': 3 })
  })

  it('REQUEST_LIMIT_EXCEEDED for too many at once: waits a moment and goes on', async () => {
    const full = refusal(
      403,
      'REQUEST_LIMIT_EXCEEDED',
      'ConcurrentRequests (Concurrent API Requests) Limit exceeded.',
    )
    const made = await using(inTurn(full, full))
    await made.client.call(insert)
    expect(made.waits).toEqual([1000, 2000])
  })

  it('UNABLE_TO_LOCK_ROW of a whole call: tried again with jitter, then later', async () => {
    const locked = refusal(400, 'UNABLE_TO_LOCK_ROW', 'unable to obtain exclusive access to this record')
    let draw = 0
    const made = await using(inTurn(locked, locked), { random: () => [0.1, 0.9][draw++] })
    await made.client.call(insert)
    expect(made.waits).toEqual([600, 2800])
    const stuck = await using(() => locked)
    expect(await errorOf(stuck)).toMatchObject({ code: 'connector_unavailable', retryable: true })
    expect(stuck.server.requests.length).toBe(4)
  })

  it.each([
    'FIELD_CUSTOM_VALIDATION_EXCEPTION',
    'REQUIRED_FIELD_MISSING',
    'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST',
  ])('%s: permanent, names rule and field', async (code) => {
    const made = await using(() => refusal(400, code, 'Give a reason.', { fields: ['Reason__c'] }))
    const error = await errorOf(made, insert)
    expect(error).toMatchObject({ code: 'connector_configuration', retryable: false })
    expect(error.message).toContain(`${code}: Give a reason. (Reason__c)`)
    expect(made.server.requests.length).toBe(1)
  })

  it('DUPLICATES_DETECTED: nothing is forced, and the matches are kept', async () => {
    const duplicateResult = { matchResults: [{ matchRecords: [{ record: { Id: '001000000000009AAA' } }] }] }
    const made = await using(() =>
      refusal(400, 'DUPLICATES_DETECTED', 'Use one of these.', { duplicateResult }),
    )
    const error = await errorOf(made, insert)
    expect(error).toMatchObject({ code: 'conflict', retryable: false })
    expect(failureOf(error)?.errors[0].raw).toMatchObject({ duplicateResult })
    expect(made.server.requests[0].headers['sforce-duplicate-rule-header']).toBeUndefined()
  })

  it.each([
    ['ENTITY_IS_DELETED', 404],
    ['ENTITY_IS_DELETED', 400],
    ['NOT_FOUND', 404],
  ])('%s (%i): the record is gone', async (code, status) => {
    const error = await errorOf(await using(() => refusal(status, code)))
    expect(error).toMatchObject({ code: 'not_found', retryable: false })
  })

  it('INVALID_FIELD: says that the package or field-level security is missing', async () => {
    const said = "No such column 'Holdfast_Risk__c' on entity 'Account'."
    const error = await errorOf(await using(() => refusal(400, 'INVALID_FIELD', said)))
    expect(error).toMatchObject({ code: 'connector_configuration', retryable: false })
    expect(error.message).toContain(said)
    expect(error.message).toContain('package')
    expect(error.message).toContain('field-level security')
  })

  it.each([500, 502, 503, 504, 420, 429])(
    '%i: bounded backoff; POST only with an idempotency key',
    async (status) => {
      const down = { status, body: '<html><h1>Down for maintenance</h1></html>' }
      const read = await using(inTurn(down, down))
      await read.client.call(list)
      expect(read.waits).toEqual([1000, 2000])
      const upsert = await using(inTurn(down))
      await upsert.client.call({ ...insert, method: 'PATCH', path: '/composite/sobjects/Task/Key__c' })
      expect(upsert.server.requests.length).toBe(2)
      const post = await using(() => down)
      const error = await errorOf(post, insert)
      expect(error).toMatchObject({ code: 'connector_unavailable', retryable: true })
      expect(error.message).not.toContain('<')
      expect(post.server.requests.length).toBe(1)
      const never = await using(() => down)
      await errorOf(never)
      expect(never.waits).toEqual([1000, 2000, 4000])
    },
  )

  it('5xx with Retry-After: waits that long, or says that it is later', async () => {
    const soon = { ...refusal(503, 'SERVER_UNAVAILABLE'), headers: { 'retry-after': '7' } }
    const made = await using(inTurn(soon))
    await made.client.call(list)
    expect(made.waits).toEqual([7000])
    const late = await using(() => ({
      ...refusal(503, 'SERVER_UNAVAILABLE'),
      headers: { 'retry-after': '600' },
    }))
    expect(await errorOf(late)).toMatchObject({ code: 'connector_unavailable', retryable: true })
    expect(late.server.requests.length).toBe(1)
  })
})

describe('ten calls that meet an expired session at once', () => {
  it('renew it once, and each is made once more', async () => {
    let held = 'first'
    let renewals = 0
    const renewed = async () => {
      renewals++
      await wait(20)
      held = 'second'
    }
    let under: Promise<void> | null = null
    const made = await using(
      ({ token }) => (token === 'second' ? { body: {} } : refusal(401, 'INVALID_SESSION_ID')),
      {
        sessionsAt: (instanceUrl) => ({
          current: async () => ({ accessToken: held, instanceUrl }),
          renewed: async () => {
            under ??= renewed()
            await under
            return { accessToken: held, instanceUrl }
          },
        }),
      },
    )
    await Promise.all(Array.from({ length: 10 }, () => made.client.call(list)))
    expect(renewals).toBe(1)
    expect(made.server.requests.filter(({ token }) => token === 'first').length).toBeLessThanOrEqual(10)
    expect(made.server.requests.filter(({ token }) => token === 'second').length).toBe(10)
  })
})
