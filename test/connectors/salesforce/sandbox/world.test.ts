import { describe, expect, it } from 'vitest'
import { seedSample } from '../../../../connectors/hubspot/sandbox/sample.ts'
import { openState as openPortalState } from '../../../../connectors/hubspot/sandbox/state.ts'
import { startWorld } from '../../../../connectors/hubspot/sandbox/world.ts'
import { packageNames } from '../../../../connectors/salesforce/package.ts'
import type { SalesforceState } from '../../../../connectors/salesforce/sandbox/state.ts'
import { startOrgWorld } from '../../../../connectors/salesforce/sandbox/world.ts'
import { momentOf, worldFrom } from '../../../../connectors/world/life.ts'
import type { SandboxWorld } from '../../../../connectors/world/living.ts'
import { lifeOf, lives, originOf, type Memory } from '../../../../connectors/world/memory.ts'
import { contactsOf, customersOf, NOW, sampleOrg, type SampleOrgOptions } from './sample-org.ts'

interface Living {
  readonly state: SalesforceState
  readonly world: SandboxWorld
  pass(ms: number): void
}

function live({ pace = 0, ...options }: SampleOrgOptions & { pace?: number } = {}): Living {
  let now = NOW.getTime()
  const state = sampleOrg({ customers: 150, ...options, clock: () => new Date(now) })
  return { state, world: startOrgWorld({ state }, { pace }), pass: (ms) => void (now += ms) }
}

const HOUR = 3_600_000
const rep = (state: SalesforceState): string =>
  state.ids('User').find((id) => state.value('User', id, 'LastName') === 'Sample')!

/** What the connector logs for an e-mail. */
function logEmail(
  state: SalesforceState,
  account: string,
  contact: string,
  field = 'Holdfast_Action__c',
): string {
  return state.createRecord('Task', {
    ...(state.value('Account', account, 'IsPersonAccount') === true ? {} : { WhatId: account }),
    WhoId: contact,
    OwnerId: state.users.integration,
    Subject: 'Email: Your subscription',
    Status: 'Completed',
    TaskSubtype: 'Email',
    [field]: 'email',
  })
}

function addTask(state: SalesforceState, account: string, action: string, owner: string): string {
  return state.createRecord('Task', {
    WhatId: account,
    OwnerId: owner,
    Subject: 'Talk about the renewal',
    Type: action.startsWith('call') ? 'Call' : null,
    Holdfast_Action__c: action,
  })
}

describe('a quarter of the sandbox’s world', () => {
  const { state, world } = live({ customers: 600 })
  const opportunities = new Map([...lives(state)].map(([account, { deal }]) => [account, deal]))
  const total = world.passMonth(3)

  it('lets some leave, some renew and some come, and everybody’s usage go on', () => {
    expect(total.months).toBeCloseTo(3, 9)
    expect(total.left).toBeGreaterThan(10)
    expect(total.left).toBeLessThan(66)
    expect(total.renewed).toBeGreaterThan(15)
    expect(total.joined).toBeGreaterThan(10)
    const overdue = customersOf(state).filter(
      (id) => String(state.value('Account', id, 'Renewal_Date__c') ?? '9999') < '2026-10-20',
    )
    expect(overdue).toEqual([])
  })

  it('shows that somebody left: type, status and reason, a lost Opportunity and a Contract that ended', () => {
    const left = [...lives(state)].filter(([, life]) => life.left !== undefined)
    expect(left.length).toBe(total.left)
    const contracts = state.tables.table('Contract')
    for (const [account, life] of left) {
      const { values } = state.record('Account', account)!
      expect(values).toMatchObject({
        Type: 'Former Customer',
        Subscription_Status__c: 'Cancelled',
        Churn_Date__c: '2026-11-21',
      })
      expect(values.Cancellation_Reason__c).not.toBeNull()
      if (life.deal !== null) {
        const { StageName, Loss_Reason__c } = state.record('Opportunity', life.deal)!.values
        expect([StageName, Loss_Reason__c]).toEqual(['Closed Lost', values.Cancellation_Reason__c])
      }
      const statuses = [...contracts.indexed('AccountId', account)].map((row) => contracts.get(row, 'Status'))
      expect(statuses).not.toContain('Activated')
    }
    const told = [...state.records('AccountHistory')].filter(({ values }) => values.Field === 'Type')
    expect(told).toHaveLength(left.length)
  })

  it('decides renewals: the Opportunity is won, the next one open, and the next term runs', () => {
    const renewed = [...lives(state)].filter(([, { drift, left }]) => drift?.renewals && left === undefined)
    expect(renewed.length).toBeGreaterThan(10)
    const contracts = state.tables.table('Contract')
    for (const [account, { deal }] of renewed) {
      expect(state.value('Opportunity', opportunities.get(account)!, 'StageName')).toBe('Closed Won')
      expect(deal).not.toBe(opportunities.get(account))
      expect(String(state.value('Opportunity', deal!, 'CloseDate')) > '2027-08').toBe(true)
      const statuses = [...contracts.indexed('AccountId', account)].map((row) => contracts.get(row, 'Status'))
      expect(statuses.sort()).toEqual(['Activated', 'Expired'])
    }
  })
})

