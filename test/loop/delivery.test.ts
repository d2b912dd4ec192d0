import { describe, expect, it } from 'vitest'
import { deliveryOf, onTestList, reaches, type DeliverySituation } from '../../src/loop/delivery.ts'
import { parseServiceSettings } from '../../src/settings/service.ts'

const complete = {
  delivery: { mode: 'test_list', testList: ['ann@example.com'] },
  sender: { address: 'hello@acme.test', postalAddress: '1 Main Street' },
  smtp: { host: 'smtp.acme.test' },
}

function situation(settings: object, differs: Partial<DeliverySituation> = {}): DeliverySituation {
  return {
    channel: 'email',
    settings: parseServiceSettings(settings),
    publicUrl: 'https://holdfast.acme.test',
    sandboxConnection: false,
    activated: true,
    ...differs,
  }
}
const mode = (name: string) => ({ ...complete, delivery: { ...complete.delivery, mode: name } })

describe('how an intervention is carried out', () => {
  it('is a dry run until told otherwise', () => {
    expect(deliveryOf(situation({}))).toMatchObject({ kind: 'dry_run', code: 'dry_run' })
  })

  it('goes to nobody while switched off, and waits', () => {
    expect(deliveryOf(situation(mode('off')))).toMatchObject({ kind: 'none', code: 'delivery_off' })
    expect(deliveryOf(situation(mode('off'), { channel: 'task' })).kind).toBe('none')
  })

  it('goes into the sandbox from any connection, activated or not', () => {
    for (const differs of [{ sandboxConnection: true }, { activated: false }, { publicUrl: null }])
      expect(deliveryOf(situation(mode('sandbox'), differs)).kind).toBe('sandbox')
  })

  it('goes out live only when all that it needs is there, and names what is not', () => {
    expect(deliveryOf(situation(complete)).kind).toBe('live')
    for (const publicUrl of [null, 'http://holdfast.acme.test']) {
      const found = deliveryOf(situation(complete, { publicUrl }))
      expect(found).toMatchObject({ kind: 'none', code: 'not_configured' })
      expect(found).toHaveProperty('reason', expect.stringContaining('PUBLIC_URL'))
    }
    const bare = { delivery: complete.delivery }
    for (const name of ['sender.address', 'sender.postalAddress', 'smtp.host'])
      expect(deliveryOf(situation(bare))).toHaveProperty('reason', expect.stringContaining(name))
  })

  it('never sends live for a sandbox connection or before the activation', () => {
    expect(deliveryOf(situation(complete, { sandboxConnection: true }))).toMatchObject({
      kind: 'dry_run',
      code: 'sandbox_connection',
    })
    expect(deliveryOf(situation(complete, { activated: false }))).toMatchObject({
      kind: 'dry_run',
      code: 'not_activated',
    })
  })

  it.each(['sms', 'task'] as const)('does not pretend to carry out a %s', (channel) => {
    for (const name of ['dry_run', 'sandbox', 'test_list'])
      expect(deliveryOf(situation(mode(name), { channel }))).toMatchObject({
        kind: 'dry_run',
        code: 'no_provider',
      })
  })

  it('knows an address of the test list however it is written, and no other', () => {
    const settings = parseServiceSettings(complete)
    expect(onTestList(settings, ' Ann@EXAMPLE.com')).toBe(true)
    expect(onTestList(settings, 'anne@example.com')).toBe(false)
    expect(onTestList(settings, 'ann')).toBe(false)
  })

  it('knows the numbers of the test list, and lets every number through in live mode alone', () => {
    const numbers = { testList: ['ann@example.com'], testNumbers: ['+436601234567'] }
    const reached = (name: 'off' | 'sandbox' | 'test_list' | 'live', to: string) =>
      reaches({ mode: name, ...numbers }, to)
    expect(reached('test_list', '+436601234567')).toBe(true)
    expect(reached('test_list', '+436601234568')).toBe(false)
    expect(reached('live', '+436601234568')).toBe(true)
    for (const name of ['off', 'sandbox'] as const) expect(reached(name, '+436601234567')).toBe(false)
    for (const wrong of ['06601234567', '+43 660 1234567', 'ann@example.com'])
      expect(() => parseServiceSettings({ delivery: { testNumbers: [wrong] } })).toThrow(
        /delivery\.testNumbers/,
      )
  })
})
