/** Whether the sandbox's world is one that a model can learn from, and actions can change: thousands of customers. */
import { describe, expect, it } from 'vitest'
import { seedSample } from '../../connectors/hubspot/sandbox/sample.ts'
import { openState, type SandboxState } from '../../connectors/hubspot/sandbox/state.ts'
import { startWorld } from '../../connectors/hubspot/sandbox/world.ts'
import { worldOf } from '../../connectors/world/agreement.ts'
import { lives } from '../../connectors/world/memory.ts'
import { truthAt } from '../../connectors/world/truth.ts'
import { openReading } from '../connectors/hubspot/reading.ts'
import { scoredWorld } from '../support/scored-world.ts'

const NOW = new Date('2026-11-21T12:00:00Z')

describe('the world of the sandbox', () => {
  it.each([0, 6])(
    'lets the shipped model tell, through HubSpot’s API alone, who will leave after %i months',
    async (months) => {
      const { sandbox, open } = await openReading({
        clock: () => NOW,
        seed: (state) => void seedSample(state, { customers: 3000, seed: 4 }),
      })
      const world = startWorld(sandbox, { pace: 0 })
      if (months > 0) world.passMonth(months)

      const { figures, ...found } = await scoredWorld(open(), {
        world,
        hasLeft: (id) => sandbox.state.value('companies', id, 'subscription_status') === 'cancelled',
        now: NOW,
      })
      expect(found.customers).toBeGreaterThan(2500)
      // The truth itself reaches about .74 at the beginning.
      expect(found.area, figures).toBeGreaterThan(0.62)
      expect(found.meanScore, figures).toBeGreaterThan(found.rate / 2)
      expect(found.meanScore, figures).toBeLessThan(found.rate * 2)
      expect(found.highest, figures).toBeGreaterThan(0.2)
      process.stdout.write(`${months} months: ${figures}\n`)
    },
    120_000,
  )

  it('lets offers keep customers over a year, and drive those away who stayed as long as nobody called', () => {
    const truths = worldOf({ seed: 9, asOf: '2026-11-21' })
    const leaving = (action: string | null): { usual: number; dogs: number } => {
      const state: SandboxState = openState({ portal: '8001', clock: () => NOW, write: null })
      seedSample(state, { customers: 3000, seed: 9 })
      const world = startWorld({ state }, { pace: 0 })
      const owner = state.owners()[0].id
      if (action !== null) {
        for (const company of lives(state).keys()) {
          const task = state.createRecord('tasks', {
            hs_task_status: 'NOT_STARTED',
            hs_task_type: 'TODO',
            hubspot_owner_id: owner,
            holdfast_action: action,
          })
          state.associate('tasks', task, 'companies', company, 192)
        }
      }
      world.passMonth(12)
      const left = [...lives(state).values()].filter(
        (life) => life.joined === undefined && life.left !== undefined,
      )
      const dogs = left.filter(({ index }) => truthAt(truths, index).sleepingDog).length
      return { usual: left.length - dogs, dogs }
    }
    // The same chances in both: whoever leaves in one alone does so because of what was done, which also tires.
    const [nothing, offered] = [leaving(null), leaving('discount_20')]
    const figures = `left of 3,000 in a year: ${JSON.stringify(nothing)}; offered 20 % off: ${JSON.stringify(offered)}`
    process.stdout.write(`${figures}\n`)
    expect(offered.usual, figures).toBeLessThan(nothing.usual)
    expect(offered.dogs, figures).toBeGreaterThan(nothing.dogs)
  }, 120_000)
})