describe('the world of the sandbox', () => {
  it('moves by the clock at its pace, and each change is told once', () => {
    const { state, world, pass } = live({ pace: 2 })
    const told = new Set<string>()
    state.onChange(({ type, kind }) => void told.add(`${type} ${kind}`))
    expect(world.tick().months).toBe(0)
    pass(HOUR / 2)
    expect(world.tick().months).toBeCloseTo(1, 9)
    for (const seen of ['Account update', 'Opportunity update', 'Contract update', 'Account create'])
      expect(told).toContain(seen)
  })

  it('turns each customer’s month once, however small the steps', () => {
    const whole = live({ customers: 100 })
    const stepwise = live({ customers: 100, pace: 1 })
    whole.world.passMonth()
    for (let step = 0; step < 8; step++) {
      stepwise.pass(HOUR / 8)
      stepwise.world.tick()
    }
    // Newcomers depend on the steps; everybody else does not.
    const fates = ({ state }: Living): unknown[] =>
      [...lives(state).values()]
        .filter(({ joined }) => joined === undefined)
        .map(({ left, drift }) => [left, drift])
    expect(fates(stepwise)).toEqual(fates(whole))
  })

  it('forgets what tracked fields were more than 18 months of the world ago', () => {
    const { state, world, pass } = live({ customers: 20, pace: 1 })
    const kept: number[] = []
    for (let month = 1; month <= 40; month++) {
      pass(HOUR)
      world.tick()
      kept.push(state.count('AccountHistory'))
    }
    const told = (from: number, to: number): number => kept[to - 1] - kept[from - 1]
    expect(told(1, 18)).toBeGreaterThan(200)
    const [oldest] = [...state.records('AccountHistory')]
      .map(({ values }) => String(values.CreatedDate))
      .sort()
    expect(Date.parse(oldest.replace('+0000', 'Z'))).toBeGreaterThanOrEqual(NOW.getTime() + 22 * HOUR)
    expect(kept.at(-1)).toBeLessThan(Math.max(...kept.slice(0, 20)))
    expect(state.entries('world_months_ended').size).toBe(18)
  })

  it('lets the same customers leave as HubSpot’s sandbox: it is the same world', () => {
    const org = live({ customers: 200, seed: 4, personAccounts: true })
    org.world.passMonth(2)
    const portal = openPortalState({ portal: '8001', clock: () => NOW, write: null })
    seedSample(portal, { customers: 200, seed: 4 })
    startWorld({ state: portal }, { pace: 0 }).passMonth(2)
    const left = (memory: Memory): number[] =>
      [...lives(memory).values()].filter((life) => life.left !== undefined).map(({ index }) => index)
    expect(left(org.state).length).toBeGreaterThan(3)
    expect(left(org.state)).toEqual(left(portal))
  })
})

