/**
 * A process that syncs a changing portal into its database is killed with SIGKILL again and again, wherever it is. In
 * the end it holds what the portal holds, and no change is stored twice.
 */
import { describe, expect, it } from 'vitest'
import { random } from '../../models/random.ts'
import { startReading } from '../connectors/hubspot/reading.ts'
import { storedTwice, syncUnderFire } from '../support/killed-sync.ts'
import { shareOf } from '../support/share.ts'

const COMPANIES = 800
const KILLS = 8
const CHANGES_A_LIFE = 150
const LAG_MS = 700

describe('a process that syncs and is killed', () => {
  it.each(shareOf([1, 2, 3]))(
    `${KILLS} times, loses nothing and stores no change twice, seed %i`,
    async (seed) => {
      const rng = random(seed)
      const { sandbox } = await startReading({ indexLagMs: LAG_MS })
      const { state } = sandbox
      const pick = (): string => state.ids('companies')[rng.integer(state.count('companies'))]
      // Each number is there once, so that each stored change is one that was made.
      let made = 0
      const some = () => ({ numberofemployees: ++made })
      for (let i = 0; i < COMPANIES; i++) state.createRecord('companies', { name: `Company ${i}`, ...some() })
      let archived = 0
      const change = (): void => {
        const draw = rng.next()
        if (draw < 0.08) state.createRecord('companies', { name: `Later ${rng.integer(1e6)}`, ...some() })
        // Fewer than a page: the list of what was archived is looked at in every pass.
        else if (draw < 0.12 && ++archived < 90) state.archiveRecord('companies', pick())
        else if (draw < 0.16) {
          const [primary, other] = [pick(), pick()]
          if (primary !== other)
            state.mergeRecords('companies', primary, other, undefined, { newId: draw < 0.14 })
        } else state.updateRecord('companies', pick(), some())
      }
      const held = await syncUnderFire({
        crm: {
          kind: 'hubspot',
          url: sandbox.url,
          portal: sandbox.portal,
          token: sandbox.privateAppToken(),
        },
        population: { kind: 'everyone' },
        rng: rng.fork('kills'),
        kills: KILLS,
        changes: CHANGES_A_LIFE,
        change,
        // HubSpot's Date says whole seconds, and a pass reads up to it.
        settleMs: LAG_MS + 1100,
      })
      const live = state
        .ids('companies')
        .map((id) => [id, state.value('companies', id, 'numberofemployees')] as const)
      const stored = held.customers
        .filter(({ status }) => status !== 'deleted')
        .map(({ id, properties }) => [id, String(properties['numberofemployees'])] as const)
      await sandbox.close()
      expect(new Map(stored)).toEqual(new Map(live))
      const twice = storedTwice(held, 'numberofemployees')
      expect(twice).toEqual([])
      process.stdout.write(
        `seed ${seed}: ${KILLS} kills, ${held.midway} of them midway, ${(KILLS + 1) * CHANGES_A_LIFE} changes, ${stored.length} customers held, ${held.changes.length} changes stored, ${twice.length} twice\n`,
      )
    },
  )
})
