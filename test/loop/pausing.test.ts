import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { referenceActions } from '../../actions/catalogue.ts'
import type { ConnectionId, CustomerId, InterventionId, TenantId } from '../../src/contracts/ids.ts'
import { openBudget } from '../../src/loop/budget.ts'
import { decideBook } from '../../src/loop/decide-book.ts'
import { pauseFacts, pauseVerdict, pausedActions, type PauseFacts } from '../../src/loop/pauses.ts'
import { pausePart, releaseEverything, resumePart, stopEverything } from '../../src/loop/pausing.ts'
import type { LoopServices } from '../../src/loop/services.ts'
import { expireApprovals } from '../../src/store/approvals.ts'
import { listAudit } from '../../src/store/audit.ts'
import type { Database, Transaction } from '../../src/store/database.ts'
import { INTERVENTION_STATES, type InterventionState } from '../../src/store/intervention-states.ts'
import { approve, planInterventions, snooze } from '../../src/store/interventions.ts'
import { ensureInstallation, pauseInstallation, pauseTenant } from '../../src/store/tenants.ts'
import { addConnection, addTenant, databaseKind, openTestDatabase } from '../support/database.ts'
import { addCustomer, addIntervention, plannedIntervention } from '../support/ledger.ts'
import { addBook, addScored, loopServices, stepContext } from './decidable.ts'

let database: Database
let tenant: TenantId
let connection: ConnectionId
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  tenant = await addTenant(database)
  connection = await addConnection(database, tenant)
})

const here = <T>(work: (tx: Transaction) => Promise<T>): Promise<T> => database.withTenant(tenant, work)
const actor = 'user:ann'
const email = { actionKey: 'email', channel: 'email' }
/** In any state, as if it had got there. */
async function insert(customer: CustomerId, state: InterventionState): Promise<InterventionId> {
  const id = await addIntervention(database, { tenant, connection, customer })
  await here((tx) =>
    tx.query('update interventions set state = $3 where tenant_id = $1 and id = $2', [tenant, id, state]),
  )
  return id
}
const intervention = async (state: InterventionState = 'planned') =>
  insert(await addCustomer(database, { tenant, connection }), state)
const stateOf = (id: InterventionId) =>
  here(async (tx) => {
    const [row] = await tx.query<{ state: string; reason: string; awaiting: boolean; by: string | null }>(
      `select state, reason, awaiting_since is not null as awaiting, approved_by as by from interventions
       where tenant_id = $1 and id = $2`,
      [tenant, id],
    )
    return row
  })

