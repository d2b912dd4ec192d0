import { expect, it } from 'vitest'
import { BASE, openOrg, type Outcome, type Refusal } from './opened.ts'

it('counts calls over 24 hours, tells how many, and refuses with 403 and no Retry-After when none is left', async () => {
  const { call, pass, sandbox, use } = await openOrg({ limits: { daily: 3 } })
  expect((await call('GET', '/sobjects')).headers.get('sforce-limit-info')).toBe('api-usage=1/3')
  await call('GET', '/sobjects')
  await call('GET', '/sobjects')
  const refused = await call<Refusal>('GET', '/sobjects')
  expect(refused).toMatchObject({ status: 403, body: [{ errorCode: 'REQUEST_LIMIT_EXCEEDED' }] })
  expect(refused.headers.get('retry-after')).toBe(null)
  expect((await call('GET', '/limits')).body).toMatchObject({ DailyApiRequests: { Max: 3, Remaining: 0 } })
  pass(25 * 3_600)
  use(sandbox.authorize().accessToken)
  expect((await call('GET', '/sobjects')).status).toBe(200)
  sandbox.faults.otherCalls(2)
  expect((await call('GET', '/sobjects')).status).toBe(403)
  sandbox.faults.otherCalls(0)
  sandbox.faults.dailyLimit(true)
  expect((await call('GET', '/sobjects')).status).toBe(403)
})

it('fails on purpose: before and after the change, in the middle of the answer, slowly, locked', async () => {
  const { call, state, sandbox } = await openOrg()
  const write = (Name: string) => call<Outcome>('POST', '/sobjects/Account', { Name })
  sandbox.faults.inject({
    method: 'POST',
    path: '/sobjects/Account',
    effect: { kind: 'drop', when: 'before' },
  })
  await expect(write('a')).rejects.toThrow()
  sandbox.faults.inject({ path: /Account$/, effect: { kind: 'drop', when: 'after' } })
  await expect(write('b')).rejects.toThrow()
  sandbox.faults.inject({ effect: { kind: 'cut' } })
  await expect(write('c')).rejects.toThrow()
  expect([...state.records('Account')].map(({ values }) => values.Name)).toEqual(['b', 'c'])
  sandbox.faults.inject({ effect: { kind: 'locked' } })
  expect(await write('d')).toMatchObject({ status: 400, body: [{ errorCode: 'UNABLE_TO_LOCK_ROW' }] })
  sandbox.faults.inject({ nth: 2, times: 2, effect: { kind: 'answer', status: 503 } })
  const statuses: number[] = []
  for (const name of ['e', 'f', 'g', 'h']) statuses.push((await write(name)).status)
  expect(statuses).toEqual([201, 503, 503, 201])
  expect(sandbox.requests().slice(-1)).toMatchObject([
    { method: 'POST', path: `${BASE}/sobjects/Account`, status: 201 },
  ])
})

it('knows no address that is too long, no version that is retired and no session that nobody gave', async () => {
  const { call, ask, use } = await openOrg()
  expect((await ask(`SELECT Id FROM Account WHERE Name = '${'x'.repeat(16_400)}'`)).status).toBe(414)
  expect((await call('GET', '/services/data/v20.0/sobjects')).status).toBe(404)
  expect((await call('GET', '/nothing')).status).toBe(404)
  use('00D!none')
  expect((await call('GET', '/sobjects')).status).toBe(401)
})
