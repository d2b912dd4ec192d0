import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { referenceActions, shippedActions } from '../../actions/catalogue.ts'
import { encodeNetwork } from '../../models/onnx/encode.ts'
import { createNetwork, toLayers } from '../../models/policy/network.ts'
import type { SolveRequest, SolvedPolicy } from '../../models/policy/solve-job.ts'
import { STATE_SIZE } from '../../models/policy/state.ts'
import { random } from '../../models/random.ts'
import { decideBook } from '../../src/loop/decide-book.ts'
import { openEngines } from '../../src/loop/engines.ts'
import type { LoopServices } from '../../src/loop/services.ts'
import { policyStanding } from '../../src/loop/policy-standing.ts'
import { solveStep, type Solver } from '../../src/loop/solve.ts'
import type { Database } from '../../src/store/database.ts'
import { policyInCharge } from '../../src/store/policies.ts'
import { currentSettings, saveSettings } from '../../src/store/settings-versions.ts'
import { databaseKind, openTestDatabase } from '../support/database.ts'
import { addBook, addScored, loopServices, stepContext } from './decidable.ts'

const NOW = new Date('2026-11-20T10:00:00Z')
const gift = {
  key: 'gift',
  name: 'Send a Gift',
  channel: 'task',
  fixedCost: 5,
  effect: { mean: 0.1, sd: 0.04, source: 'our test of 2026' },
}

let database: Database
let services: LoopServices
const dataFolder = mkdtempSync(join(tmpdir(), 'holdfast-solve-'))
beforeAll(async () => {
  database = await openTestDatabase()
  services = { ...loopServices(database, () => NOW), engines: openEngines({ threads: 1, dataFolder }) }
})
afterAll(async () => {
  await services.engines.close()
  await database.close()
  rmSync(dataFolder, { recursive: true })
})

const figures = {
  fullStateGain: 0.03,
  errorBound: 1e-5,
  gain: { complete: 0.028, bare: 0.02 },
  shareOfFullState: { complete: 0.9, bare: 0.7 },
  shares: { complete: [], bare: [] },
  gatedGain: 0.02,
  gatedGainEffectsHalved: 0.001,
  gainEffectsHalved: -0.01,
}

/** Answers at once, with a network that gives the last action of the catalogue a constant advantage of 9 months. */
function quick(differs: Partial<SolvedPolicy> = {}): { solver: Solver; asked: SolveRequest[] } {
  const asked: SolveRequest[] = []
  const solver: Solver = async (request) => {
    asked.push(request)
    const actions = request.assumptions.actions.map(({ key }) => key)
    const layers = toLayers(createNetwork([STATE_SIZE, 4, actions.length], random(1)))
    layers[1].bias[actions.length - 1] = 9
    return {
      contents: {
        kind: 'policy',
        name: 'policy',
        version: request.version,
        stateSize: STATE_SIZE,
        actions,
        onnx: encodeNetwork(layers),
        assumptions: request.assumptions,
        card: { figures },
        cardText: 'a test',
      },
      figures,
      seed: 1,
      problems: [],
      ...differs,
    }
  }
  return { solver, asked }
}

type Place = Awaited<ReturnType<typeof addBook>>

const standing = ({ tenant }: Place) => database.withTenant(tenant, policyStanding)
const inCharge = ({ tenant }: Place) => database.withTenant(tenant, policyInCharge)
const run = ({ tenant, connection }: Place, solver: Solver) =>
  solveStep(solver)(services, stepContext(tenant, connection))

async function save({ tenant }: Place, actions: object): Promise<void> {
  await database.withTenant(tenant, async (tx) => {
    const { version } = await currentSettings(tx)
    await saveSettings(tx, { actions }, { expected: version, author: 'test' })
  })
}

const stepsOf = ({ tenant }: Place) =>
  database.withTenant(tenant, (tx) =>
    tx.query<{ cause: string; due: boolean }>(
      `select cause, due_at <= now() as due from steps where tenant_id = $1 and step = 'solve'`,
      [tenant],
    ),
  )

const decided = ({ tenant }: Place) =>
  database.withTenant(tenant, (tx) =>
    tx.query<{ action_key: string; policy_hash: string; action_keys: string[]; masks: string[] }>(
      'select action_key, policy_hash, action_keys, masks from decisions where tenant_id = $1 order by id',
      [tenant],
    ),
  )