describe('people in the sandbox', () => {
  it('complete the tasks that Holdfast gave them, log their calls, and leave others alone', () => {
    const { state, world } = live()
    const owner = rep(state)
    const tasks = customersOf(state)
      .slice(0, 100)
      .map((id) => addTask(state, id, 'call_discount_30', owner))
    const other = state.createRecord('Task', { Subject: 'Lunch', OwnerId: owner })
    world.passMonth()
    const done = tasks.filter((id) => state.value('Task', id, 'Status') === 'Completed')
    expect(done.length).toBeGreaterThan(60)
    expect(done.length).toBeLessThan(100)
    expect(state.record('Task', done[0])!.values).toMatchObject({ IsClosed: true, LastModifiedById: owner })
    const calls = [...state.records('Task')].filter(({ values }) => values.TaskSubtype === 'Call')
    expect(calls.length).toBeGreaterThanOrEqual(done.length)
    const account = String(state.value('Task', done[0], 'WhatId'))
    expect(state.value('Account', account, 'LastActivityDate')).toBe('2026-11-21')
    expect(state.value('Task', other, 'Status')).toBe('Not Started')
  })

  it('mostly leave alone what belongs to nobody who works there', () => {
    const { state, world } = live()
    const inactive = state.ids('User').find((id) => state.value('User', id, 'IsActive') === false)!
    const tasks = customersOf(state)
      .slice(0, 100)
      .map((id, i) => addTask(state, id, 'discount_10', i % 2 ? inactive : state.users.integration))
    world.passMonth()
    const done = tasks.filter((id) => state.value('Task', id, 'Status') === 'Completed')
    expect(done.length).toBeGreaterThan(3)
    expect(done.length).toBeLessThan(50)
  })

  it('stay or leave by the hidden truth: the action works on their odds from then on', () => {
    const { state, world } = live()
    const truths = worldFrom(originOf(state)!)
    const accounts = customersOf(state)
    for (const id of accounts) addTask(state, id, 'discount_20', rep(state))
    world.passMonth()
    const acted = accounts.filter((id) => lifeOf(state, id)?.effects?.length)
    expect(acted.length).toBeGreaterThan(accounts.length / 2)
    for (const id of acted) {
      const { index, effects } = lifeOf(state, id)!
      const { truth } = momentOf(truths, { index, contacts: [], deal: null }, 0)
      expect(effects![0].oddsRatio).toBe(truth.oddsRatio[4])
    }
  })

  it.each([undefined, 'holdfast'])(
    'open e-mails and answer some; a few opt out (namespace %s)',
    (namespace) => {
      const { state, world } = live({ customers: 250, personAccounts: true, namespace })
      const field = packageNames(namespace ?? null).of('Holdfast_Action__c')
      const optedOut = (): string[] =>
        state.ids('Contact').filter((id) => state.value('Contact', id, 'HasOptedOutOfEmail') === true)
      const before = optedOut()
      const reached = customersOf(state).filter((id) => contactsOf(state, id).length > 0)
      for (let round = 0; round < 3; round++)
        for (const id of reached) logEmail(state, id, contactsOf(state, id)[0], field)
      const logged = state.count('Task')
      const happened = world.passMonth()
      expect(happened.openedEmails).toBeGreaterThan(reached.length)
      expect(happened.unsubscribed).toBeGreaterThan(1)
      expect(happened.unsubscribed).toBeLessThan(reached.length / 5)
      expect(state.count('Task') - logged).toBeGreaterThan(10)
      const gone = optedOut().filter((id) => !before.includes(id))
      expect(gone).toHaveLength(happened.unsubscribed)
      const persons = reached.filter((id) => state.value('Account', id, 'IsPersonAccount') === true)
      for (const id of persons) {
        const [contact] = contactsOf(state, id)
        expect(state.value('Account', id, 'PersonHasOptedOutOfEmail') ?? false).toBe(
          state.value('Contact', contact, 'HasOptedOutOfEmail') ?? false,
        )
      }
      const dates = [...state.records('ContactHistory')].filter(({ values }) =>
        gone.includes(String(values.ContactId)),
      )
      expect(dates.length).toBeGreaterThanOrEqual(gone.length - persons.length)
    },
  )
})
