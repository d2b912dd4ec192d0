import { expect, it } from 'vitest'
import { API_VERSION as V } from '../../../../connectors/hubspot/version.ts'
import { openSandbox } from './opened.ts'

const COMPANIES = `/crm/objects/${V}/companies`
const create = { properties: { name: 'x' }, associations: [] }

it('fails the calls that it was told to, and no others', async () => {
  const { sandbox, call } = await openSandbox()
  sandbox.faults.inject({
    method: 'GET',
    path: '/companies',
    nth: 2,
    times: 2,
    effect: { kind: 'answer', status: 503, body: { message: 'down' }, headers: { 'Retry-After': '7' } },
  })
  const statuses = []
  for (let n = 0; n < 4; n++) {
    statuses.push((await call('GET', COMPANIES)).status)
    await call('POST', COMPANIES, create)
  }
  expect(statuses).toEqual([200, 503, 503, 200])
  expect(sandbox.state.count('companies')).toBe(4)
})

it('cuts the connection before anything happened, or after it did', async () => {
  const { sandbox, call } = await openSandbox()
  sandbox.faults.inject({ method: 'POST', effect: { kind: 'drop', when: 'before' } })
  await expect(call('POST', COMPANIES, create)).rejects.toThrow()
  expect(sandbox.state.count('companies')).toBe(0)
  sandbox.faults.inject({ method: 'POST', effect: { kind: 'drop', when: 'after' } })
  await expect(call('POST', COMPANIES, create)).rejects.toThrow()
  expect(sandbox.state.count('companies')).toBe(1)
  expect(sandbox.requests().map(({ status }) => status)).toEqual([0, 0])
})

it('can keep silent, be slow, or be locked', async () => {
  const { sandbox, call } = await openSandbox()
  sandbox.faults.inject({ effect: { kind: 'hang' } })
  const silent = call('POST', COMPANIES, create).catch(() => 'cut')
  const waited = await Promise.race([silent, new Promise((resolve) => setTimeout(resolve, 60, 'nothing'))])
  expect(waited).toBe('nothing')
  sandbox.faults.inject({ effect: { kind: 'slow', ms: 60 } })
  const begun = performance.now()
  expect((await call('GET', COMPANIES)).status).toBe(200)
  expect(performance.now() - begun).toBeGreaterThan(55)
  sandbox.faults.inject({ effect: { kind: 'locked' } })
  expect((await call('GET', COMPANIES)).status).toBe(423)
  expect(sandbox.state.count('companies')).toBe(0)
})

it('can spoil the tokens, the day and the clock', async () => {
  const { sandbox, call, use } = await openSandbox()
  const status = async () => (await call('GET', COMPANIES)).status
  sandbox.faults.dailyLimit(true)
  expect(await status()).toBe(429)
  sandbox.faults.clear()
  expect(await status()).toBe(200)
  sandbox.faults.expireTokens()
  expect(await status()).toBe(401)
  use(sandbox.authorize().accessToken)
  expect(await status()).toBe(200)
  sandbox.faults.moveClock(1_800_000)
  expect(await status()).toBe(401)
  expect(sandbox.state.now()).toEqual(new Date('2026-11-20T09:30:00Z'))
})
