/**
 * A small multilayer perceptron with rectified linear units: forward, exact gradient of a weighted squared
 * error, Adam. Training is in float64, what is served in float32.
 */
import type { Random } from '../random.ts'

/** A layer as it is exported: `weights` is outputs x inputs, row-major. */
export interface Layer {
  readonly weights: Float32Array
  readonly bias: Float32Array
  readonly activation: 'relu' | 'identity'
}

/** Sizes of input, hidden layers and output. */
export type Sizes = readonly number[]

export interface Network {
  readonly sizes: Sizes
  /** All weights and biases in one array: for each layer weights (outputs x inputs), then biases. */
  readonly parameters: Float64Array
}

export function parameterCount(sizes: Sizes): number {
  let count = 0
  for (let i = 1; i < sizes.length; i++) count += sizes[i] * (sizes[i - 1] + 1)
  return count
}

/** He initialisation (He et al. 2015) for the hidden layers; outputs start at 0. */
export function createNetwork(sizes: Sizes, chance: Random): Network {
  const parameters = new Float64Array(parameterCount(sizes))
  let at = 0
  for (let i = 1; i < sizes.length; i++) {
    const scale = Math.sqrt(2 / sizes[i - 1]) * (i === sizes.length - 1 ? 0 : 1)
    for (let k = 0; k < sizes[i] * sizes[i - 1]; k++) parameters[at++] = scale * chance.normal()
    at += sizes[i]
  }
  return { sizes, parameters }
}

/**
 * Prepares an untrained network for its data: inputs count as if standardised, and every first unit has its
 * kink at some example, not at 0. Without it, inputs that vary little are learned last. Each unit starts from
 * input 0 (twice) and about a third of the others, so that it need not first unlearn what does not matter. The
 * standardisation is folded into the first layer, so that the network is fed with plain states.
 *
 * @param examples rows x sizes[0]
 */
export function fitFirstLayer(network: Network, examples: Float32Array, chance: Random): void {
  const { sizes, parameters } = network
  const [inputs, outputs] = sizes
  const rows = examples.length / inputs
  const mean = new Float64Array(inputs)
  const square = new Float64Array(inputs)
  for (let i = 0; i < examples.length; i++) {
    mean[i % inputs] += examples[i] / rows
    square[i % inputs] += (examples[i] * examples[i]) / rows
  }
  for (let o = 0; o < outputs; o++) {
    const example = chance.integer(rows) * inputs
    let at = 0
    for (let k = 0; k < inputs; k++) {
      const sd = Math.sqrt(Math.max(square[k] - mean[k] * mean[k], 0.05 ** 2))
      parameters[o * inputs + k] *= (k === 0 ? 2 : chance.next() < 0.35 ? 1 : 0) / sd
      at += parameters[o * inputs + k] * examples[example + k]
    }
    parameters[inputs * outputs + o] = -at
  }
}

/** The network as float32 layers for export, each rounded once. */
export function toLayers(network: Network): Layer[] {
  const { sizes, parameters } = network
  const layers: Layer[] = []
  let at = 0
  for (let i = 1; i < sizes.length; i++) {
    const count = sizes[i] * sizes[i - 1]
    layers.push({
      weights: Float32Array.from(parameters.subarray(at, at + count)),
      bias: Float32Array.from(parameters.subarray(at + count, at + count + sizes[i])),
      activation: i === sizes.length - 1 ? 'identity' : 'relu',
    })
    at += count + sizes[i]
  }
  return layers
}

/** The network of exported layers, for inference with their float32 weights. */
export function fromLayers(layers: readonly Layer[]): Network {
  const sizes = [
    layers[0].weights.length / layers[0].bias.length,
    ...layers.map((layer) => layer.bias.length),
  ]
  const parameters = new Float64Array(parameterCount(sizes))
  let at = 0
  for (const layer of layers) {
    parameters.set(layer.weights, at)
    parameters.set(layer.bias, at + layer.weights.length)
    at += layer.weights.length + layer.bias.length
  }
  return { sizes, parameters }
}

/** Working memory for batches of up to `rows` rows: nothing is allocated while training. */
export interface Workspace {
  /** Activations by layer, rows x size; the first is the input, the last the output. */
  readonly activations: readonly Float64Array[]
  readonly deltas: readonly Float64Array[]
}

export function createWorkspace(sizes: Sizes, rows: number): Workspace {
  return {
    activations: sizes.map((size) => new Float64Array(size * rows)),
    deltas: sizes.map((size) => new Float64Array(size * rows)),
  }
}

/**
 * Runs the first `rows` rows of `activations[0]` through the network.
 *
 * @returns the outputs, rows x outputs: the workspace's own last array
 */
