import { describe, expect, it } from 'vitest'
import {
  adam,
  backward,
  createNetwork,
  createWorkspace,
  fitFirstLayer,
  forward,
  fromLayers,
  predict,
  toLayers,
} from '../../../models/policy/network.ts'
import { random } from '../../../models/random.ts'

const sizes = [5, 7, 6, 3]
const rows = 6

describe('the policy network', () => {
  it('has a gradient that matches finite differences to 1e-4', () => {
    const { network, work, inputs, targets } = example()
    const gradient = new Float64Array(network.parameters.length)
    loss(network, work, inputs, targets, true)
    backward(network, work, rows, gradient)
    const h = 1e-6
    for (let i = 0; i < gradient.length; i++) {
      const kept = network.parameters[i]
      network.parameters[i] = kept + h
      const above = loss(network, work, inputs, targets, false)
      network.parameters[i] = kept - h
      const below = loss(network, work, inputs, targets, false)
      network.parameters[i] = kept
      const numeric = (above - below) / (2 * h)
      expect(Math.abs(gradient[i] - numeric)).toBeLessThan(1e-4 * Math.max(1, Math.abs(numeric)))
    }
    expect(gradient.filter((g) => g !== 0).length).toBeGreaterThan(60)
  })

  it('learns a product, which no linear model can', () => {
    const chance = random(4)
    const network = createNetwork([2, 16, 16, 1], chance)
    const n = 64
    const work = createWorkspace(network.sizes, n)
    const examples = new Float32Array(512).map(() => chance.next() * 2 - 1)
    fitFirstLayer(network, examples, chance)
    const gradient = new Float64Array(network.parameters.length)
    const step = adam(gradient.length)
    let error = 0
    for (let t = 0; t < 1_500; t++) {
      for (let i = 0; i < 2 * n; i++) work.activations[0][i] = chance.next() * 2 - 1
      const out = forward(network, work, n)
      error = 0
      for (let i = 0; i < n; i++) {
        const e = out[i] - work.activations[0][2 * i] * work.activations[0][2 * i + 1]
        work.deltas[3][i] = (2 * e) / n
        error += (e * e) / n
      }
      backward(network, work, n, gradient)
      step(network.parameters, gradient, 0.005)
    }
    expect(error).toBeLessThan(0.004)
  })

  it('gives one row what it gives the row in a batch, and keeps it through float32 layers', () => {
    const { network, inputs } = example()
    const served = fromLayers(toLayers(network))
    const all = predict(served, inputs, rows)
    for (let row = 0; row < rows; row++) {
      const one = predict(served, inputs.subarray(row * 5, row * 5 + 5), 1)
      expect([...one]).toEqual([...all.subarray(row * 3, row * 3 + 3)])
    }
    expect(Math.max(...all.map((v, i) => Math.abs(v - predict(network, inputs, rows)[i])))).toBeLessThan(1e-5)
  })
})

function example() {
  const chance = random(3)
  const network = createNetwork(sizes, chance)
  for (let i = 0; i < network.parameters.length; i++) network.parameters[i] += 0.3 * chance.normal()
  const inputs = Float32Array.from({ length: rows * 5 }, () => chance.normal())
  const targets = Float64Array.from({ length: rows * 3 }, () => chance.normal())
  return { network, work: createWorkspace(sizes, rows), inputs, targets }
}

function loss(
  network: ReturnType<typeof createNetwork>,
  work: ReturnType<typeof createWorkspace>,
  inputs: Float32Array,
  targets: Float64Array,
  derive: boolean,
): number {
  work.activations[0].set(inputs)
  const out = forward(network, work, rows)
  let sum = 0
  for (let i = 0; i < out.length; i++) {
    const error = out[i] - targets[i]
    sum += error * error
    if (derive) work.deltas[sizes.length - 1][i] = 2 * error
  }
  return sum
}
