import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { dealPipelines } from '../../../../connectors/hubspot/pipelines.ts'
import { seedSample } from '../../../../connectors/hubspot/sandbox/sample.ts'
import { openState, type SandboxState } from '../../../../connectors/hubspot/sandbox/state.ts'
import { proposeMapping } from '../../../../models/features/mapping.ts'
import { proposePopulation } from '../../../../src/loop/population.ts'
import { openReading } from '../reading.ts'

const NOW = new Date('2026-11-21T12:00:00Z')

function sample(seed = 1, customers = 400): SandboxState {
  const state = openState({ portal: '8001', clock: () => NOW, write: null })
  seedSample(state, { customers, seed })
  return state
}

const values = (state: SandboxState, type: string, property: string): (string | null)[] =>
  state.ids(type).map((id) => state.value(type, id, property) || null)

function fingerprint(state: SandboxState): string {
  const hash = createHash('sha256')
  for (const type of ['companies', 'contacts', 'deals']) {
    for (const id of state.ids(type)) {
      const linked = ['companies', 'contacts'].map((to) => state.associated(type, id, to))
      hash.update(JSON.stringify([state.record(type, id), linked]))
    }
  }
  return hash.digest('hex')
}

describe('the sample portal', () => {
  const state = sample()

  it('is the same for the same seed, and another for another', () => {
    const [one, same, other] = [sample(1, 80), sample(1, 80), sample(2, 80)].map(fingerprint)
    expect(same).toBe(one)
    expect(other).not.toBe(one)
  })

  it('has as many customers as it was asked for, and others beside them', () => {
    const stages = values(state, 'companies', 'lifecyclestage')
    const customers = stages.filter((stage) => stage === 'customer' || stage === 'evangelist').length
    expect(customers).toBe(400)
    for (const other of ['lead', 'opportunity', 'other', null]) expect(stages).toContain(other)
    expect(state.count('contacts')).toBeGreaterThan(400)
    const renewals = state.ids('deals').filter((id) => state.value('deals', id, 'pipeline') === 'renewals')
    expect(renewals.length).toBeGreaterThan(100)
  })

  it('shows nobody who could be real', () => {
    const emails = values(state, 'contacts', 'email').filter((email) => email !== null)
    expect(emails.every((email) => /@example\.(?:com|org)$/.test(email))).toBe(true)
    expect(new Set(emails).size).toBe(emails.length)
    const domains = values(state, 'companies', 'domain').filter((domain) => domain !== null)
    expect(domains.every((domain) => domain.endsWith('.example.com'))).toBe(true)
  })

  it('is as messy as portals are', () => {
    const big = sample(7, 700)
    const companies = big.ids('companies')
    const names = values(big, 'companies', 'name').map((name) => name ?? '')
    expect(names.some((name) => name.length > 200)).toBe(true)
    expect(names.some((name) => /\p{Extended_Pictographic}/u.test(name))).toBe(true)
    const domains = values(big, 'companies', 'domain').filter((domain) => domain !== null)
    expect(new Set(domains).size).toBeLessThan(domains.length)
    const gone = big.owners().find(({ archived }) => archived)!.id
    const owners = values(big, 'companies', 'hubspot_owner_id')
    expect(owners).toContain(null)
    expect(owners).toContain(gone)
    expect(companies.some((id) => big.associated('companies', id, 'contacts').length === 0)).toBe(true)
    expect(companies.some((id) => big.record('companies', id)!.properties.hs_merged_object_ids)).toBe(true)
    for (const property of ['renewal_date', 'billing_currency', 'mrr', 'avg_daily_usage_minutes']) {
      expect(values(big, 'companies', property), property).toContain(null)
    }
    expect(values(big, 'companies', 'customer_since').some((day) => day !== null && day < '1970')).toBe(true)
  })

  it('changed nothing after now, and nothing before it was made', () => {
    for (const type of ['companies', 'contacts', 'deals']) {
      for (const id of state.ids(type)) {
        const { createdAt, updatedAt } = state.record(type, id)!
        expect(updatedAt.getTime()).toBeLessThanOrEqual(NOW.getTime())
        expect(createdAt.getTime()).toBeLessThanOrEqual(updatedAt.getTime())
      }
    }
  })

  it('keeps the truth to itself', async () => {
    const { open } = await openReading({
      clock: () => NOW,
      seed: (to) => void seedSample(to, { customers: 60, seed: 1 }),
    })
    const names = (await open().describe()).flatMap(({ profile }) => profile.columns.map((c) => c.header))
    expect(names.filter((name) => /engagement$|discontent|shock|odds|truth|effect/.test(name))).toEqual([])
    // Financial data is sensitive, and not read by itself.
    expect(names).not.toContain('iban')
  })

  it('names its properties so that the shipped model finds all that it looks at', async () => {
    const { open, client } = await openReading({
      clock: () => NOW,
      seed: (to) => void seedSample(to, { customers: 220, seed: 1 }),
    })
    const [{ profile }] = await open().describe()
    expect(proposePopulation(profile)).toMatchObject({ property: 'lifecyclestage' })
    const columns = proposeMapping(profile).columns
    const found = columns.filter(({ use }) => use === 'feature').map(({ feature }) => feature)
    const file = new URL('../../../../models/artefacts/subscription/features.json', import.meta.url)
    const { features } = JSON.parse(readFileSync(file, 'utf8')) as { features: { name: string }[] }
    expect(features.map(({ name }) => name).filter((name) => !found.includes(name))).toEqual([])
    // By their names and values, not by a guess.
    for (const { feature, confidence } of columns) {
      if (features.some(({ name }) => name === feature)) expect(confidence).toBeGreaterThan(0.8)
    }
    const pipelines = await dealPipelines(client)
    expect(pipelines.map(({ label }) => label)).toEqual(['Sales Pipeline', 'Renewals'])
  })
})
