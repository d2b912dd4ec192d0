import * as ort from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import { encodeNetwork } from '../../../models/onnx/encode.ts'
import { drawGallery, evaluateObserved, greedyOn } from '../../../models/policy/evaluate.ts'
import { defaultLearner, learn } from '../../../models/policy/learner.ts'
import { fromLayers, predict, toLayers } from '../../../models/policy/network.ts'
import { defaultAssumptions } from '../../../models/policy/simulator/assumptions.ts'
import { BOOKS, missing, observer } from '../../../models/policy/simulator/observe.ts'
import { oneStepRule, riskRule } from '../../../models/policy/simulator/rules.ts'
import { buildWorld } from '../../../models/policy/simulator/world.ts'
import { meanOverBook, never, solve } from '../../../models/policy/solver.ts'
import { INPUT, STATE_SIZE, hazardOfState } from '../../../models/policy/state.ts'
import { random } from '../../../models/random.ts'

const world = buildWorld(defaultAssumptions)
const neverActing = never(world, 1e-3)
const full =
  meanOverBook(world, solve(world, 1e-3, neverActing.values).values) - meanOverBook(world, neverActing.values)

describe('what is observed', () => {
  it('is unknown with its flag where the book lacks it, and never a guess', () => {
    const observe = observer(world)
    const chance = random(1)
    const state = new Float32Array(STATE_SIZE)
    for (let c = 0; c < world.chain.customers.length; c += 7) {
      observe(state, 0, c, 0, BOOKS.bare.first, chance)
      for (const input of ['interventions', 'days', 'response', 'engagement', 'notice'] as const) {
        expect(state[INPUT[input]]).toBe(0)
        expect(state[9 + INPUT[input]]).toBe(1)
      }
    }
    expect(missing('contract', 'tier')).toBe(2 + 4)
  })

  it('shows most of a shock through the score, and contacts of the last months exactly', () => {
    const observe = observer(world)
    const chance = random(2)
    const state = new Float32Array(STATE_SIZE)
    const shocked = world.chain.customers.findIndex(
      (each) => each.shock && each.risk === 1 && each.engagement === 1,
    )
    const hazards = Array.from({ length: 400 }, () => {
      observe(state, 0, shocked, 0, BOOKS.complete.first, chance)
      return hazardOfState(state, 0)
    }).sort((a, b) => a - b)
    expect(hazards[200] / world.meanHazard[shocked]).toBeCloseTo(1, 1)
    expect(hazards[5]).toBeLessThan(world.meanHazard[shocked - 1] * 2)
    world.history.histories.slice(0, world.history.decisions).forEach((past, h) => {
      if (past.interventions > 2) return
      observe(state, 0, 0, h, BOOKS.complete.first, chance)
      expect(state[INPUT.interventions] * 5).toBeCloseTo(past.interventions, 5)
    })
  })
})

describe('the learned policy', () => {
  it('reaches most of the gain of dynamic programming through ONNX on the served state, in a fraction of its training', async () => {
    const { network } = learn(world, neverActing, {
      ...defaultLearner,
      seed: 3,
      rounds: 2,
      steps: 1_500,
      batch: 128,
    })
    const layers = toLayers(network)
    const gallery = drawGallery(world, 'complete', 1, 5)
    const rows = gallery.later.length / STATE_SIZE
    const session = await ort.InferenceSession.create(encodeNetwork(layers))
    const out = await session.run({ state: new ort.Tensor('float32', gallery.later, [rows, STATE_SIZE]) })
    const values = out.values.data as Float32Array
    const own = predict(fromLayers(layers), gallery.later, rows)
    expect(Math.max(...values.subarray(0, 60_000).map((v, i) => Math.abs(v - own[i])))).toBeLessThan(1e-5)
    const { gain, shares } = evaluateObserved(
      world,
      neverActing,
      gallery,
      greedyOn(() => values, 6),
    )
    expect(gain / full).toBeGreaterThan(0.6)
    expect(Math.max(...shares)).toBeLessThan(0.99)
  })

  it('is the same for the same seed', () => {
    const options = { ...defaultLearner, rounds: 1, steps: 40 }
    const once = learn(world, neverActing, options).network.parameters
    expect(learn(world, neverActing, options).network.parameters).toEqual(once)
    expect(learn(world, neverActing, { ...options, seed: 2 }).network.parameters).not.toEqual(once)
  })

  it('gains nothing by never acting, however many draws its probabilities are added up from', () => {
    const gallery = drawGallery(world, 'complete', 3, 7, 'later')
    const { gain, shares } = evaluateObserved(world, neverActing, gallery, () => () => 0)
    expect(Math.abs(gain)).toBeLessThan(1e-4)
    expect(shares[0]).toBeCloseTo(1, 9)
  })

  it('has rules to beat that all lose against never acting', () => {
    const gallery = drawGallery(world, 'complete', 1, 6)
    for (const rule of [riskRule(), oneStepRule(defaultAssumptions)]) {
      expect(evaluateObserved(world, neverActing, gallery, rule).gain).toBeLessThan(0)
    }
  })
})
