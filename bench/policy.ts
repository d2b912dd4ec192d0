/**
 * The policy's figures: `node bench/policy.ts [seeds]`. Gains are over never acting, in months of the customer's
 * recurring amount, means over the book of the shipped assumptions; shares are of the full-state gain.
 */
import * as ort from 'onnxruntime-node'
import { encodeNetwork } from '../models/onnx/encode.ts'
import { attainableGain } from './attainable.ts'
import { drawGallery, evaluateObserved, greedyOn } from '../models/policy/evaluate.ts'
import type { StatePolicy } from '../models/policy/evaluate.ts'
import { fromLayers, predict } from '../models/policy/network.ts'
import { random } from '../models/random.ts'
import { defaultAssumptions, withEffects } from '../models/policy/simulator/assumptions.ts'
import { alwaysRule, oneStepRule, riskRule, withCooldown } from '../models/policy/simulator/rules.ts'
import { buildWorld } from '../models/policy/simulator/world.ts'
import { meanOverBook, never, solve } from '../models/policy/solver.ts'
import { STATE_SIZE } from '../models/policy/state.ts'
import type { Layer } from '../models/policy/network.ts'
import { gatedPolicy, trainPolicy } from '../models/policy/train.ts'

const seeds = Array.from({ length: Number(process.argv[2] ?? 5) }, (_, i) => i + 1)
const gates = [0.55, 0.6, 0.65, 0.7, 0.75]
const print = (line: string): void => void process.stdout.write(`${line}\n`)
const seconds = (since: number): string => ((process.cpuUsage().user / 1e6 - since) | 0).toString()

const world = buildWorld(defaultAssumptions)
const neverActing = never(world)
const best = solve(world, 1e-5, neverActing.values)
const full = meanOverBook(world, best.values) - meanOverBook(world, neverActing.values)
const share = (gain: number): string => `${((100 * gain) / full).toFixed(1)} %`
const galleries = { complete: drawGallery(world, 'complete', 6, 11), bare: drawGallery(world, 'bare', 6, 11) }
const inBook = (policy: StatePolicy, book: 'complete' | 'bare' = 'complete'): number =>
  evaluateObserved(world, neverActing, galleries[book], policy).gain

print(
  `never acting ${meanOverBook(world, neverActing.values).toFixed(3)} months; full-state gain ${full.toFixed(5)} (+- ${best.errorBound.toExponential(1)})`,
)
for (const book of ['complete', 'bare'] as const) {
  const allowed = attainableGain(world, neverActing, best, book)
  print(
    `observations of a ${book} book allow ${allowed.toFixed(5)} (${share(allowed)}); hidden ${share(full - allowed)}`,
  )
}

print('\nbaselines (complete book)            every month   90 days apart')
const rules: [string, StatePolicy][] = [
  ...defaultAssumptions.actions
    .slice(1)
    .map(({ key }, i): [string, StatePolicy] => [`always ${key}`, alwaysRule(i + 1)]),
  ['risk threshold .4 / .7', riskRule()],
  ['one-step expected value', oneStepRule(defaultAssumptions)],
]
for (const [name, rule] of rules) {
  print(
    `${name.padEnd(36)} ${share(inBook(rule)).padStart(11)} ${share(inBook(withCooldown(rule, 80))).padStart(15)}`,
  )
}

const halved = buildWorld(
  withEffects(
    defaultAssumptions,
    defaultAssumptions.actions.map((a) => a.effectMean / 2),
  ),
)
const neverHalved = never(halved)
const chance = random(5)
const sampled = Array.from({ length: 6 }, () => {
  const drawn = buildWorld(
    withEffects(
      defaultAssumptions,
      defaultAssumptions.actions.map((a) => a.effectMean + a.effectSd * chance.normal()),
    ),
  )
  return { world: drawn, never: never(drawn) }
})
print('\nseed  complete   bare   effects halved: open, by gate ' + gates.join(' '))
for (const seed of seeds) {
  const since = process.cpuUsage().user / 1e6
  const { layers } = trainPolicy({ learner: { seed } })
  const open = await servedPolicy(layers)
  const half = (policy: StatePolicy): string =>
    share(evaluateObserved(halved, neverHalved, galleries.complete, policy).gain)
  const gated = gates.map((gate) => gatedPolicy(layers, defaultAssumptions, gate))
  print(
    `${seed}     ${share(inBook(open))}   ${share(inBook(open, 'bare'))}   ${half(open)} | ${gated.map(half).join('  ')}   (${seconds(since)} s)`,
  )
  print(`      gated at the prior means: ${gated.map((policy) => share(inBook(policy))).join('  ')}`)
  if (seed !== 1) continue
  for (const book of ['complete', 'bare'] as const) {
    const { shares } = evaluateObserved(world, neverActing, galleries[book], open)
    print(
      `      first month, ${book} book: ${shares.map((each, a) => `${defaultAssumptions.actions[a].key} ${(100 * each).toFixed(1)} %`).join(', ')}`,
    )
  }
  for (const [i, policy] of [open, ...gated].entries()) {
    const gains = sampled.map(
      (each) => evaluateObserved(each.world, each.never, galleries.complete, policy).gain,
    )
    const mean = gains.reduce((a, b) => a + b, 0) / gains.length
    print(
      `      effects sampled from the priors, ${i === 0 ? 'open' : `gate ${gates[i - 1]}`}: mean ${share(mean)}, worst ${share(Math.min(...gains))}`,
    )
  }
  const rows = 200_000
  const states = galleries.complete.later.subarray(
    0,
    Math.min(rows, galleries.complete.later.length / STATE_SIZE) * STATE_SIZE,
  )
  const began = performance.now()
  predict(fromLayers(layers), states, states.length / STATE_SIZE)
  print(
    `      ${Math.round(states.length / STATE_SIZE / ((performance.now() - began) / 1000)).toLocaleString('en')} states a second on one thread in TypeScript`,
  )
}

/** The network as it is served: through ONNX Runtime, on nothing but the drawn states. */
async function servedPolicy(layers: readonly Layer[]): Promise<StatePolicy> {
  const session = await ort.InferenceSession.create(encodeNetwork(layers), { intraOpNumThreads: 1 })
  const known = new Map<Float32Array, Float32Array>()
  for (const gallery of Object.values(galleries)) {
    for (const states of [gallery.first, gallery.later]) {
      const out = await session.run({
        state: new ort.Tensor('float32', states, [states.length / STATE_SIZE, STATE_SIZE]),
      })
      known.set(states, out.values.data as Float32Array)
    }
  }
  return greedyOn((states) => known.get(states) ?? new Float32Array(0), world.actions)
}
