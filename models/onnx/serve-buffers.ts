/**
 * Shared memory that is used again: a million rows go through a few buffers instead of one a batch, which the
 * garbage collector would see too late, for shared memory is not on its heap.
 */
export interface SharedBuffers {
  /** A view of exactly `length` numbers, with whatever its last user left in it. */
  floats(length: number): Float32Array<SharedArrayBuffer>
  shorts(length: number): Int16Array<SharedArrayBuffer>
  /** Gives a view back. Nobody may use it after. */
  release(view: ArrayBufferView): void
}

/** Buffers kept of one size; more go to the garbage collector. */
const KEPT = 16

/**
 * @example
 * const buffers = sharedBuffers()
 * const design = buffers.floats(1000 * 45)
 */
export function sharedBuffers(): SharedBuffers {
  const free = new Map<number, SharedArrayBuffer[]>()
  const take = (bytes: number): SharedArrayBuffer => {
    const size = sizeFor(bytes)
    return free.get(size)?.pop() ?? new SharedArrayBuffer(size)
  }
  return {
    floats: (length) => new Float32Array(take(length * 4), 0, length),
    shorts: (length) => new Int16Array(take(length * 2), 0, length),
    release: ({ buffer }) => {
      if (!(buffer instanceof SharedArrayBuffer) || buffer.byteLength !== sizeFor(buffer.byteLength)) return
      const kept = free.get(buffer.byteLength) ?? []
      if (kept.length < KEPT && !kept.includes(buffer)) kept.push(buffer)
      free.set(buffer.byteLength, kept)
    },
  }
}

/** Sizes in steps of a quarter of a power of two, so that batches of nearly one size share buffers. */
function sizeFor(bytes: number): number {
  const step = Math.max(256, 2 ** (Math.floor(Math.log2(Math.max(bytes, 1))) - 2))
  return Math.max(step, Math.ceil(bytes / step) * step)
}
