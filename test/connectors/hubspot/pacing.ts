/** What every pacer has to keep, wherever it keeps its slots. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CallKind, Limits, Pacers } from '../../../connectors/hubspot/limiter.ts'
import type { VirtualTime } from './virtual-time.ts'

/** Small, so that many windows pass. */
export const SMALL: Limits = {
  call: { calls: 4, windowMs: 1000 },
  search: { calls: 2, windowMs: 300 },
}

export interface PacingWorld {
  /** Each is a process of its own. */
  readonly processes: readonly Pacers[]
  readonly time: VirtualTime
}

interface Planned {
  readonly kind: CallKind
  readonly process: number
  readonly at: number
  /** From its start to its answer. */
  readonly takes: number
  /** When HubSpot counts it, as a share of that time. */
  readonly counted: number
}

interface Counted {
  readonly kind: CallKind
  readonly at: number
}

const planned = (processes: number): fc.Arbitrary<Planned> =>
  fc.record({
    kind: fc.constantFrom<CallKind>('call', 'call', 'search'),
    process: fc.nat(processes - 1),
    at: fc.oneof(fc.constant(0), fc.nat(1500)),
    takes: fc.oneof(fc.nat(50), fc.nat(1500)),
    counted: fc.constantFrom(0, 0.5, 1),
  })

/** The most calls that any window of this length holds, its end excluded. */
export function mostInAnyWindow(times: readonly number[], windowMs: number): number {
  const sorted = [...times].sort((a, b) => a - b)
  return Math.max(
    0,
    ...sorted.map((from) => sorted.filter((at) => at >= from && at < from + windowMs).length),
  )
}

async function make(world: PacingWorld, plan: readonly Planned[]): Promise<readonly Counted[]> {
  const { processes, time } = world
  const counted: Counted[] = []
  const one = async ({ kind, process, at, takes, counted: share }: Planned) => {
    await time.sleep(at)
    const done = await processes[process].of('1', 'oauth').take(kind)
    counted.push({ kind, at: time.now() + Math.floor(takes * share) })
    await time.sleep(takes)
    done()
  }
  await time.run(Promise.all(plan.map(one)))
  return counted
}

/** @param open a fresh world with the limits {@link SMALL} for `oauth`, its processes on one set of slots */
export function pacingSuite(
  name: string,
  {
    open,
    processes,
    runs,
  }: {
    open: () => PacingWorld | Promise<PacingWorld>
    processes: number
    runs: number
  },
): void {
  describe(name, () => {
    it('keeps every window within the limit, whenever in its flight a call is counted', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(planned(processes), { minLength: 8, maxLength: 24 }), async (plan) => {
          const counted = await make(await open(), plan)
          expect(counted.length).toBe(plan.length)
          const searches = counted.filter(({ kind }) => kind === 'search')
          const most = mostInAnyWindow(
            counted.map(({ at }) => at),
            SMALL.call.windowMs,
          )
          expect(most).toBeLessThanOrEqual(SMALL.call.calls)
          expect(
            mostInAnyWindow(
              searches.map(({ at }) => at),
              SMALL.search.windowMs,
            ),
          ).toBeLessThanOrEqual(SMALL.search.calls)
        }),
        { numRuns: runs, seed: 7 },
      )
    })

    it('leaves no turn unused while somebody waits', async () => {
      const world = await open()
      const calls = 5 * SMALL.call.calls
      const plan = Array.from({ length: calls }, (_, at): Planned => {
        return { kind: 'call', process: at % processes, at: 0, takes: 0, counted: 0 }
      })
      const counted = await make(world, plan)
      const last = Math.max(...counted.map(({ at }) => at))
      expect(last).toBeGreaterThanOrEqual(4 * SMALL.call.windowMs)
      expect(last).toBeLessThanOrEqual(4 * SMALL.call.windowMs + 20)
    })

    it('serves whoever came first in a process first', async () => {
      const { processes: all, time } = await open()
      const pacer = all[0].of('1', 'oauth')
      const served: number[] = []
      const asked = Array.from({ length: 13 }, async (_, number) => {
        const done = await pacer.take('call')
        served.push(number)
        done()
      })
      await time.run(Promise.all(asked))
      expect(served).toEqual(Array.from({ length: 13 }, (_, number) => number))
    })

    it('starts nothing of a kind while it is paused, and lets the other kind pass', async () => {
      const { processes: all, time } = await open()
      const [first] = all
      const last = all[processes - 1].of('1', 'oauth')
      const times: Record<string, number> = {}
      const take = async (kind: CallKind, as: string) => {
        const done = await last.take(kind)
        times[as] = time.now()
        done()
      }
      await time.run(take('search', 'before'))
      first.of('1', 'oauth').pause('search', 5000)
      // Another process learns of it as soon as it is written down.
      await time.run(Promise.resolve())
      await time.run(Promise.all([take('search', 'search'), take('call', 'call')]))
      expect(times['before']).toBe(0)
      expect(times['search']).toBeGreaterThanOrEqual(5000)
      expect(times['call']).toBeLessThan(SMALL.call.windowMs)
    })

    it('leaves one portal its throughput while another one is at its limit', async () => {
      const { processes: all, time } = await open()
      const busy = Array.from({ length: 40 }, async () => {
        const done = await all[0].of('busy', 'oauth').take('call')
        done()
      })
      const quiet: number[] = []
      const other = async () => {
        for (let call = 0; call < SMALL.call.calls; call++) {
          const done = await all[0].of('quiet', 'oauth').take('call')
          quiet.push(time.now())
          done()
        }
      }
      await time.run(Promise.all([...busy, other()]))
      expect(quiet).toEqual([0, 0, 0, 0])
    })

    it('forgets a call that gave up while it waited, and keeps its turn for the next', async () => {
      const { processes: all, time } = await open()
      const pacer = all[0].of('1', 'oauth')
      const gaveUp = new AbortController()
      const first = await time.run(Promise.all(Array.from({ length: 4 }, () => pacer.take('call'))))
      const waiting = pacer.take('call', gaveUp.signal)
      const next = pacer.take('call').then(() => time.now())
      gaveUp.abort(new Error('shutting down'))
      await expect(waiting).rejects.toThrow('shutting down')
      await expect(pacer.take('call', gaveUp.signal)).rejects.toThrow('shutting down')
      for (const done of first) done()
      expect(await time.run(next)).toBeLessThanOrEqual(SMALL.call.windowMs + 20)
    })
  })
}
