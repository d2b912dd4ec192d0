/** The thread that solves a policy, for real: the same bytes each time, and an end in the middle of its work. */
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { wantedPolicy } from '../../src/loop/policy-wanted.ts'
import { parseServiceSettings } from '../../src/settings/service.ts'
import { solvePolicy, type SolveRequest } from '../../models/policy/solve-job.ts'
import { solveInThread } from '../../models/policy/solve-thread.ts'

// Few actions are a small world; other catalogues differ in their size alone.
const effects = { sms: { mean: 0.02, sd: 0.03 } }
const { assumptions, version } = wantedPolicy(parseServiceSettings({ actions: { effects } }).actions)!
/** Too little to learn anything: what is looked at is the way, not the policy. */
const hasty: SolveRequest = { assumptions, version, seeds: [5], learner: { rounds: 1, steps: 30 } }

describe('solving in a thread', () => {
  it('gives the bytes that solving here gives, and says what is wrong with what learned nothing', async () => {
    const solving = solveInThread(hasty, new AbortController().signal)
    const here = solvePolicy(hasty)
    const apart = await solving
    const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
    expect(hash(apart.contents.onnx)).toBe(hash(here.contents.onnx))
    expect(apart.figures).toEqual(here.figures)
    // The order of strength is another one here: the weaker SMS comes before the e-mail.
    expect(apart.contents.actions.slice(0, 3)).toEqual(['no_action', 'email', 'sms'])
    expect(apart.problems.join()).toMatch(/has to gain/)
  })

  it('ends at once when it is told to, in the middle of its work, and holds up no timer meanwhile', async () => {
    const stop = new AbortController()
    const { learner: _hasty, ...whole } = hasty
    const solving = solveInThread(whole, stop.signal)
    let late = 0
    for (let tick = 0; tick < 20; tick++) {
      const before = performance.now()
      await new Promise((resolve) => setTimeout(resolve, 50))
      late = Math.max(late, performance.now() - before - 50)
    }
    stop.abort(new Error('the process ends'))
    const told = performance.now()
    await expect(solving).rejects.toThrow('the process ends')
    expect(performance.now() - told).toBeLessThan(2000)
    // Solving takes a minute: a thread in the way would have held a timer up for as long.
    expect(late).toBeLessThan(1000)
  })
})
