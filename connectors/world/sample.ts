/** What a sample of any CRM is made from. */
import { worldOf, type World } from './agreement.ts'

export interface SampleOptions {
  /** Customers; records of others come on top, about one for five. */
  readonly customers: number
  readonly seed: number
  /** 'YYYY-MM-DD'; default: today. */
  readonly asOf?: string
  /** Multiplies every hazard of the world; default 1. */
  readonly hazardScale?: number
}

/** The world whose customers the sample shows. */
export const worldOfSample = ({ seed, asOf, hazardScale }: SampleOptions, now: Date): World =>
  worldOf({ seed, asOf: asOf ?? now.toISOString().slice(0, 10), hazardScale: hazardScale ?? 1 })
