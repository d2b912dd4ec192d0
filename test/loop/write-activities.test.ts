import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { HoldfastError } from '../../src/contracts/errors.ts'
import { asRun } from '../../src/contracts/ids.ts'
import type { Counts } from '../../src/loop/services.ts'
import { writeBack } from '../../src/loop/write-back.ts'
import { activityOf } from '../../src/store/activities.ts'
import { watchCrms } from '../../src/store/reads/crm-connections.ts'
import { SANDBOX, liveTo, openActing, type Acting, type Place } from '../support/acting.ts'
import { databaseKind } from '../support/database.ts'

let acting: Acting
beforeAll(async () => {
  acting = await openActing()
})
afterAll(() => acting.close())
beforeEach(() => {
  acting.crm.timeline.length = 0
  Object.assign(acting.crm, { refuse: () => null, fails: null, can: ['tasks', 'activities', 'consent'] })
})

const CRM = { kind: 'crm', name: 'The CRM' }
const ANN = { email: 'ann@example.com', name: 'Ann', consent: 'granted' } as const

/** A write-back pass, as the queue runs it. */
function pass({ tenant, connection }: Place): Promise<Counts> {
  const { services } = acting
  const all = {
    ...services,
    engines: { get: () => Promise.reject(new Error('none')), close: async () => undefined },
  }
  const context = { tenant, connection, run: asRun(randomUUID()), cause: 'act', progress: () => undefined }
  return writeBack(all, { ...context, signal: new AbortController().signal })
}

async function sent(place: Place) {
  const id = await acting.plan(place)
  expect(await acting.act(place, id)).toBe('sent')
  return id
}
const liveScene = () => acting.scene({ settings: liveTo(ANN.email), connection: CRM, recipients: [ANN] })
const logOf = (place: Place, id: Awaited<ReturnType<typeof sent>>) =>
  acting.database.withTenant(place.tenant, (tx) => activityOf(tx, id))

describe(`the timeline of a record (${databaseKind})`, () => {
  it('gets what was sent, once, without the link that would unsubscribe the person', async () => {
    const place = await liveScene()
    const id = await sent(place)
    expect(await pass(place)).toMatchObject({ logged: 1, unlogged: 0 })
    expect(acting.crm.timeline).toMatchObject([
      { key: id, action: 'email', kind: 'email', from: 'hello@acme.example', to: ANN.email },
    ])
    expect(acting.crm.timeline[0].body).not.toMatch(/\/u\//)
    expect(await logOf(place, id)).toMatchObject({ state: 'logged', message: null })
    expect(await pass(place)).toMatchObject({ logged: 0, unlogged: 0 })
    expect(acting.crm.timeline).toHaveLength(1)
  })

  it('gets many in one call, and those of a crash again under the same key', async () => {
    const place = await liveScene()
    const ids = [await sent(place), await sent(place), await sent(place)]
    expect(await pass(place)).toMatchObject({ logged: 3 })
    await acting.sql(place, `update activities set state = 'waiting' where intervention_id = $1`, [ids[1]])
    expect(await pass(place)).toMatchObject({ logged: 1 })
    expect(acting.crm.timeline.map(({ key }) => key).toSorted()).toEqual([...ids, ids[1]].toSorted())
  })

  it('shows why an entry is missing, and tries again what can pass', async () => {
    const place = await liveScene()
    const [soon, never] = [await sent(place), await sent(place)]
    acting.crm.refuse = (key) => ({ retryable: key === soon, message: 'HubSpot refuses it.' })
    expect(await pass(place)).toMatchObject({ logged: 0, unlogged: 2 })
    expect(await logOf(place, soon)).toMatchObject({ state: 'waiting', message: 'HubSpot refuses it.' })
    expect(await logOf(place, never)).toMatchObject({ state: 'failed', message: 'HubSpot refuses it.' })
    const portals = await acting.database.withTenant(place.tenant, watchCrms)
    expect(portals.find(({ connection }) => connection === place.connection)?.refusals).toMatchObject([
      { what: 'activity', count: 1, again: false, message: 'HubSpot refuses it.' },
    ])
    acting.crm.refuse = () => null
    expect(await pass(place)).toMatchObject({ logged: 0 })
    const [{ seconds }] = await acting.sql(
      place,
      `select extract(epoch from due_at - now())::float8 as seconds from steps where step = 'write_back'`,
    )
    expect(seconds).toBeLessThanOrEqual(61)
    await acting.sql(place, 'update activities set due_at = now()')
    expect(await pass(place)).toMatchObject({ logged: 1 })
    expect(await logOf(place, soon)).toMatchObject({ state: 'logged', message: null })
  })

  it('ends with an entry that is refused each time, after a week of tries', async () => {
    const place = await liveScene()
    const id = await sent(place)
    acting.crm.refuse = () => ({ retryable: true, message: 'HubSpot refuses it.' })
    await acting.sql(place, 'update activities set attempts = 38')
    await pass(place)
    expect(await logOf(place, id)).toMatchObject({ state: 'waiting' })
    await acting.sql(place, 'update activities set due_at = now()')
    await pass(place)
    expect(await logOf(place, id)).toMatchObject({
      state: 'failed',
      message: 'Given up after 40 tries. The last one: HubSpot refuses it.',
    })
  })

  it('loses nothing while the CRM is away', async () => {
    const place = await liveScene()
    const id = await sent(place)
    acting.crm.fails = new HoldfastError('connector_unavailable', 'HubSpot is away.', { retryable: true })
    await expect(pass(place)).rejects.toThrow('HubSpot is away.')
    expect(await logOf(place, id)).toMatchObject({ state: 'waiting' })
    acting.crm.fails = null
    expect(await pass(place)).toMatchObject({ logged: 1 })
  })

  it('gets nothing of dry runs, of the sandbox inbox, or where there is no timeline', async () => {
    const dry = await acting.scene({ settings: {}, connection: CRM, recipients: [ANN] })
    expect(await acting.act(dry, await acting.plan(dry))).toBe('dry_run')
    const rehearsed = await acting.scene({ settings: SANDBOX, connection: CRM, recipients: [ANN] })
    await sent(rehearsed)
    const file = await acting.scene({ settings: SANDBOX, recipients: [ANN] })
    await sent(file)
    for (const place of [dry, rehearsed, file]) {
      expect((await pass(place))['logged'] ?? 0).toBe(0)
      expect(await acting.sql(place, 'select 1 from activities')).toEqual([])
    }
    const built = { ...CRM, sandbox: true, config: { builtIn: true } }
    const sandbox = await acting.scene({ settings: SANDBOX, connection: built, recipients: [ANN] })
    const id = await sent(sandbox)
    expect(await pass(sandbox)).toMatchObject({ logged: 1 })
    expect(acting.crm.timeline.map(({ key }) => key)).toEqual([id])
  })
})