describe(`pauses (${databaseKind})`, () => {
  it('stop one action or one channel, say why, and leave the rest alone', async () => {
    await here((tx) => pausePart(tx, { scope: 'action', name: 'email' }, { reason: 'A new text.', actor }))
    await here((tx) => pausePart(tx, { scope: 'channel', name: 'sms' }, { reason: 'No credit.', actor }))
    const facts = await here(pauseFacts)
    expect(pauseVerdict(facts, email)).toEqual({
      to: 'deferred',
      code: 'action_paused',
      reason: 'This action is paused: A new text.',
    })
    expect(pauseVerdict(facts, { actionKey: 'sms', channel: 'sms' })?.code).toBe('channel_paused')
    expect(pauseVerdict(facts, { actionKey: 'discount_10', channel: 'email' })).toBeNull()
    expect([...pausedActions(facts, referenceActions)]).toEqual([
      ['email', 'A new text.'],
      ['sms', 'No credit.'],
    ])
    await here((tx) => resumePart(tx, { scope: 'action', name: 'email' }, { actor }))
    expect(pauseVerdict(await here(pauseFacts), email)).toBeNull()
    const audited = await here((tx) => listAudit(tx))
    expect(audited.map(({ action, object }) => `${action} ${object}`)).toEqual([
      'action.resume email',
      'channel.pause sms',
      'action.pause email',
    ])
  })

  it('keep the first reason when they are asked for twice, and come back when asked for again', async () => {
    const pause = (reason: string) =>
      here((tx) => pausePart(tx, { scope: 'action', name: 'sms' }, { reason, actor }))
    expect([await pause('First.'), await pause('Second.')]).toEqual([true, false])
    expect((await here(pauseFacts)).actions.get('sms')).toBe('First.')
    await here((tx) => resumePart(tx, { scope: 'action', name: 'sms' }, { actor }))
    expect(await here((tx) => resumePart(tx, { scope: 'action', name: 'sms' }, { actor }))).toBe(false)
    await pause('Third.')
    expect((await here(pauseFacts)).actions.get('sms')).toBe('Third.')
  })

  it('refuse what is not there, and name what is', async () => {
    const pause = (scope: 'action' | 'channel', name: string) =>
      here((tx) => pausePart(tx, { scope, name }, { reason: 'x', actor }))
    await expect(pause('action', 'emial')).rejects.toThrow(/no action "emial".*email, sms, discount_10/)
    await expect(pause('action', 'no_action')).rejects.toMatchObject({ code: 'request_invalid' })
    await expect(pause('channel', 'fax')).rejects.toThrow('email, sms, task')
  })

  it('of the company and of the installation stand above those of a part', async () => {
    await here((tx) => pausePart(tx, { scope: 'action', name: 'email' }, { reason: 'A new text.', actor }))
    await here((tx) => pauseTenant(tx, tenant, 'holidays'))
    expect(pauseVerdict(await here(pauseFacts), email)?.code).toBe('tenant_paused')
    await database.asSystem('test', async (tx) => {
      await ensureInstallation(tx)
      await pauseInstallation(tx, 'restored')
    })
    const facts = await here(pauseFacts)
    await database.asSystem('test', (tx) => pauseInstallation(tx, null))
    expect(pauseVerdict(facts, email)).toMatchObject({ code: 'installation_paused', to: 'deferred' })
  })

  it('are of one company only', async () => {
    await here((tx) => pausePart(tx, { scope: 'action', name: 'email' }, { reason: 'Ours.', actor }))
    const other = await addTenant(database)
    expect(pauseVerdict(await database.withTenant(other, pauseFacts), email)).toBeNull()
  })
})

describe(`the kill switch (${databaseKind})`, () => {
  it('cancels exactly what has not begun to go out, and nothing comes back with its release', async () => {
    const states = INTERVENTION_STATES.filter((state) => state !== 'leased')
    const ids = new Map(
      await Promise.all(states.map(async (state) => [state, await intervention(state)] as const)),
    )
    const leased = await intervention('leased')
    expect(await here((tx) => stopEverything(tx, { reason: 'a wrong list', actor }))).toBe(5)
    for (const state of states)
      expect([state, (await stateOf(ids.get(state)!)).state]).toEqual([
        state,
        ['planned', 'awaiting_approval', 'deferred', 'snoozed'].includes(state) ? 'cancelled' : state,
      ])
    expect(await stateOf(leased)).toMatchObject({
      state: 'cancelled',
      reason: 'All actions were stopped: a wrong list',
    })
    const facts = await here(pauseFacts)
    expect(pauseVerdict(facts, email)).toMatchObject({ to: 'cancelled', code: 'killed' })
    expect(pausedActions(facts, referenceActions).size).toBe(referenceActions.length - 1)
    expect(await here((tx) => releaseEverything(tx, { actor }))).toBe(true)
    expect(pauseVerdict(await here(pauseFacts), email)).toBeNull()
    expect((await stateOf(leased)).state).toBe('cancelled')
  })

  it('leaves nothing that is planned while it is on, and what comes after its release alone', async () => {
    const customer = await addCustomer(database, { tenant, connection })
    const plan = (state: 'planned' | 'awaiting_approval') =>
      addIntervention(database, { tenant, connection, customer }, { state })
    await here((tx) => stopEverything(tx, { reason: 'Wrong prices.', actor }))
    for (const id of [await plan('planned'), await plan('awaiting_approval')])
      expect(await stateOf(id)).toMatchObject({
        state: 'cancelled',
        reason: 'All actions were stopped: Wrong prices.',
      })
    await here((tx) => releaseEverything(tx, { actor }))
    expect(await stateOf(await plan('planned'))).toMatchObject({ state: 'planned' })
  })

  it('waits for who is just planning, so that it does not miss what they have not committed', async () => {
    const customer = await addCustomer(database, { tenant, connection })
    const planned = plannedIntervention({ connection, customer })
    let written: () => void = () => undefined
    const isWritten = new Promise<void>((resolve) => (written = resolve))
    const planning = here(async (tx) => {
      await openBudget(tx)
      await planInterventions(tx, [planned], new Date())
      written()
      await sleep(100)
    })
    await isWritten
    await here((tx) => stopEverything(tx, { reason: 'Wrong prices.', actor }))
    await planning
    expect(await stateOf(planned.id)).toMatchObject({ state: 'cancelled' })
  })

  it('stops a pass of decisions that was begun before it', async () => {
    const services = loopServices(database, () => new Date('2026-11-20T10:00:00Z'))
    try {
      const place = await addBook(database, {
        settings: { gate: { threshold: 0.5 }, margin: { gross: 0.9 } },
      })
      await addScored(database, place, 1, 60)
      const stopping: LoopServices['engines'] = {
        ...services.engines,
        // After the book was read, before anything is written.
        get: async (...asked) => {
          await database.withTenant(place.tenant, (tx) =>
            stopEverything(tx, { reason: 'Wrong prices.', actor }),
          )
          return services.engines.get(...asked)
        },
      }
      const context = stepContext(place.tenant, place.connection)
      expect(await decideBook({ ...services, engines: stopping }, context)).toEqual({
        decided: 60,
        planned: 0,
      })
      const chosen = await database.withTenant(place.tenant, (tx) =>
        tx.query('select distinct action_key from decisions where tenant_id = $1', [place.tenant]),
      )
      expect(chosen).toEqual([{ action_key: 'no_action' }])
    } finally {
      await services.engines.close()
    }
  })

  it('stops above every pause, so that what waits ends too', () => {
    const facts: PauseFacts = {
      installation: 'restored',
      tenant: 'holidays',
      actions: new Map([['email', 'x']]),
      channels: new Map(),
      killed: true,
      killedReason: 'a wrong list',
    }
    expect(pauseVerdict(facts, email)).toMatchObject({ to: 'cancelled', code: 'killed' })
  })
})

