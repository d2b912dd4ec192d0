/** A policy from assumptions: the simulated world, its exact solution, the learned network, what it is worth. */
import type { ActionCost } from '../../src/contracts/actions.ts'
import { drawGallery, evaluateObserved, greedyOn } from './evaluate.ts'
import type { Gallery, ObservedEvaluation, StatePolicy } from './evaluate.ts'
import { DEFAULT_BENEFIT_GATE, probabilityOfBenefit } from './gate.ts'
import type { EffectPrior } from './gate.ts'
import { defaultLearner, learn } from './learner.ts'
import type { LearnerOptions } from './learner.ts'
import { fromLayers, predict, toLayers } from './network.ts'
import type { Layer } from './network.ts'
import { defaultAssumptions, withEffects } from './simulator/assumptions.ts'
import { inOrder, orderOfStrength } from './simulator/strength.ts'
import type { Assumptions } from './simulator/assumptions.ts'
import { BOOKS } from './simulator/observe.ts'
import type { Book } from './simulator/observe.ts'
import { buildWorld } from './simulator/world.ts'
import type { World } from './simulator/world.ts'
import { meanOverBook, never, solve } from './solver.ts'
import type { Solution } from './solver.ts'
import { STATE_NAMES, STATE_VERSION } from './state.ts'

export interface TrainPolicyOptions {
  readonly assumptions?: Assumptions
  readonly learner?: Partial<LearnerOptions>
  /** Least P(benefit > 0) of the gated figures. */
  readonly gate?: number
}

/** Gains are over never acting, means over the book of the assumptions, in months of the recurring amount. */
export interface PolicyFigures {
  /** Best policy that sees everything (exact dynamic programming), and the bound on its error. */
  readonly fullStateGain: number
  readonly errorBound: number
  /** The network on the served state alone, by what the book knows. */
  readonly gain: Readonly<Record<Book, number>>
  readonly shareOfFullState: Readonly<Record<Book, number>>
  /** Share of customers for each action in the first month. */
  readonly shares: Readonly<Record<Book, readonly number[]>>
  /** The same network behind the benefit gate: at the prior means, and in a world where effects are half of them. */
  readonly gatedGain: number
  readonly gatedGainEffectsHalved: number
  readonly gainEffectsHalved: number
}

export interface PolicyCard {
  readonly kind: 'retention policy'
  readonly assumptions: string
  readonly stateVersion: number
  readonly stateNames: readonly string[]
  readonly actions: readonly string[]
  /** What the values are net of: fixed costs are in months of the recurring amount. */
  readonly costs: readonly {
    readonly share: number
    readonly durationMonths: number
    readonly fixedMonths: number
  }[]
  readonly priors: readonly EffectPrior[]
  readonly learner: LearnerOptions
  readonly unit: string
  readonly limits: readonly string[]
}

export interface TrainedPolicy {
  /** For `encodeNetwork`: the served state in, one value an action out. */
  readonly layers: readonly Layer[]
  readonly assumptions: Assumptions
  readonly card: PolicyCard
  readonly figures: PolicyFigures
}

/**
 * Deterministic by `learner.seed`; about 25 s of one core for the six actions of the reference.
 *
 * @example
 * const { layers, card } = trainPolicy({ learner: { seed: 1 } })
 * const onnx = encodeNetwork(layers)
 */
export function trainPolicy(options: TrainPolicyOptions = {}): TrainedPolicy {
  const assumptions = options.assumptions ?? defaultAssumptions
  const learner: LearnerOptions = { ...defaultLearner, ...options.learner }
  const order = orderOfStrength(assumptions)
  const world = buildWorld(inOrder(assumptions, order))
  const neverActing = never(world)
  const best = solve(world, 1e-5, neverActing.values)
  const { network } = learn(world, neverActing, learner)
  const layers = toLayers(network)
  const figures = measure(world, neverActing, best, layers, options.gate ?? DEFAULT_BENEFIT_GATE)
  const places = order.map((_, id) => order.indexOf(id))
  return {
    layers: withOutputs(layers, places),
    assumptions,
    card: cardOf(assumptions, learner),
    figures: { ...figures, shares: sharesBy(figures.shares, places) },
  }
}

/** The served network as a policy of the simulator: the open action of highest value. */
function networkPolicy(layers: readonly Layer[], actions: number): StatePolicy {
  const served = fromLayers(layers)
  return greedyOn((states, rows) => predict(served, states, rows), actions)
}

