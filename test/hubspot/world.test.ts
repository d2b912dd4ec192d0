/** Whether the sandbox's world is one that a model can learn from, and actions can change: thousands of customers. */
import { describe, expect, it } from 'vitest'
import type { CustomerRecord } from '../../connectors/connector.ts'
import { seedSample } from '../../connectors/hubspot/sandbox/sample.ts'
import { openState, type SandboxState } from '../../connectors/hubspot/sandbox/state.ts'
import { startWorld } from '../../connectors/hubspot/sandbox/world.ts'
import { worldOf } from '../../connectors/world/agreement.ts'
import { lives } from '../../connectors/world/memory.ts'
import { truthAt } from '../../connectors/world/truth.ts'
import { proposeMapping } from '../../models/features/mapping.ts'
import { openEngine } from '../../src/loop/engine.ts'
import { memberOf, proposePopulation } from '../../src/loop/population.ts'
import { openReading } from '../connectors/hubspot/reading.ts'

const NOW = new Date('2026-11-21T12:00:00Z')
const TODAY = Math.floor(NOW.getTime() / 86_400_000)

/** Area under the ROC curve: how often somebody who left was scored above somebody who stayed; ties count half. */
function auc(scores: readonly number[], left: readonly boolean[]): number {
  const gone = scores.filter((_, i) => left[i])
  const stayed = scores.filter((_, i) => !left[i])
  let above = 0
  for (const a of gone) for (const b of stayed) above += a > b ? 1 : a === b ? 0.5 : 0
  return above / (gone.length * stayed.length)
}

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

      const connector = open()
      const [{ profile }] = await connector.describe()
      const isCustomer = memberOf(proposePopulation(profile))
      const mapping = { ...proposeMapping(profile), asOf: '2026-11-21' }
      const columns = mapping.columns.filter(({ use }) => use !== 'ignore').map(({ column }) => column)
      const reading = { properties: [...new Set([...columns, 'lifecyclestage'])], history: [] }
      const records: CustomerRecord[] = []
      for await (const { upserts } of connector.changes(null, reading)) records.push(...upserts)
      const customers = records.filter(isCustomer)
      expect(customers.length).toBeGreaterThan(2500)

      const engine = await openEngine({ model: 'subscription', threads: 1 })
      const reader = engine.reader({ profile, mapping, today: TODAY })
      const scored = await reader.score(customers.map(({ properties }) => properties))
      await engine.close()
      const scores = scored.map(({ probability }) => probability)
      world.passMonth(3)
      const left = customers.map(
        ({ id }) => sandbox.state.value('companies', id, 'subscription_status') === 'cancelled',
      )
      const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length
      const rate = left.filter(Boolean).length / left.length
      const area = auc(scores, left)
      const figures = `AUC ${area.toFixed(3)}, mean score ${mean.toFixed(4)}, left ${rate.toFixed(4)}`
      // The truth itself reaches about .74 at the beginning.
      expect(area, figures).toBeGreaterThan(0.62)
      expect(mean, figures).toBeGreaterThan(rate / 2)
      expect(mean, figures).toBeLessThan(rate * 2)
      expect(Math.max(...scores), figures).toBeGreaterThan(0.2)
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
