import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { writeWorld } from '../../connectors/world/write.ts'
import { openBook } from '../../src/loop/book.ts'
import { openFile } from '../../src/loop/connectors.ts'
import { changeSettings, compareSettings, type WhatIfChange } from '../../src/loop/what-if.ts'
import { periodOf } from '../../src/settings/planning.ts'
import { parseServiceSettings } from '../../src/settings/service.ts'
import { parseSettings } from '../../src/settings/settings.ts'
import { saveSettings } from '../../src/store/settings-versions.ts'
import { openWhatIf } from '../../src/what-if/service.ts'
import { openLooping, type Looping } from '../support/looping.ts'

const NOW = new Date('2026-11-20T10:00:00Z')
const DAY = Math.floor(NOW.getTime() / 86_400_000)
const folder = mkdtempSync(join(tmpdir(), 'holdfast-what-if-'))
const path = join(folder, 'customers.csv')

/** What a plain file does not know, such as phone numbers and groups, is out of both. */
const plan = {
  currency: { file: 'EUR' },
  exploration: { share: 0 },
  budget: 900,
  catalogue: { sms: { enabled: false }, discount_20: { share: 0.04 }, discount_10: { share: 0.02 } },
}
const service = {
  ...plan,
  groups: { holdout: 0, usual: 0 },
  offers: {
    fulfilment: {
      discount_10: { by: 'billing' },
      discount_20: { by: 'billing' },
      call_discount_30: { by: 'billing' },
    },
  },
}
const changes: readonly WhatIfChange[] = [
  { label: 'dearer', costTimes: { discount_20: 1.5, email: 3 } },
  { label: 'half the budget', settings: { budget: 450 } },
  { label: 'shorter', durationMonths: 3 },
  { label: 'few places', capacities: { discount_20: 12, discount_10: 5 } },
  { label: 'a stricter gate', settings: { gate: { threshold: 0.8 } } },
  { label: 'longer waits', settings: { contact: { cooldownDays: 90 } } },
]

let looping: Looping
beforeAll(async () => {
  await writeWorld(path, { rows: 400, seed: 5, asOf: '2026-11-20', outcome: false })
  looping = await openLooping({
    connector: { open: openFile },
    connection: {
      kind: 'csv',
      name: 'A file',
      sandbox: false,
      config: { path },
      population: { kind: 'everyone' },
    },
    clock: () => NOW,
  })
  const { database, tenant } = looping
  await database.withTenant(tenant, (tx) => saveSettings(tx, service, { expected: 0, author: 'test' }))
  await looping.run('sync')
  await looping.run('score')
}, 240_000)
afterAll(async () => {
  await looping.close()
  rmSync(folder, { recursive: true })
})

it('answers the same over a connection as the command line over its file, for every kind of change', async () => {
  const settings = parseSettings(plan)
  const period = periodOf(settings.period, NOW)
  const { decidable } = await openBook({ path, settings, carry: [], today: DAY, threads: 1, period })
  const onFile = compareSettings(decidable, settings, changes)

  const whatIf = openWhatIf(looping.services, { now: () => performance.now() })
  try {
    const book = await whatIf.open(looping.tenant)
    expect(book.rows).toBe(400)
    const { outcomes } = await book.compare(
      changes.map((change) => ({
        label: change.label,
        settings: changeSettings(book.settings, change, parseServiceSettings),
      })),
    )
    expect(outcomes).toHaveLength(changes.length + 1)
    expect(outcomes[0].summary.funnel.chosen).toBeGreaterThan(20)
    outcomes.forEach(({ label, summary, against }, at) => {
      const same = onFile.outcomes[at]
      expect([label, summary.actions.map(({ count }) => count)]).toEqual([
        same.label,
        same.summary.actions.map(({ count }) => count),
      ])
      expect(summary.plannedSpend).toBeCloseTo(same.summary.plannedSpend, 6)
      expect(summary.expectedValue).toBeCloseTo(same.summary.expectedValue, 4)
      expect([against.moved, against.flow]).toEqual([same.against.moved, same.against.flow])
    })
    expect(outcomes.slice(1).filter(({ against }) => against.moved > 0).length).toBeGreaterThanOrEqual(4)
  } finally {
    await whatIf.close()
  }
})