describe(`a policy for actions of one's own (${databaseKind})`, () => {
  it('is asked for when settings say something of their own, and not otherwise', async () => {
    const place = await addBook(database)
    expect(await stepsOf(place)).toEqual([])
    await save(place, { own: [gift] })
    expect(await stepsOf(place)).toEqual([{ cause: 'settings', due: true }])
  })

  it('takes over whole: before, an action that it does not know is masked; after, it is chosen', async () => {
    const place = await addBook(database)
    await save(place, { own: [gift] })
    await addScored(database, place, 1, 20)
    await decideBook(services, stepContext(place.tenant, place.connection))
    const before = await decided(place)
    expect(before).toHaveLength(20)
    for (const { action_keys, masks, action_key } of before) {
      expect(action_keys).toEqual([...shippedActions.map(({ key }) => key), 'gift'])
      expect(masks[action_keys.indexOf('gift')]).toMatch(/^(unsolved|group)$/)
      expect(action_key).not.toBe('gift')
    }
    expect(before.some(({ masks }) => masks[7] === 'unsolved')).toBe(true)
    expect(await standing(place)).toMatchObject({ state: 'solving', unsolved: ['gift'], own: null })

    const { solver, asked } = quick()
    expect(await run(place, solver)).toEqual({ solved: 1, swapped: 1 })
    expect(asked).toHaveLength(1)
    expect(asked[0].assumptions.actions[6]).toMatchObject({
      key: 'gift',
      effectMean: 0.1,
      source: 'our test of 2026',
    })
    await addScored(database, place, 21, 40)
    await decideBook(services, stepContext(place.tenant, place.connection))
    const after = (await decided(place)).slice(20)
    expect(after.filter(({ action_key }) => action_key === 'gift').length).toBeGreaterThan(10)
    expect(new Set(after.map(({ policy_hash }) => policy_hash))).toEqual(new Set([await inCharge(place)]))
    const { beliefs, ...now } = await standing(place)
    expect(now).toMatchObject({ state: 'in_order', unsolved: [], own: { figures: { gatedGain: 0.02 } } })
    expect(beliefs.map(({ key }) => key)).toEqual([
      ...referenceActions.slice(1).map(({ key }) => key),
      'gift',
      'update_payment',
    ])
    expect(beliefs.find(({ key }) => key === 'gift')).toMatchObject({ mean: 0.1, source: 'our test of 2026' })
  })

  it('is not solved twice for the same beliefs, and the shipped one is back when there are none', async () => {
    const place = await addBook(database)
    await save(place, { own: [gift] })
    const { solver, asked } = quick()
    await run(place, solver)
    const first = await inCharge(place)
    expect(await run(place, solver)).toEqual({ solved: 0, swapped: 0 })
    await save(place, { own: [{ ...gift, name: 'A Present', capacity: 5 }] })
    expect(await run(place, solver)).toEqual({ solved: 0, swapped: 0 })
    await save(place, {})
    expect(await run(place, solver)).toEqual({ solved: 0, swapped: 1 })
    expect(await inCharge(place)).toBeNull()
    await save(place, { effects: { email: { mean: 0.06, sd: 0.02 } } })
    expect(await run(place, solver)).toEqual({ solved: 1, swapped: 1 })
    expect(asked[1].assumptions.actions[1]).toMatchObject({ effectMean: 0.06, source: 'assumption' })
    await save(place, { own: [gift] })
    expect(await run(place, solver)).toEqual({ solved: 0, swapped: 1 })
    expect(await inCharge(place)).toBe(first)
    expect(asked).toHaveLength(2)
  })

  it('stays out when it does not reach its bars, and the step says why each time it is asked', async () => {
    const place = await addBook(database)
    await save(place, { own: [gift] })
    const good = quick()
    await run(place, good.solver)
    const old = await inCharge(place)
    await save(place, { own: [{ ...gift, effect: { mean: 0.2, sd: 0.1 } }] })
    const bad = quick({ problems: ['It gains too little.'] })
    const refused = { code: 'policy_refused', message: expect.stringContaining('It gains too little.') }
    await expect(run(place, bad.solver)).rejects.toMatchObject(refused)
    await expect(run(place, bad.solver)).rejects.toMatchObject(refused)
    expect(bad.asked).toHaveLength(1)
    expect(await standing(place)).toMatchObject({
      state: 'refused',
      problems: ['It gains too little.'],
      unsolved: [],
    })
    expect(await inCharge(place)).toBe(old)
  })

  it('is dropped when the settings were changed while it was solved', async () => {
    const place = await addBook(database)
    await save(place, { own: [gift] })
    const { solver } = quick()
    const slow: Solver = async (request, signal) => {
      await save(place, { own: [{ ...gift, effect: { mean: 0.01, sd: 0.1 } }] })
      return solver(request, signal)
    }
    expect(await run(place, slow)).toEqual({ solved: 1, swapped: 0 })
    expect(await inCharge(place)).toBeNull()
    expect(await stepsOf(place)).toMatchObject([{ due: true }])
  })
})
