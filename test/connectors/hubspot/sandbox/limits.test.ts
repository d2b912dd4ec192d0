import { expect, it } from 'vitest'
import { API_VERSION as V } from '../../../../connectors/hubspot/version.ts'
import type { Called, Refusal } from './calling.ts'
import { openSandbox } from './opened.ts'

const DETAILS = `/account-info/${V}/details`
const SEARCH = `/crm/objects/${V}/companies/search`

const times = async <T>(count: number, one: () => Promise<T>): Promise<T[]> => {
  const results: T[] = []
  for (let n = 0; n < count; n++) results.push(await one())
  return results
}

it('lets an app make 110 calls in any ten seconds', async () => {
  const { call, pass } = await openSandbox({ limits: {} })
  const get = (): Promise<Called<Refusal>> => call('GET', DETAILS)
  const first = await times(55, get)
  pass(6)
  const second = await times(55, get)
  expect([...first, ...second].every(({ status }) => status === 200)).toBe(true)
  expect(second[54].headers.get('x-hubspot-ratelimit-max')).toBe('110')
  expect(second[54].headers.get('x-hubspot-ratelimit-interval-milliseconds')).toBe('10000')
  expect(second.map(({ headers }) => headers.get('x-hubspot-ratelimit-remaining')).slice(-2)).toEqual([
    '1',
    '0',
  ])
  expect(second[0].headers.has('x-hubspot-ratelimit-daily')).toBe(false)
  const refused = await get()
  expect(refused).toMatchObject({
    status: 429,
    body: { category: 'RATE_LIMITS', errorType: 'RATE_LIMIT', policyName: 'TEN_SECONDLY_ROLLING' },
  })
  expect(refused.headers.get('retry-after')).toBe('4')
  // Those of the first moment are forgotten, those of six seconds later are not.
  pass(4)
  expect((await times(56, get)).map(({ status }) => status).filter((status) => status !== 200)).toEqual([429])
})

it('counts each private app by itself, and all of them by the day', async () => {
  const { sandbox, call, use, pass } = await openSandbox({ limits: { privateApp: 100, daily: 102 } })
  use(sandbox.privateAppToken())
  const all = await times(101, () => call<Refusal>('GET', DETAILS))
  expect(all[99].headers.get('x-hubspot-ratelimit-daily-remaining')).toBe('2')
  expect(all[100]).toMatchObject({ status: 429, body: { policyName: 'TEN_SECONDLY_ROLLING' } })
  use(sandbox.privateAppToken(['crm.objects.companies.read']))
  expect((await call('GET', DETAILS)).status).toBe(200)
  const usage = await call('GET', `/account-info/${V}/api-usage/daily/private-apps`)
  expect(usage.body).toMatchObject({ results: [{ usageLimit: 102, currentUsage: 102 }] })
  const daily = await call<Refusal>('GET', DETAILS)
  expect(daily).toMatchObject({ status: 429, body: { policyName: 'DAILY' } })
  expect(daily.headers.get('retry-after')).toBe(String(15 * 3600))
  pass(15 * 3600)
  expect((await call('GET', DETAILS)).status).toBe(200)
})

it('lets a portal search five times a second, and says nothing of it in headers', async () => {
  const { call, pass } = await openSandbox({ limits: {} })
  const search = () =>
    call<Refusal>('POST', SEARCH, { filterGroups: [], limit: 1, after: '', sorts: [], properties: [] })
  const answers = await times(6, search)
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 429])
  expect(answers.some(({ headers }) => headers.has('x-hubspot-ratelimit-max'))).toBe(false)
  expect(answers[5].body.policyName).toBe('SECONDLY')
  expect((await call('GET', DETAILS)).status).toBe(200)
  pass(1)
  expect((await search()).status).toBe(200)
})

it('refuses an address of more than 15,000 characters', async () => {
  const { call } = await openSandbox()
  const names = (count: number): string =>
    Array.from({ length: count }, (_, n) => `property_number_${n}`).join()
  expect((await call('GET', `/crm/objects/${V}/companies?properties=${names(700)}`)).status).toBe(200)
  expect((await call('GET', `/crm/objects/${V}/companies?properties=${names(900)}`)).status).toBe(414)
})

it('keeps a log of the calls with their time', async () => {
  const { sandbox, call, pass } = await openSandbox()
  await call('GET', `${DETAILS}?x=1`)
  pass(2)
  await call('GET', `/crm/objects/${V}/nonsense`)
  expect(sandbox.requests()).toMatchObject([
    { method: 'GET', path: DETAILS, status: 200, at: new Date('2026-11-20T09:00:00Z') },
    { method: 'GET', status: 400, at: new Date('2026-11-20T09:00:02Z') },
  ])
})
