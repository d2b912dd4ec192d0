import { hash } from 'node:crypto'
import type { Frame } from '../contracts/features.ts'

/**
 * A number that stands for a customer, so that a model can tell later which customers it was trained on
 * without keeping their ids: the first 53 bits of SHA-256, so that among a million customers two share one
 * with a chance of about 1 in 18,000.
 *
 * @example
 * fingerprint('7590-VHVEG') === fingerprint('7590-VHVEG') // true
 */
export function fingerprint(text: string): number {
  const digest = hash('sha256', text, 'buffer')
  return digest.readUIntBE(0, 6) * 32 + (digest[6] >>> 3)
}

/** What stands for a customer without an id: the values that the model looks at. */
export function rowFingerprint(frame: Frame, row: number): number {
  return fingerprint(frame.columns.map((column) => column[row]).join('|'))
}

/** Fingerprints as text for a card: ascending, 8 bytes each, little-endian, base64. */
export function packFingerprints(marks: Float64Array): string {
  const sorted = Float64Array.from(marks).sort()
  return Buffer.from(sorted.buffer).toString('base64')
}

/**
 * @param packed as {@link packFingerprints} made it
 * @returns whether the model that carries it saw a customer
 */
export function seenBy(packed: string): (mark: number) => boolean {
  const bytes = Buffer.from(packed, 'base64')
  const sorted = new Float64Array(Math.floor(bytes.length / 8))
  for (let i = 0; i < sorted.length; i++) sorted[i] = bytes.readDoubleLE(i * 8)
  return (mark) => {
    let low = 0
    let high = sorted.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (sorted[middle] < mark) low = middle + 1
      else high = middle
    }
    return sorted[low] === mark
  }
}