/** The same behind the benefit gate. */
export function gatedPolicy(layers: readonly Layer[], assumptions: Assumptions, gate: number): StatePolicy {
  const served = fromLayers(layers)
  const actions = assumptions.actions.length
  const costs = costsOf(assumptions)
  const priors = priorsOf(assumptions)
  return greedyOn((states, rows) => {
    const values = predict(served, states, rows)
    const one = new Float32Array(rows).fill(1)
    const sure = probabilityOfBenefit(values, states, one, costs, priors, assumptions.economics)
    for (let at = 0; at < values.length; at++) if (at % actions > 0 && sure[at] < gate) values[at] = -Infinity
    return values
  }, actions)
}

/** Costs of the assumptions as a catalogue has them, fixed ones for a monthly amount of 1. */
export function costsOf(assumptions: Assumptions): ActionCost[] {
  return assumptions.actions.map(({ share, durationMonths, fixedMonths }) => ({
    share,
    durationMonths,
    fixedMinor: 100 * fixedMonths,
  }))
}

export function priorsOf(assumptions: Assumptions): EffectPrior[] {
  return assumptions.actions.map(({ effectMean, effectSd }) => ({ mean: effectMean, sd: effectSd }))
}

function measure(
  world: World,
  neverActing: Solution,
  best: Solution,
  layers: readonly Layer[],
  gate: number,
): PolicyFigures {
  const { assumptions, actions } = world
  const open = networkPolicy(layers, actions)
  const gated = gatedPolicy(layers, assumptions, gate)
  const full = meanOverBook(world, best.values) - meanOverBook(world, neverActing.values)
  const books = Object.keys(BOOKS) as Book[]
  const galleries = new Map<Book, Gallery>(books.map((book) => [book, drawGallery(world, book, 4, 1)]))
  const seen = new Map<Book, ObservedEvaluation>()
  for (const [book, gallery] of galleries) seen.set(book, evaluateObserved(world, neverActing, gallery, open))
  const complete = galleries.get('complete') as Gallery
  const halved = buildWorld(
    withEffects(
      assumptions,
      assumptions.actions.map((action) => action.effectMean / 2),
    ),
  )
  const neverHalved = never(halved)
  return {
    fullStateGain: full,
    errorBound: best.errorBound,
    gain: byBook(seen, ({ gain }) => gain),
    shareOfFullState: byBook(seen, ({ gain }) => gain / full),
    shares: byBook(seen, ({ shares }) => shares),
    gatedGain: evaluateObserved(world, neverActing, complete, gated).gain,
    gatedGainEffectsHalved: evaluateObserved(halved, neverHalved, complete, gated).gain,
    gainEffectsHalved: evaluateObserved(halved, neverHalved, complete, open).gain,
  }
}

/** The same network with its outputs in another order: the new output i is the old output `places[i]`. */
function withOutputs(layers: readonly Layer[], places: readonly number[]): readonly Layer[] {
  const last = layers[layers.length - 1]
  const inputs = last.weights.length / last.bias.length
  const weights = new Float32Array(last.weights.length)
  places.forEach((from, to) =>
    weights.set(last.weights.subarray(from * inputs, (from + 1) * inputs), to * inputs),
  )
  const bias = Float32Array.from(places, (from) => last.bias[from])
  return [...layers.slice(0, -1), { ...last, weights, bias }]
}

function sharesBy(shares: PolicyFigures['shares'], places: readonly number[]): PolicyFigures['shares'] {
  const of = (book: Book): number[] => places.map((from) => shares[book][from])
  return { complete: of('complete'), bare: of('bare') }
}

function byBook<T>(
  seen: ReadonlyMap<Book, ObservedEvaluation>,
  of: (each: ObservedEvaluation) => T,
): Record<Book, T> {
  return Object.fromEntries([...seen].map(([book, each]) => [book, of(each)])) as Record<Book, T>
}

function cardOf(assumptions: Assumptions, learner: LearnerOptions): PolicyCard {
  return {
    kind: 'retention policy',
    assumptions: assumptions.version,
    stateVersion: STATE_VERSION,
    stateNames: STATE_NAMES,
    actions: assumptions.actions.map(({ key }) => key),
    costs: assumptions.actions.map(({ share, durationMonths, fixedMonths }) => ({
      share,
      durationMonths,
      fixedMonths,
    })),
    priors: priorsOf(assumptions),
    learner,
    unit: "months of the customer's recurring amount, net of cost, discounted",
    limits: [
      'Trained in a simulator on assumed effects, not on what your customers did: its values are as good as the assumptions.',
      'Only the effect of the call has a direct source; the others are assumptions with a stated spread.',
      'It cannot tell a shock that the churn score does not show.',
    ],
  }
}
