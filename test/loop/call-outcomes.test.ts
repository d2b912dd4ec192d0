import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Connector, MadeTask, TaskOutcome } from '../../connectors/connector.ts'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { InterventionId } from '../../src/contracts/ids.ts'
import { readCallOutcomes } from '../../src/loop/call-outcomes.ts'
import { openCallPlaces } from '../../src/loop/call-places.ts'
import { parseServiceSettings } from '../../src/settings/service.ts'
import { budgetHeld } from '../../src/store/budget.ts'
import type { Database } from '../../src/store/database.ts'
import { moveIntervention } from '../../src/store/intervention-moves.ts'
import { readIntervention } from '../../src/store/interventions.ts'
import { addConnection, addTenant, databaseKind, openTestDatabase } from '../support/database.ts'
import { addCustomer, addIntervention, movesOf } from '../support/ledger.ts'

let database: Database
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())

async function company() {
  const tenant = await addTenant(database)
  const connection = await addConnection(database, tenant)
  const customer = await addCustomer(database, { tenant, connection })
  return { tenant, connection, customer }
}
type Place = Awaited<ReturnType<typeof company>>

/** A call that is on somebody's list. */
async function made(place: Place, person = '77'): Promise<InterventionId> {
  const id = await addIntervention(database, place, { actionKey: 'call_discount_30', channel: 'task' })
  const message = { kind: 'task', doing: 'call', responsible: { id: person } }
  await database.withTenant(place.tenant, async (tx) => {
    const actor = 'a test'
    const lease = { owner: 'w', ms: 1000 }
    await moveIntervention(tx, { id, from: ['planned'], to: 'leased', actor, set: { lease, message } })
    await moveIntervention(tx, { id, from: ['leased'], to: 'sending', actor })
    const set = { sentNow: true, providerId: `crm-${id}` }
    await moveIntervention(tx, { id, from: ['sending'], to: 'sent', actor, set })
  })
  return id
}

/** A CRM that says this of its tasks, and remembers what it was asked. */
function crm(say: (task: MadeTask) => Omit<TaskOutcome, 'key'>) {
  const asked: MadeTask[] = []
  const connector = {
    taskOutcomes: (tasks: readonly MadeTask[]) => {
      asked.push(...tasks)
      return Promise.resolve(tasks.map((task) => ({ key: task.key, ...say(task) })))
    },
  } as unknown as Connector
  return { asked, open: () => Promise.resolve(connector) }
}

const read = ({ tenant, connection }: Place, open: () => Promise<Connector>) =>
  readCallOutcomes({ database }, { tenant, connection, signal: new AbortController().signal }, open)

const AT = new Date('2026-11-23T14:00:00Z')
const OPEN = { status: 'open', outcome: null, at: null } as const

describe(`what became of calls (${databaseKind})`, () => {
  it('confirms those that were made, with what came of them, and asks no more', async () => {
    const place = await company()
    const [called, waiting] = [await made(place), await made(place)]
    const say = crm(({ key }) => (key === called ? { status: 'done', outcome: 'Connected', at: AT } : OPEN))
    expect(await read(place, say.open)).toEqual({ tasksDone: 1, tasksCancelled: 0 })
    expect(say.asked.toSorted((a, b) => (a.key < b.key ? -1 : 1))).toEqual(
      [called, waiting].sort().map((key) => ({ key, externalId: `crm-${key}` })),
    )
    const row = await database.withTenant(place.tenant, (tx) => readIntervention(tx, called))
    expect(row).toMatchObject({ state: 'confirmed', reason: 'The task was done: Connected.' })
    // Asked about a moment ago.
    expect(await read(place, say.open)).toEqual({ tasksDone: 0, tasksCancelled: 0 })
    expect(say.asked).toHaveLength(2)
    await database.withTenant(place.tenant, (tx) =>
      tx.query("update call_outcomes set asked_at = now() - interval '1 day'"),
    )
    await read(place, say.open)
    expect(say.asked.map(({ key }) => key).filter((key) => key === called)).toHaveLength(1)
  })

  it('notes those that were put aside, and gives back their budget and their place', async () => {
    const place = await company()
    const id = await made(place)
    const now = new Date()
    const span = {
      start: new Date(now.getTime() - 40 * 86_400_000),
      end: new Date(now.getTime() + 86_400_000),
    }
    const held = () => database.withTenant(place.tenant, (tx) => budgetHeld(tx, span))
    expect(await held()).toMatchObject([{ reservedMinor: 0, committedMinor: 600 }])
    const settings = parseServiceSettings({ calls: { perPerson: 1 } })
    const next = () =>
      database.withTenant(place.tenant, async (tx) => {
        const places = await openCallPlaces(tx, { settings, now, calls: [OTHER] })
        return places.give({ id: '77', name: null }).to
      })
    expect(await next()).toBe('deferred')
    const say = crm(() => ({ status: 'cancelled', outcome: 'Cancelled', at: AT }))
    expect(await read(place, say.open)).toEqual({ tasksDone: 0, tasksCancelled: 1 })
    expect(await held()).toMatchObject([{ reservedMinor: 0, committedMinor: 0 }])
    expect(await next()).toBe('person')
    expect((await movesOf(database, place.tenant, id)).at(-1)).toMatchObject({
      to_state: 'sent',
      reason_code: 'task_cancelled',
      reason: 'The task was put aside in the CRM (Cancelled): nobody carried it out.',
    })
    expect(await read(place, say.open)).toEqual({ tasksDone: 0, tasksCancelled: 0 })
  })

  it('opens nothing where no task waits, and keeps what it knows when the CRM is away', async () => {
    const place = await company()
    const away = () =>
      Promise.reject(new HoldfastError('connector_unavailable', 'Away.', { retryable: true }))
    expect(await read(place, away)).toEqual({ tasksDone: 0, tasksCancelled: 0 })
    const id = await made(place)
    await expect(read(place, away)).rejects.toMatchObject({ code: 'connector_unavailable' })
    const say = crm(() => ({ status: 'done', outcome: null, at: null }))
    expect(await read(place, say.open)).toEqual({ tasksDone: 1, tasksCancelled: 0 })
    expect((await movesOf(database, place.tenant, id)).at(-1)).toMatchObject({ reason: 'The task was done.' })
  })
})

/** A call that nobody was given yet. */
const OTHER = '6f1c5d1e-0000-4000-8000-000000000009' as InterventionId
