import { describe, expect, it } from 'vitest'
import {
  openGovernors,
  type Governor,
  type Turn,
  type Usage,
} from '../../../connectors/salesforce/governor.ts'

const ORG = '00D000000000001EAA'
const MINUTE = 60_000

function world({ usage = { used: 0, max: 1000 } }: { usage?: Usage } = {}) {
  let at = Date.parse('2026-11-21T10:00:00Z')
  const org = { usage, looks: 0, fails: null as Error | null }
  const turn = (more: Partial<Turn> = {}): Turn => ({
    urgent: false,
    look: async () => {
      org.looks++
      if (org.fails !== null) throw org.fails
      return org.usage
    },
    ...more,
  })
  const governors = openGovernors({ clock: () => new Date(at), atOnce: 2 })
  return { org, turn, governors, later: (ms: number) => (at += ms) }
}

const refused = async (governor: Governor, turn: Turn): Promise<string> => {
  const error: unknown = await governor.take(turn).then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).toMatchObject({ code: 'connector_unavailable', retryable: true })
  return (error as Error).message
}

describe('turns', () => {
  it('are a number at once, shared by everybody of the org, urgent ones first', async () => {
    const { governors, turn } = world()
    const [account, contact] = [governors.of(ORG, 0.2), governors.of(ORG, 0.5)]
    const [first, second] = await Promise.all([account.take(turn()), contact.take(turn())])
    const order: string[] = []
    const asked = (name: string, more: Partial<Turn>) =>
      account.take(turn(more)).then((done) => {
        order.push(name)
        return done
      })
    const waiting = [asked('sync', {}), asked('sync again', {}), asked('task', { urgent: true })]
    await new Promise(setImmediate)
    expect(order).toEqual([])
    first()
    first()
    second()
    await Promise.all(waiting.slice(0, 1))
    expect(order).toEqual(['task', 'sync'])
    await governors.of('00D000000000002EAA', 0.2).take(turn())
    for (const done of await Promise.all([waiting[2], waiting[0]])) done()
    await waiting[1]
  })

  it('that somebody no longer waits for are not taken', async () => {
    const { governors, turn } = world()
    const governor = governors.of(ORG, 0.2)
    const held = await Promise.all([governor.take(turn()), governor.take(turn())])
    const stop = new AbortController()
    const waiting = governor.take(turn({ signal: stop.signal }))
    const next = governor.take(turn())
    stop.abort(new Error('shutting down'))
    await expect(waiting).rejects.toThrow('shutting down')
    await expect(governor.take(turn({ signal: stop.signal }))).rejects.toThrow('shutting down')
    held[0]()
    await next
  })
})

describe('the reserve', () => {
  it('is left to others, except by what is urgent, and by connections with a smaller one', async () => {
    const { governors, turn } = world()
    const governor = governors.of(ORG, 0.2)
    governor.saw({ used: 800, max: 1000 })
    ;(await governor.take(turn()))()
    governor.saw({ used: 801, max: 1000 })
    const said = await refused(governor, turn())
    expect(said).toContain('801 of 1000')
    expect(said).toContain('20 % are left to its other tools')
    expect(said).toContain('at 10:10 UTC')
    ;(await governor.take(turn({ urgent: true })))()
    ;(await governors.of(ORG, 0.1).take(turn()))()
  })

  it('is looked at every ten minutes and no more often, by one call for all', async () => {
    const { governors, turn, org, later } = world({ usage: { used: 900, max: 1000 } })
    const governor = governors.of(ORG, 0.2)
    governor.saw({ used: 900, max: 1000 })
    later(10 * MINUTE - 1)
    await refused(governor, turn())
    expect(org.looks).toBe(0)
    later(1)
    await Promise.all([refused(governor, turn()), refused(governor, turn())])
    await refused(governor, turn())
    expect(org.looks).toBe(1)
    later(10 * MINUTE)
    org.usage = { used: 700, max: 1000 }
    const [one, two] = await Promise.all([governor.take(turn()), governor.take(turn())])
    one()
    two()
    expect(org.looks).toBe(2)
    expect(governor.usage()).toEqual({ used: 700, max: 1000 })
  })

  it('is no longer touched once any answer says so', async () => {
    const { governors, turn, org } = world()
    const governor = governors.of(ORG, 0.2)
    governor.saw({ used: 900, max: 1000 })
    await refused(governor, turn())
    governor.saw({ used: 500, max: 1000 })
    await governor.take(turn())
    expect(org.looks).toBe(0)
  })

  it('stops who waited for a turn while the last one was taken', async () => {
    const { governors, turn } = world()
    const governor = governors.of(ORG, 0.2)
    const [first] = await Promise.all([governor.take(turn()), governor.take(turn())])
    const waiting = refused(governor, turn())
    governor.saw({ used: 999, max: 1000 })
    first()
    await waiting
    ;(await governor.take(turn({ urgent: true })))()
  })
})

describe('an org whose calls are used up', () => {
  it('is not called at all, urgent or not, before the next look says otherwise', async () => {
    const { governors, turn, org, later } = world({ usage: { used: 1000, max: 1000 } })
    const governor = governors.of(ORG, 0.2)
    governor.exhausted()
    expect(await refused(governor, turn({ urgent: true }))).toContain('has used up its API calls')
    later(10 * MINUTE)
    await refused(governor, turn({ urgent: true }))
    expect(org.looks).toBe(1)
    org.usage = { used: 950, max: 1000 }
    later(10 * MINUTE)
    ;(await governor.take(turn({ urgent: true })))()
    await refused(governor, turn())
    expect(org.looks).toBe(2)
  })

  it('that cannot be looked at is looked at again ten minutes later', async () => {
    const { governors, turn, org, later } = world()
    const governor = governors.of(ORG, 0.2)
    governor.exhausted()
    org.fails = new Error('refused too')
    later(10 * MINUTE)
    await expect(governor.take(turn())).rejects.toThrow('refused too')
    await refused(governor, turn())
    expect(org.looks).toBe(1)
    org.fails = null
    later(10 * MINUTE)
    await governor.take(turn())
  })
})
