/**
 * A small seeded generator, passed to whatever needs chance: the same seed gives the same numbers on every
 * machine and version of Node. sfc32 (Chris Doty-Humphrey, PractRand), seeded through splitmix32.
 */
export interface Random {
  /** Uniform in [0, 1), 32 bits. */
  next(): number
  /** Uniform integer in [0, below). */
  integer(below: number): number
  /** Standard normal (polar Box-Muller). */
  normal(): number
  /** A generator of its own for a named purpose: drawing more from one never shifts the other. */
  fork(purpose: string): Random
}

/**
 * @param seed any 32-bit integer
 * @example
 * const r = random(42)
 * r.next() === random(42).next() // true
 */
export function random(seed: number): Random {
  let mix = seed >>> 0
  const splitmix = (): number => {
    mix = (mix + 0x9e3779b9) >>> 0
    let z = mix
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
    return (z ^ (z >>> 16)) >>> 0
  }
  let a = splitmix()
  let b = splitmix()
  let c = splitmix()
  let counter = 1
  let spare: number | null = null

  const next32 = (): number => {
    const t = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + t) | 0
    return t >>> 0
  }
  for (let warm = 0; warm < 12; warm++) next32()

  const next = (): number => next32() / 4294967296
  return {
    next,
    integer: (below) => Math.floor(next() * below),
    normal: () => {
      if (spare !== null) {
        const value = spare
        spare = null
        return value
      }
      for (;;) {
        const u = next() * 2 - 1
        const v = next() * 2 - 1
        const s = u * u + v * v
        if (s > 0 && s < 1) {
          const factor = Math.sqrt((-2 * Math.log(s)) / s)
          spare = v * factor
          return u * factor
        }
      }
    },
    fork: (purpose) => random(fnv1a(purpose, seed)),
  }
}

/** FNV-1a over UTF-16 code units, 32 bits, started from `seed`. */
function fnv1a(text: string, seed: number): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0
  }
  return hash
}
