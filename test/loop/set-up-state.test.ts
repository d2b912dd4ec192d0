import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { asConnection } from '../../src/contracts/ids.ts'
import { SETUP_STEPS, setUpState, type SetUpQuestion } from '../../src/loop/set-up-state.ts'
import type { Connection } from '../../src/store/connections.ts'

const connection = (more: Partial<Connection> = {}): Connection => ({
  id: asConnection('00000000-0000-4000-8000-000000000001'),
  kind: 'hubspot',
  name: 'HubSpot 4711',
  externalId: '4711',
  sandbox: false,
  status: 'active',
  statusReason: null,
  config: {},
  population: { kind: 'everyone' },
  mapping: null,
  profile: { path: 'x', format: 'crm', rows: 10, columns: [] },
  object: 'companies',
  profiledAt: null,
  notes: [],
  cursor: null,
  thresholds: null,
  ...more,
})
const agreed = { by: 'user:owner', at: new Date('2026-11-20') }
const question = (more: Partial<SetUpQuestion> = {}): SetUpQuestion => ({
  connections: [connection()],
  fed: () => 5,
  activatedAt: null,
  confirmed: {},
  scored: true,
  settingsVersion: 0,
  syncErrors: new Map(),
  ...more,
})
const states = (asked: SetUpQuestion): readonly string[] => setUpState(asked).steps.map(({ state }) => state)

describe('how far a set-up is', () => {
  it('goes from step to step, each done by what is stored', () => {
    expect(states(question({ connections: [], scored: false }))).toEqual([
      'current',
      'blocked',
      'blocked',
      'blocked',
      'blocked',
    ])
    const unsaid = question({ connections: [connection({ population: null })], scored: false })
    expect(states(unsaid)).toEqual(['done', 'current', 'to_do', 'blocked', 'blocked'])
    expect(states(question())).toEqual(['done', 'done', 'current', 'to_do', 'to_do'])
    expect(states(question({ confirmed: { mapping: agreed } }))).toEqual([
      'done',
      'done',
      'done',
      'current',
      'to_do',
    ])
    const all = setUpState(question({ confirmed: { mapping: agreed, levels: agreed, actions: agreed } }))
    expect([all.steps.every(({ state }) => state === 'done'), all.missing]).toEqual([true, []])
  })

  it('takes a company whose actions are on as one that was set up, whoever did it', () => {
    expect(states(question({ activatedAt: new Date() }))).toEqual(['done', 'done', 'done', 'done', 'done'])
  })

  it('goes back to a step that broke, also after somebody agreed to it', () => {
    const confirmed = { mapping: agreed, levels: agreed, actions: agreed }
    const note = { code: 'property_missing', subject: 'mrr', message: 'mrr is gone.', since: '' }
    const broken = setUpState(question({ confirmed, connections: [connection({ notes: [note] })] }))
    expect(broken.steps[2]).toMatchObject({ state: 'current', why: 'mrr is gone.' })
    expect(states(question({ confirmed, fed: () => 0 }))[2]).toBe('current')
    const away = question({ confirmed, connections: [connection({ status: 'needs_reconnect' })] })
    expect(setUpState(away).steps[0]).toMatchObject({ state: 'current' })
    expect(setUpState(away).missing).toEqual(['Nothing is connected that can be read.'])
    expect(states(question({ confirmed, connections: [connection({ status: 'disconnected' })] }))[0]).toBe(
      'current',
    )
  })

  it('says why a first reading does not come, and that it is under way', () => {
    const unread = [connection({ profile: null })]
    expect(setUpState(question({ connections: unread })).steps[2]).toMatchObject({
      state: 'blocked',
      why: '"HubSpot 4711" is being read for the first time.',
    })
    const failed = question({
      connections: unread,
      syncErrors: new Map([[unread[0].id, 'The token is gone.']]),
    })
    expect(setUpState(failed).steps[2].why).toBe('"HubSpot 4711" could not be read: The token is gone.')
  })

  it('has one step at most that is current, and never one after a step that is blocked', () => {
    const status = fc.constantFrom('active', 'paused', 'needs_reconnect', 'disconnected') as fc.Arbitrary<
      Connection['status']
    >
    const any = fc.record({
      connections: fc.array(
        fc
          .record({ status, said: fc.boolean(), read: fc.boolean(), sandbox: fc.boolean() })
          .map(({ status: now, said, read, sandbox }) =>
            connection({
              status: now,
              sandbox,
              population: said ? { kind: 'everyone' } : null,
              profile: read ? connection().profile : null,
            }),
          ),
        { maxLength: 3 },
      ),
      scored: fc.boolean(),
      activatedAt: fc.constantFrom(null, new Date()),
      confirmed: fc
        .subarray(['mapping', 'levels', 'actions'] as const)
        .map((steps) => Object.fromEntries(steps.map((step) => [step, agreed]))),
    })
    fc.assert(
      fc.property(any, (asked) => {
        const { steps } = setUpState(question(asked))
        expect(steps.map(({ step }) => step)).toEqual(SETUP_STEPS)
        const current = steps.findIndex(({ state }) => state === 'current')
        expect(steps.filter(({ state }) => state === 'current').length).toBeLessThanOrEqual(1)
        if (current >= 0) expect(steps.slice(0, current).every(({ state }) => state === 'done')).toBe(true)
        for (const { state, why } of steps) if (state === 'blocked') expect(why).not.toBeNull()
      }),
    )
  })
})
