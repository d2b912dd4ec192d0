import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { binColumns, fillBins, thresholdOf } from '../../../../models/churn/trainer/bins.ts'
import type { KernelShape } from '../../../../models/churn/trainer/kernels.ts'
import { HISTOGRAM_BYTES } from '../../../../models/churn/trainer/kernel-histograms.ts'
import { instantiateKernels } from '../../../../models/churn/trainer/kernels.ts'
import { allocate, layOut } from '../../../../models/churn/trainer/layout.ts'
import type { Code } from '../../../../models/churn/trainer/wasm.ts'
import { f64, i32, i64, wasmFunction, wasmModule } from '../../../../models/churn/trainer/wasm.ts'

function evaluate(body: Code): number {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })
  const bytes = wasmModule(1, [wasmFunction('f', [], {}, true, () => [body])])
  const { f } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } }).exports
  return (f as () => number)()
}

describe('the assembler', () => {
  it('encodes every 32-bit constant', () => {
    const edges = fc.constantFrom(0, -1, 63, 64, -64, -65, 8191, 8192, 2 ** 31 - 1, -(2 ** 31))
    fc.assert(
      fc.property(fc.oneof(edges, fc.integer()), (n) => {
        expect(evaluate(i32.const(n))).toBe(n)
      }),
    )
  })

  it('puts operands before their operator', () => {
    expect(evaluate(i32.sub(i32.const(7), i32.const(9)))).toBe(-2)
    expect(evaluate(i32.fromF64(f64.div(f64.const(9), f64.const(2))))).toBe(4)
  })

  it('stores 64 bits in two halves, the low one first', () => {
    const stored = i64.store(i32.const(64), i64.shl(i64.const(5), i64.const(32)))
    expect(evaluate([...stored, ...i32.load(i32.const(64), 4)])).toBe(5)
  })
})

/** A memory with kernels for `rows` rows of `width` binned columns, of which trees use `sampled`. */
function setUp(rows: number, width: number, sampled: number) {
  const layout = layOut({
    rows,
    stride: width,
    width,
    threads: 1,
    leaves: 4,
    sampledColumns: sampled,
    entries: 256 * sampled,
  })
  const memory = allocate(layout)
  const shape: KernelShape = {
    stride: width,
    sampledColumns: sampled,
    designStride: width * 4,
    sampleBelow: 2 ** 32,
    gradientScale: 2 ** 20,
    hessianScale: 2 ** 20,
    addresses: layout,
  }
  return { layout, memory, kernels: instantiateKernels(memory, shape) }
}

const tables = fc.record({
  rows: fc.integer({ min: 1, max: 40 }),
  width: fc.integer({ min: 1, max: 70 }),
  some: fc.boolean(),
  seed: fc.integer({ min: 1, max: 2 ** 30 }),
})

describe('the kernels', () => {
  it('add up what a plain loop adds up, for any number of columns', () => {
    fc.assert(
      fc.property(tables, ({ rows, width, some, seed }) => {
        const columns = Array.from({ length: width }, (_, k) => k).filter((k) => !some || k % 2 === 0)
        const { layout, memory, kernels } = setUp(rows, width, columns.length)
        const bins = new Uint8Array(memory.buffer, layout.bins, rows * width)
        for (let i = 0; i < bins.length; i++) bins[i] = Math.imul(i + seed, 0x9e3779b1) >>> 24
        const packed = new Int32Array(memory.buffer, layout.gradients, rows * 2)
        for (let row = 0; row < rows; row++) packed.set([row + 1, (row % 7) - 3], row * 2)
        const listed = Int32Array.from({ length: rows }, (_, i) => i).filter(
          (row) => row === 0 || row % 3 > 0,
        )
        new Int32Array(memory.buffer, layout.order, rows).set(listed)
        const end = layout.order + listed.length * 4
        kernels.accumulate(
          layout.order,
          end,
          layout.scratch,
          columns.map((k) => layout.bins + k),
        )
        for (const [k, column] of columns.entries()) {
          const entries = new Int32Array(memory.buffer, layout.scratch + k * HISTOGRAM_BYTES, 512)
          const expected = new Int32Array(512)
          for (const row of listed) {
            const bin = bins[row * width + column]
            expected[2 * bin] += packed[2 * row]
            expected[2 * bin + 1] += packed[2 * row + 1]
          }
          expect(entries).toEqual(expected)
        }
      }),
      { numRuns: 40, seed: 3 },
    )
  })

  it('part rows as a filter does, in their order', () => {
    const asked = fc.record({
      bins: fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 50 }),
      bin: fc.integer({ min: 0, max: 255 }),
      also: fc.integer({ min: 0, max: 256 }),
    })
    fc.assert(
      fc.property(asked, ({ bins, bin, also }) => {
        const { layout, memory, kernels } = setUp(bins.length, 1, 1)
        new Uint8Array(memory.buffer, layout.columnBins, bins.length).set(bins)
        const rows = bins.map((_, row) => row)
        new Int32Array(memory.buffer, layout.order, bins.length).set(rows)
        const end = layout.order + bins.length * 4
        const lefts = kernels.partition(
          layout.order,
          end,
          layout.columnBins,
          bin,
          also,
          layout.left,
          layout.right,
        )
        const left = [...new Int32Array(memory.buffer, layout.left, lefts)]
        const right = [...new Int32Array(memory.buffer, layout.right, bins.length - lefts)]
        const goesLeft = (row: number): boolean => bins[row] < bin || bins[row] === also
        expect(left).toEqual(rows.filter(goesLeft))
        expect(right).toEqual(rows.filter((row) => !goesLeft(row)))
      }),
      { numRuns: 100, seed: 4 },
    )
  })

  it('quantise gradients to within one unit, for any margin', () => {
    const rows = 200
    const { layout, memory, kernels } = setUp(rows, 1, 1)
    const margins = new Float64Array(memory.buffer, layout.margins, rows)
    for (let row = 0; row < rows; row++) margins[row] = (row - 100) * 0.37
    margins.set([-1e6, 1e6, 0], 0)
    new Float32Array(memory.buffer, layout.weights, rows).fill(1)
    const labels = new Uint8Array(memory.buffer, layout.labels, rows)
    for (let row = 0; row < rows; row++) labels[row] = row % 2
    const sums = layout.results + 8
    const count = kernels.gradients(0, rows, layout.left, layout.right, sums, 1, 2)
    expect(count).toBe(rows)
    const packed = new Int32Array(memory.buffer, layout.gradients, rows * 2)
    const total = [0, 0]
    for (let row = 0; row < rows; row++) {
      const p = 1 / (1 + Math.exp(-margins[row]))
      expect(Math.abs(packed[2 * row + 1] - (p - labels[row]) * 2 ** 20)).toBeLessThanOrEqual(1)
      expect(Math.abs(packed[2 * row] - p * (1 - p) * 2 ** 20)).toBeLessThanOrEqual(1)
      expect(packed[2 * row]).toBeGreaterThan(0)
      total[0] += packed[2 * row]
      total[1] += packed[2 * row + 1]
    }
    expect([...new Int32Array(memory.buffer, sums, 2)]).toEqual(total)
  })

  it('round without a bias, so that small gradients do not vanish from large sums', () => {
    const rows = 40_000
    const { layout, memory, kernels } = setUp(rows, 1, 1)
    // p = 2^-23 or so: an eighth of a unit each.
    new Float64Array(memory.buffer, layout.margins, rows).fill(-23 * Math.LN2)
    new Float32Array(memory.buffer, layout.weights, rows).fill(1)
    const sums = layout.results + 8
    kernels.gradients(0, rows, layout.left, layout.right, sums, 1, 2)
    const [, gradient] = new Int32Array(memory.buffer, sums, 2)
    expect(gradient).toBeGreaterThan(rows / 8 - 400)
    expect(gradient).toBeLessThan(rows / 8 + 400)
  })
})

