import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { seedSample } from '../../../../connectors/hubspot/sandbox/sample.ts'
import { startHubSpotSandbox } from '../../../../connectors/hubspot/sandbox/server.ts'
import { openState, type SandboxState } from '../../../../connectors/hubspot/sandbox/state.ts'
import { statusesOf } from '../../../../connectors/hubspot/sandbox/subscription-statuses.ts'
import { startWorld } from '../../../../connectors/hubspot/sandbox/world.ts'
import { momentOf, worldFrom } from '../../../../connectors/world/life.ts'
import type { Happened, SandboxWorld } from '../../../../connectors/world/living.ts'
import { lifeOf, lives, originOf } from '../../../../connectors/world/memory.ts'

const START = Date.parse('2026-11-21T12:00:00Z')
const HOUR = 3_600_000

interface Living {
  readonly state: SandboxState
  readonly world: SandboxWorld
  pass(ms: number): void
}

function live({ customers = 150, seed = 1, pace = 1 } = {}): Living {
  let now = START
  const state = openState({ portal: '8001', clock: () => new Date(now), write: null })
  seedSample(state, { customers, seed })
  return { state, world: startWorld({ state }, { pace }), pass: (ms) => void (now += ms) }
}

const customers = (state: SandboxState): string[] =>
  state.ids('companies').filter((id) => state.value('companies', id, 'lifecyclestage') === 'customer')

/** A task as Holdfast makes one. */
function addTask(state: SandboxState, company: string, action: string, owner: string | null): string {
  const task = state.createRecord('tasks', {
    hs_task_subject: 'Call',
    hs_task_status: 'NOT_STARTED',
    hs_task_type: action.startsWith('call') ? 'CALL' : 'TODO',
    hs_timestamp: '2026-11-25T09:00:00Z',
    hubspot_owner_id: owner,
    holdfast_key: `${company}-${action}`,
    holdfast_action: action,
  })
  state.associate('tasks', task, 'companies', company, 192)
  return task
}

describe('a quarter of the sandbox’s world', () => {
  const { state, world } = live({ customers: 600 })
  const deals = new Map([...lives(state)].map(([company, { deal }]) => [company, deal]))

  it('brings dates closer; usage goes on, some leave, some renew and some come', () => {
    const [before] = customers(state).filter((id) => state.value('companies', id, 'renewal_date'))
    const since = state.value('companies', before, 'customer_since')!
    const used = customers(state).map((id) => state.value('companies', id, 'avg_daily_usage_minutes'))
    const total: Happened = world.passMonth(3)
    expect(total.months).toBeCloseTo(3, 9)
    // About 1.6 % a month: the truth's hazards.
    expect(total.left).toBeGreaterThan(10)
    expect(total.left).toBeLessThan(66)
    expect(total.renewed).toBeGreaterThan(15)
    expect(total.joined).toBeGreaterThan(10)
    const moved =
      (Date.parse(since) - Date.parse(state.value('companies', before, 'customer_since')!)) / 86_400_000
    expect(moved).toBeGreaterThan(60)
    expect(moved).toBeLessThan(93)
    const now = customers(state).map((id) => state.value('companies', id, 'avg_daily_usage_minutes'))
    expect(now).not.toEqual(used)
    // Terms are never in the past for long: they were renewed, or the customer has left.
    const overdue = customers(state).filter(
      (id) => (state.value('companies', id, 'renewal_date') || '9999') < '2026-10-20',
    )
    expect(overdue).toEqual([])
  })

  it('shows that somebody left: stage, status, reason and a lost deal, each by whom it was', () => {
    const left = [...lives(state)].filter(([, life]) => life.left !== undefined)
    expect(left.length).toBeGreaterThan(10)
    for (const [company, life] of left) {
      const { properties } = state.record('companies', company)!
      expect(properties).toMatchObject({
        lifecyclestage: 'other',
        subscription_status: 'cancelled',
        churn_date: '2026-11-21',
      })
      expect(properties.cancellation_reason).not.toBe('')
      if (life.deal) expect(state.value('deals', life.deal, 'dealstage')).toBe('renewal_lost')
      expect(state.history('companies', company, 'lifecyclestage')[0].source.sourceType).toBe(
        'AUTOMATION_PLATFORM',
      )
    }
  })

  it('decides renewals: the deal is won, and the next one is open for the next term', () => {
    const renewed = [...lives(state)].filter(([, { drift }]) => (drift?.renewals ?? 0) > 0)
    expect(renewed.length).toBeGreaterThan(10)
    for (const [company, { deal, left }] of renewed) {
      if (left !== undefined) continue
      expect(state.value('deals', deals.get(company)!, 'dealstage')).toBe('renewal_won')
      expect(deal).not.toBe(deals.get(company))
      expect(state.value('deals', deal!, 'closedate')! > '2027-08').toBe(true)
      expect(state.associated('deals', deal!, 'companies').map(({ id }) => id)).toEqual([company])
    }
  })
})

