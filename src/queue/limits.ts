/** How much at a time; and the queues' names. */
import { STEP_NAMES } from '../loop/services.ts'
import type { QueueLimits, QueueName } from './service.ts'

export const QUEUE_NAMES: readonly QueueName[] = [...STEP_NAMES, 'act']

/**
 * A queue works on more at a time than a tenant may have in flight in it, so that no tenant ever has all of it.
 * Reading and writing wait for CRMs; scoring and deciding use the processor. Solving a policy takes a core for a minute,
 * is rare, and can wait: one at a time.
 */
export const DEFAULT_LIMITS: QueueLimits = {
  stepsPerTenant: 2,
  sendsPerTenant: 48,
  sendsAlone: 144,
  sendsAtPace: 512,
  sendsBesideOthers: 2,
  concurrency: { sync: 8, refresh: 8, score: 3, decide: 3, write_back: 8, observe: 3, solve: 1, act: 550 },
  sweepMs: 3000,
  leaseSeconds: 60,
  maxAttempts: 12,
}

/** Of jobs that ended, how many stay for the queue board. */
export const KEPT = { completed: 200, failed: 500 } as const