export function forward(network: Network, work: Workspace, rows: number): Float64Array {
  const { sizes, parameters } = network
  let at = 0
  for (let i = 1; i < sizes.length; i++) {
    const inputs = sizes[i - 1]
    const outputs = sizes[i]
    const bias = at + inputs * outputs
    const hidden = i < sizes.length - 1
    const from = work.activations[i - 1]
    const to = work.activations[i]
    let row = 0
    // Two outputs of four rows at a time: each number that is read serves several sums.
    const even = outputs & ~1
    for (; row + 3 < rows; row += 4) {
      const r0 = row * inputs
      const r1 = r0 + inputs
      const r2 = r1 + inputs
      const r3 = r2 + inputs
      for (let o = 0; o < even; o += 2) {
        const w = at + o * inputs
        const v = w + inputs
        let s0 = parameters[bias + o]
        let s1 = s0
        let s2 = s0
        let s3 = s0
        let t0 = parameters[bias + o + 1]
        let t1 = t0
        let t2 = t0
        let t3 = t0
        for (let k = 0; k < inputs; k++) {
          const x = parameters[w + k]
          const y = parameters[v + k]
          const f0 = from[r0 + k]
          const f1 = from[r1 + k]
          const f2 = from[r2 + k]
          const f3 = from[r3 + k]
          s0 += x * f0
          s1 += x * f1
          s2 += x * f2
          s3 += x * f3
          t0 += y * f0
          t1 += y * f1
          t2 += y * f2
          t3 += y * f3
        }
        const out = row * outputs + o
        to[out] = hidden && s0 < 0 ? 0 : s0
        to[out + outputs] = hidden && s1 < 0 ? 0 : s1
        to[out + 2 * outputs] = hidden && s2 < 0 ? 0 : s2
        to[out + 3 * outputs] = hidden && s3 < 0 ? 0 : s3
        to[out + 1] = hidden && t0 < 0 ? 0 : t0
        to[out + outputs + 1] = hidden && t1 < 0 ? 0 : t1
        to[out + 2 * outputs + 1] = hidden && t2 < 0 ? 0 : t2
        to[out + 3 * outputs + 1] = hidden && t3 < 0 ? 0 : t3
      }
      if (even < outputs) for (let r = row; r < row + 4; r++) single(r, even)
    }
    for (; row < rows; row++) for (let o = 0; o < outputs; o++) single(row, o)

    function single(r: number, o: number): void {
      let sum = parameters[bias + o]
      for (let k = 0; k < inputs; k++) sum += parameters[at + o * inputs + k] * from[r * inputs + k]
      to[r * outputs + o] = hidden && sum < 0 ? 0 : sum
    }
    at = bias + outputs
  }
  return work.activations[sizes.length - 1]
}

/**
 * Gradient of the loss, after `forward`, given the loss's derivative by each output in the last array of
 * `deltas`. Adds nothing up over calls: `gradient` is overwritten.
 */
export function backward(network: Network, work: Workspace, rows: number, gradient: Float64Array): void {
  const { sizes, parameters } = network
  gradient.fill(0)
  let end = parameters.length
  for (let i = sizes.length - 1; i > 0; i--) {
    const inputs = sizes[i - 1]
    const outputs = sizes[i]
    const bias = end - outputs
    const at = bias - inputs * outputs
    const delta = work.deltas[i]
    const below = work.deltas[i - 1]
    const from = work.activations[i - 1]
    if (i > 1) below.fill(0, 0, rows * inputs)
    for (let row = 0; row < rows; row++) {
      const base = row * inputs
      for (let o = 0; o < outputs; o++) {
        const d = delta[row * outputs + o]
        if (d === 0) continue
        gradient[bias + o] += d
        const w = at + o * inputs
        if (i > 1) {
          for (let k = 0; k < inputs; k++) {
            gradient[w + k] += d * from[base + k]
            below[base + k] += d * parameters[w + k]
          }
        } else {
          for (let k = 0; k < inputs; k++) gradient[w + k] += d * from[base + k]
        }
      }
      if (i > 1) {
        for (let k = 0; k < inputs; k++) if (from[base + k] <= 0) below[base + k] = 0
      }
    }
    end = at
  }
}

/** One step of Adam (Kingma & Ba 2015) on `parameters`. */
export type Step = (parameters: Float64Array, gradient: Float64Array, rate: number) => void

export function adam(size: number, beta1 = 0.9, beta2 = 0.999): Step {
  const mean = new Float64Array(size)
  const square = new Float64Array(size)
  let steps = 0
  return (parameters, gradient, rate) => {
    steps++
    const scale = (rate * Math.sqrt(1 - beta2 ** steps)) / (1 - beta1 ** steps)
    for (let i = 0; i < size; i++) {
      const g = gradient[i]
      mean[i] += (1 - beta1) * (g - mean[i])
      square[i] += (1 - beta2) * (g * g - square[i])
      parameters[i] -= (scale * mean[i]) / (Math.sqrt(square[i]) + 1e-8)
    }
  }
}

/**
 * Outputs for many rows, in batches.
 *
 * @param inputs rows x sizes[0], row-major
 * @returns rows x outputs
 */
export function predict(network: Network, inputs: Float32Array, rows: number): Float32Array {
  const batch = 256
  const width = network.sizes[0]
  const outputs = network.sizes[network.sizes.length - 1]
  const work = createWorkspace(network.sizes, batch)
  const out = new Float32Array(rows * outputs)
  for (let from = 0; from < rows; from += batch) {
    const count = Math.min(batch, rows - from)
    work.activations[0].set(inputs.subarray(from * width, (from + count) * width))
    const values = forward(network, work, count)
    for (let i = 0; i < count * outputs; i++) out[from * outputs + i] = values[i]
  }
  return out
}