describe(`what waits for an approval (${databaseKind})`, () => {
  const waitedFor = (id: string, days: number) =>
    here((tx) =>
      tx.query(
        `update interventions set awaiting_since = now() - $3 * interval '1 day' where tenant_id = $1 and id = $2`,
        [tenant, id, days],
      ),
    )

  it('expires after the days of the settings, and only then', async () => {
    const [old, young] = [await intervention('awaiting_approval'), await intervention('awaiting_approval')]
    await waitedFor(old, 7.01)
    await waitedFor(young, 6.99)
    expect(await here((tx) => expireApprovals(tx, 7))).toBe(1)
    expect([(await stateOf(old)).state, (await stateOf(young)).state]).toEqual([
      'expired',
      'awaiting_approval',
    ])
    expect((await stateOf(old)).reason).toBe('Nobody approved it within 7 days.')
    expect(await here((tx) => expireApprovals(tx, 7))).toBe(0)
  })

  it('does not wait while it is snoozed, nor once it was approved', async () => {
    const snoozed = await intervention('awaiting_approval')
    const approved = await intervention('awaiting_approval')
    await here((tx) => snooze(tx, snoozed, { actor, until: new Date(Date.now() + 86_400_000) }))
    await here((tx) => approve(tx, approved, { actor }))
    expect([(await stateOf(snoozed)).awaiting, (await stateOf(approved)).awaiting]).toEqual([false, false])
    expect(await here((tx) => expireApprovals(tx, 1))).toBe(0)
  })

  it('has no yes of before', async () => {
    const id = await intervention('deferred')
    const move = (state: string) =>
      here((tx) =>
        tx.query(
          `update interventions set state = $3, approved_by = case when $3 = 'planned' then 'user:ann' else approved_by end
           where tenant_id = $1 and id = $2`,
          [tenant, id, state],
        ),
      )
    await move('planned')
    expect((await stateOf(id)).by).toBe('user:ann')
    await move('awaiting_approval')
    expect(await stateOf(id)).toMatchObject({ by: null, awaiting: true })
  })
})