describe('binning', () => {
  const values = fc.oneof(
    fc.float(),
    fc.integer({ min: -40, max: 40 }),
    fc.constantFrom(NaN, -0, 0, Infinity, -Infinity),
  )

  it('asks with a bin exactly what prediction asks with a threshold', () => {
    const cases = fc.record({
      column: fc.array(values, { minLength: 1, maxLength: 300 }),
      maxBins: fc.constantFrom(2, 3, 16, 255),
    })
    fc.assert(
      fc.property(cases, ({ column, maxBins }) => {
        const design = Float32Array.from(column)
        const rows = Int32Array.from(column, (_, row) => row)
        const binned = binColumns({ design, width: 1, rows }, maxBins, 1)
        if (binned.length === 0) return
        const { layout, memory, kernels } = setUp(column.length, 1, 1)
        fillBins(binned, design, 1, layout, kernels, memory.buffer)
        const bins = new Uint8Array(memory.buffer, layout.bins, column.length)
        expect(new Uint8Array(memory.buffer, layout.columnBins, column.length)).toEqual(bins)
        expect(binned[0].missingBin).toBeLessThanOrEqual(maxBins)
        for (let row = 0; row < column.length; row++) {
          if (Number.isNaN(design[row])) {
            expect(bins[row]).toBe(binned[0].missingBin)
            continue
          }
          for (let split = 0; split < binned[0].splits; split++) {
            expect(bins[row] < split + 1).toBe(design[row] < thresholdOf(binned[0], split))
          }
        }
      }),
      { numRuns: 200, seed: 5 },
    )
  })

  it('keeps every distinct value where they are few', () => {
    const design = Float32Array.from({ length: 1000 }, (_, i) => (i % 200) / 8)
    const [{ cuts }] = binColumns({ design, width: 1, rows: Int32Array.from(design.keys()) }, 255, 1)
    expect(cuts).toHaveLength(199)
    const signed = { design: Float32Array.of(-0, 0, 1), width: 1, rows: Int32Array.of(0, 1, 2) }
    expect([...binColumns(signed, 255, 1)[0].cuts]).toEqual([0.5])
  })

  it('fills bins about equally by weight, and gives a heavy value one of its own', () => {
    const n = 20_000
    const design = Float32Array.from({ length: n }, (_, i) => (i % 2 === 0 ? 0 : (i - n / 2) / n))
    const weights = Float32Array.from({ length: n }, (_, i) => (i > n / 2 ? 3 : 1))
    const rows = Int32Array.from(design.keys())
    const [{ cuts }] = binColumns({ design, width: 1, rows, weights }, 101, 1)
    const weightIn = new Float64Array(cuts.length + 1)
    let zero = 0
    for (let i = 0; i < n; i++) {
      const bin = cuts.filter((cut) => design[i] >= cut).length
      weightIn[bin] += weights[i]
      if (design[i] === 0) zero = bin
    }
    const others = [...weightIn].filter((_, bin) => bin !== zero)
    expect(weightIn[zero]).toBe(5001 + 3 * 4999)
    expect(others).toHaveLength(100)
    expect(Math.max(...others) / Math.min(...others)).toBeLessThan(1.25)
  })
})