describe('the world of the sandbox', () => {
  it('moves by the clock at its pace, and stands still at pace 0', () => {
    const { world, pass } = live({ pace: 2 })
    expect(world.tick().months).toBe(0)
    pass(HOUR / 4)
    expect(world.tick().months).toBeCloseTo(0.5, 9)
    expect(world.months()).toBeCloseTo(0.5, 9)
    const still = live({ pace: 0 })
    const changes: unknown[] = []
    still.state.onChange((change) => void changes.push(change))
    still.pass(1000 * HOUR)
    still.world.tick()
    expect(changes).toEqual([])
  })

  it('turns each customer’s month once, however small the steps', () => {
    const whole = live()
    const stepwise = live()
    whole.world.passMonth()
    for (let step = 0; step < 40; step++) {
      stepwise.pass(HOUR / 40)
      stepwise.world.tick()
    }
    // Newcomers depend on the steps; everybody else does not.
    const fates = ({ state }: Living): unknown[] =>
      [...lives(state)]
        .filter(([, { joined }]) => joined === undefined)
        .map(([, { left, drift }]) => [left, drift])
    expect(fates(stepwise)).toEqual(fates(whole))
  })

  it('goes on after a restart where it was', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-world-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const start = () =>
      startHubSpotSandbox({
        clock: () => new Date(START),
        journal: join(folder, 'portal.jsonl'),
        seed: (state) => void seedSample(state, { customers: 100, seed: 5 }),
      })
    const first = await start()
    startWorld(first, { pace: 0 }).passMonth()
    const uninterrupted = live({ customers: 100, seed: 5 })
    uninterrupted.world.passMonth()
    await first.close()
    const second = await start()
    const world = startWorld(second, { pace: 0 })
    expect(world.months()).toBe(1)
    expect(world.passMonth()).toEqual(uninterrupted.world.passMonth())
    expect([...lives(second.state).values()]).toEqual([...lives(uninterrupted.state).values()])
    await second.close()
  })

  it('is told to whoever listens, like any change', () => {
    const { state, world } = live()
    const told = new Set<string>()
    state.onChange((change) => void told.add(change.kind === 'property' ? change.property : change.kind))
    world.passMonth()
    for (const seen of ['avg_daily_usage_minutes', 'lifecyclestage', 'dealstage', 'created', 'association']) {
      expect(told).toContain(seen)
    }
  })
})

describe('people in the sandbox', () => {
  it('complete the tasks that Holdfast gave them, and leave others alone', () => {
    const { state, world } = live()
    const owner = state.owners()[0].id
    const tasks = customers(state)
      .slice(0, 100)
      .map((id) => addTask(state, id, 'call_discount_30', owner))
    const other = state.createRecord('tasks', { hs_task_subject: 'Lunch', hs_task_status: 'NOT_STARTED' })
    expect(tasks.filter((id) => state.value('tasks', id, 'hs_task_status') === 'COMPLETED')).toEqual([])
    world.passMonth()
    const done = tasks.filter((id) => state.value('tasks', id, 'hs_task_status') === 'COMPLETED')
    expect(done.length).toBeGreaterThan(60)
    expect(done.length).toBeLessThan(100)
    expect(state.history('tasks', done[0], 'hs_task_status')[0].source).toEqual({
      sourceType: 'CRM_UI',
      sourceId: `userId:${state.owners()[0].userId}`,
    })
    expect(state.value('tasks', done[0], 'hs_task_completion_date')).not.toBeNull()
    // What came of the call stands on the timeline.
    expect(state.count('calls')).toBeGreaterThanOrEqual(done.length)
    expect(state.value('tasks', other, 'hs_task_status')).toBe('NOT_STARTED')
  })

  it('stay or leave by the hidden truth: the action works on their odds from then on', () => {
    const { state, world } = live()
    const world0 = worldFrom(originOf(state)!)
    const owner = state.owners()[0].id
    const companies = customers(state)
    for (const id of companies) addTask(state, id, 'discount_20', owner)
    world.passMonth()
    const acted = companies.filter((id) => lifeOf(state, id)?.effects?.length)
    expect(acted.length).toBeGreaterThan(companies.length / 2)
    let dogs = 0
    for (const id of acted) {
      const life = lifeOf(state, id)!
      const { truth } = momentOf(world0, { index: life.index, contacts: [], deal: null }, 0)
      expect(life.effects![0].oddsRatio).toBe(truth.oddsRatio[4])
      if (truth.sleepingDog) {
        dogs++
        expect(life.effects![0].oddsRatio).toBeGreaterThan(1)
      }
    }
    expect(dogs).toBeGreaterThan(0)
  })

  it('open e-mails, answer some of them, and a few unsubscribe where HubSpot shows it', () => {
    const { state, world } = live({ customers: 250 })
    const companies = customers(state).filter((id) => lifeOf(state, id)!.contacts.length > 0)
    for (let round = 0; round < 3; round++) {
      for (const id of companies) {
        const email = state.createRecord('emails', {
          hs_timestamp: '2026-11-21T12:00:00Z',
          hs_email_direction: 'EMAIL',
          hs_email_status: 'SENT',
          hs_email_subject: 'Your subscription',
          holdfast_key: `${id}-${round}`,
          holdfast_action: 'email',
        })
        state.associate('emails', email, 'companies', id, 186)
        state.associate('emails', email, 'contacts', lifeOf(state, id)!.contacts[0], 198)
      }
    }
    const happened = world.passMonth()
    expect(happened.openedEmails).toBeGreaterThan(companies.length)
    expect(happened.unsubscribed).toBeGreaterThan(1)
    expect(happened.unsubscribed).toBeLessThan(companies.length / 5)
    const answers = state
      .ids('emails')
      .filter((id) => state.value('emails', id, 'hs_email_direction') === 'INCOMING_EMAIL')
    expect(answers.length).toBeGreaterThan(10)
    const gone = state.ids('contacts').filter((id) => {
      const flags = ['hs_email_optout', 'hs_email_optout_10000002']
      return flags.some((flag) => state.history('contacts', id, flag)[0]?.source.sourceType === 'EMAIL')
    })
    expect(gone.length).toBe(happened.unsubscribed)
    for (const id of gone) {
      const { subscriptions, wide } = statusesOf(state, state.value('contacts', id, 'email')!)
      expect([wide?.status, subscriptions['10000002']?.status]).toContain('UNSUBSCRIBED')
      expect(state.record('contacts', id)!.updatedAt.getTime()).toBe(START)
    }
  })
})
