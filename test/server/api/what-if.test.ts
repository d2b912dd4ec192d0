import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ConnectionId, TenantId } from '../../../src/contracts/ids.ts'
import { parseServiceSettings } from '../../../src/settings/service.ts'
import { saveSettings } from '../../../src/store/settings-versions.ts'
import { openWhatIf, type WhatIf } from '../../../src/what-if/service.ts'
import type { SweepAnswer, WhatIfAnswer, WhatIfRowAnswer } from '../../../src/server/api/what-if-shapes.ts'
import { addScored, addScoredConnection } from '../../loop/decidable.ts'
import { startTestApi, type TestApi } from '../../support/api.ts'
import { askDescribed as ask } from '../../support/described.ts'
import { addTenant } from '../../support/database.ts'

const NOW = new Date('2026-11-20T10:00:00Z')
const CUSTOMERS = 600
let api: TestApi
let whatIf: WhatIf
let tenant: TenantId
let connection: ConnectionId
let key: string
let clock = 0

/** Cheap enough that much is worth doing. */
const settings = {
  exploration: { share: 0 },
  budget: 3000,
  catalogue: { discount_20: { share: 0.03 }, discount_10: { share: 0.01 } },
  offers: { fulfilment: { discount_10: { by: 'billing' }, discount_20: { by: 'billing' } } },
}

beforeAll(async () => {
  api = await startTestApi(() => NOW, { whatIf: () => whatIf })
  whatIf = openWhatIf(api.services, { now: () => clock, idleMs: 300_000 })
  tenant = await addTenant(api.database)
  connection = await addScoredConnection(api.database, tenant)
  await addScored(api.database, { tenant, connection }, 1, CUSTOMERS)
  await api.database.withTenant(tenant, (tx) => saveSettings(tx, settings, { expected: 0, author: 'test' }))
  key = await api.key(tenant)
})
afterAll(async () => {
  await whatIf.close()
  await api.close()
})

const post = <Body>(path: string, body: object) => ask<Body>(api, key, 'POST', path, { body })
const compare = async (change: object): Promise<WhatIfAnswer> => {
  const answer = await post<WhatIfAnswer>('/v1/what-if', { change })
  expect(answer.status).toBe(200)
  return answer.body
}

describe('what if', () => {
  it('is the plan as it is when nothing changes, and says what is assumed', async () => {
    const same = await compare({})
    expect(same).toMatchObject({ customers: CUSTOMERS, moved: 0, flow: [], settingsVersion: 1 })
    expect(same.changed).toEqual(same.now)
    expect(same.now.acted).toBeGreaterThan(50)
    expect(same.assumptions.join(' ')).toMatch(/Only a holdout does/)
  })

  it('says what the settings have now of all that can be changed, which changed to the same changes nothing', async () => {
    const { base } = await compare({ budgetMinor: 1 })
    expect(base).toMatchObject({ period: 'month', budgetMinor: 300_000, gateThreshold: 0.6 })
    expect(base.actions.map(({ key }) => key)).not.toContain('no_action')
    expect(base.actions.find(({ key }) => key === 'discount_20')).toMatchObject({ share: 0.03 })
    const { budgetMinor, cooldownDays, contactsPerPeriod, gateThreshold, actions } = base
    const same = await compare({
      budgetMinor,
      cooldownDays,
      contactsPerPeriod,
      gateThreshold,
      costTimes: Object.fromEntries(actions.map(({ key }) => [key, 1])),
      durationMonths: Object.fromEntries(actions.map(({ key, durationMonths }) => [key, durationMonths])),
      capacity: Object.fromEntries(actions.map(({ key, capacity }) => [key, capacity])),
    })
    expect([same.moved, same.changed]).toEqual([0, same.now])
  })

  it('is read once for all who want it fresh at the same time', async () => {
    const many = 3
    let reads = 0
    const { engines } = api.services
    const counting = openWhatIf(
      {
        ...api.services,
        engines: new Proxy(engines, {
          get: (all, name, self) => {
            const found: unknown = Reflect.get(all, name, self)
            if (typeof found !== 'function') return found
            return (...given: unknown[]) => {
              reads++
              return Reflect.apply(found, all, given) as unknown
            }
          },
        }),
      },
      { now: () => clock },
    )
    try {
      await counting.open(tenant, { fresh: true })
      const ofOne = reads
      await Promise.all(Array.from({ length: many }, () => counting.open(tenant, { fresh: true })))
      expect([ofOne > 0, reads]).toEqual([true, 2 * ofOne])
    } finally {
      await counting.close()
    }
  })

  it('moves customers, spend and margin, whose sums hold', async () => {
    const dearer = await compare({ costTimes: { discount_20: 3, discount_10: 3 }, budgetMinor: 100_000 })
    expect(dearer.moved).toBeGreaterThan(0)
    expect(dearer.changed.spendMinor).toBeLessThanOrEqual(100_000)
    expect(dearer.now.spendMinor).toBeLessThanOrEqual(300_000)
    for (const side of ['now', 'changed'] as const) {
      expect(dearer.actions.reduce((sum, one) => sum + one[side].customers, 0)).toBe(CUSTOMERS)
      expect(dearer.actions.reduce((sum, one) => sum + one[side].spendMinor, 0)).toBe(dearer[side].spendMinor)
    }
    expect(dearer.flow.reduce((sum, { customers }) => sum + customers, 0)).toBe(dearer.moved)
  })

  it('stops at the whole amount where a factor goes beyond it, and says so', async () => {
    const { base } = await compare({})
    const dearest = Math.max(...base.actions.map(({ share }) => share))
    const beyond = Object.fromEntries(base.actions.map(({ key }) => [key, 1000]))
    const { warnings, changed } = await compare({ costTimes: beyond })
    expect(dearest * 1000).toBeGreaterThan(1)
    const said = warnings.filter((one) => one.includes('cannot cost more than all that a customer pays'))
    expect(said).toHaveLength(base.actions.filter(({ share }) => share * 1000 > 1).length)
    const swept = await post<SweepAnswer>('/v1/what-if/sweep', {
      change: {},
      sweep: { of: 'cost', values: [1, 1000] },
    })
    expect(swept.body.points[1]).toMatchObject({ acted: changed.acted, spendMinor: changed.spendMinor })
  })

  it('keeps what a change does not name: the settings are not saved', async () => {
    await compare({ budgetMinor: 0 })
    expect((await compare({})).now.budgetMinor).toBe(300_000)
  })

  it('lists exactly the customers that it counts, by pages and as a file', async () => {
    const change = { costTimes: { discount_20: 3 } }
    const { flow, moved } = await compare(change)
    const list = async (filter: object): Promise<WhatIfRowAnswer[]> => {
      const rows: WhatIfRowAnswer[] = []
      for (let cursor = ''; ;) {
        const { body } = await post<{ items: WhatIfRowAnswer[]; next: string | null }>(
          `/v1/what-if/customers?limit=37${cursor}`,
          { change, ...filter },
        )
        rows.push(...body.items)
        if (body.next === null) return rows
        cursor = `&cursor=${body.next}`
      }
    }
    const all = await list({})
    expect(all).toHaveLength(moved)
    expect(new Set(all.map(({ customer }) => customer)).size).toBe(moved)
    for (const { from, to, customers } of flow) expect(await list({ from, to })).toHaveLength(customers)
    expect(await list({ all: true })).toHaveLength(CUSTOMERS)
    const csv = await fetch(`${api.url}/v1/what-if/customers?format=csv`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ change }),
    })
    expect((await csv.text()).trim().split('\n')).toHaveLength(moved + 1)
  })

  it('sweeps a row of values, each the same as asked by itself', async () => {
    const values = [0.5, 1, 2, 3]
    const { body } = await post<SweepAnswer>('/v1/what-if/sweep', {
      change: {},
      sweep: { of: 'cost', action: 'discount_20', values },
    })
    expect(body.points.map(({ value }) => value)).toEqual(values)
    expect(body.points[1].moved).toBe(0)
    const alone = await compare({ costTimes: { discount_20: 3 } })
    expect(body.points[3]).toMatchObject({
      moved: alone.moved,
      spendMinor: alone.changed.spendMinor,
      expectedMinor: alone.changed.expectedMinor,
    })
    const spent = await post<SweepAnswer>('/v1/what-if/sweep', {
      change: {},
      sweep: { of: 'budget', values: [0, 100_000, 200_000] },
    })
    expect(spent.body.points[0].spendMinor).toBe(0)
    expect(spent.body.points.map(({ expectedMinor }) => expectedMinor)).toEqual(
      spent.body.points.map(({ expectedMinor }) => expectedMinor).toSorted((a, b) => a - b),
    )
  })

  it('refuses a change that makes no sense, naming what is wrong', async () => {
    for (const change of [
      { costTimes: { nothing: 2 } },
      { durationMonths: { email: 0 } },
      { capacity: { email: -1 } },
      { gateThreshold: 2 },
      { margin: 1 },
    ]) {
      const { status, body } = await post<{ detail: string }>('/v1/what-if', { change })
      expect([400, 422]).toContain(status)
      expect(body.detail).not.toBe('')
    }
    const other = await post<{ detail: string }>('/v1/what-if/customers', { change: {}, from: 'nothing' })
    expect(other).toMatchObject({
      status: 400,
      body: { detail: expect.stringMatching(/There is no action/) as string },
    })
  })

  it('reads the book anew when the settings changed, when it is old, and when it is asked to', async () => {
    const add = (from: number) => addScored(api.database, { tenant, connection }, from, from)
    await add(CUSTOMERS + 1)
    expect((await compare({})).customers).toBe(CUSTOMERS)
    expect((await post<WhatIfAnswer>('/v1/what-if', { change: {}, fresh: true })).body.customers).toBe(
      CUSTOMERS + 1,
    )
    await add(CUSTOMERS + 2)
    clock += 11 * 60_000
    expect((await compare({})).customers).toBe(CUSTOMERS + 2)
    await add(CUSTOMERS + 3)
    await api.database.withTenant(tenant, (tx) =>
      saveSettings(tx, { ...settings, budget: 1000 }, { expected: 1, author: 'test' }),
    )
    expect(await compare({})).toMatchObject({ customers: CUSTOMERS + 3, settingsVersion: 2 })
  })

  it('of a company in which nobody is scored says so', async () => {
    const other = await api.key(await addTenant(api.database, 'Empty'))
    const { status, body } = await ask<{ code: string }>(api, other, 'POST', '/v1/what-if', {
      body: { change: {} },
    })
    expect([status, body.code]).toEqual([422, 'too_few_rows'])
  })

  it('knows actions of a company of its own', async () => {
    const own = parseServiceSettings({
      actions: {
        own: [
          {
            key: 'onboarding',
            name: 'Onboarding',
            channel: 'task',
            fixedCost: 40,
            effect: { mean: 0.06, sd: 0.03, source: 'a guess' },
          },
        ],
      },
    })
    const { changeSettings } = await import('../../../src/loop/what-if.ts')
    const changed = changeSettings(
      own,
      { label: 'x', costTimes: { onboarding: 2, email: 2 }, capacities: { onboarding: 3 } },
      parseServiceSettings,
    )
    expect(changed.actions.own[0]).toMatchObject({ fixedCost: 80, capacity: 3 })
    expect(changed.catalogue['email']).toMatchObject({ share: 0.02 })
  })
})

describe('the policy', () => {
  it('says which serves, what bounds it, and why, in plain words', async () => {
    const { body } = await ask<{
      serving: { origin: string }
      rules: { setting: string; sentence: string }[]
      explanation: string
      gate: { threshold: number }
      state: string
    }>(api, key, 'GET', '/v1/policy')
    expect(body).toMatchObject({
      serving: { origin: 'shipped' },
      state: 'in_order',
      gate: { threshold: 0.6 },
    })
    expect(body.explanation).toMatch(/Nothing is left to a draw/)
    expect(body.rules.find(({ setting }) => setting === 'contact.cooldownDays')!.sentence).toMatch(
      /within 14 days/,
    )
  })

  it('says what each action is worth as the risk rises, more for who pays more', async () => {
    const values = async (monthlyMinor: number) =>
      (
        await ask<{ actions: { key: string; points: { monthlyRisk: number; netMinor: number }[] }[] }>(
          api,
          key,
          'GET',
          `/v1/policy/values?monthlyMinor=${monthlyMinor}`,
        )
      ).body.actions
    const [little, much] = [await values(5000), await values(50_000)]
    expect(little.map((one) => one.key)).toEqual([
      'email',
      'sms',
      'discount_10',
      'discount_20',
      'call_discount_30',
    ])
    const of = (list: typeof little, name: string) => list.find((one) => one.key === name)!.points
    expect(of(little, 'email').map(({ monthlyRisk }) => monthlyRisk)).toEqual(
      of(little, 'email')
        .map(({ monthlyRisk }) => monthlyRisk)
        .toSorted((a, b) => a - b),
    )
    expect(Math.abs(of(much, 'discount_20').at(-1)!.netMinor)).toBeGreaterThan(
      Math.abs(of(little, 'discount_20').at(-1)!.netMinor),
    )
  })
})

describe('the report', () => {
  it('counts what its rows are, and says what is not known', async () => {
    const { body } = await ask<{
      customers: number
      undecided: number
      levels: { customers: number }[]
      notes: string[]
    }>(api, key, 'GET', '/v1/report')
    expect(body.levels.reduce((sum, one) => sum + one.customers, 0)).toBe(body.customers)
    expect(body.undecided).toBe(body.customers)
    expect(body.notes.join(' ')).toMatch(/Actions are not turned on/)
    const csv = await fetch(`${api.url}/v1/report?format=csv`, {
      headers: { authorization: `Bearer ${key}` },
    })
    const [header, ...lines] = (await csv.text()).trim().split('\n')
    expect(header).toBe(
      'CustomerID,Tenure,MonthlyCharges,ChurnProbability,RiskLevel,ActionID,RecommendedAction,ActionCost',
    )
    expect(lines).toHaveLength(body.customers)
    // Not decided on yet: blank, and no action of that name.
    expect(lines[0]).toMatch(/^1,,\d+(\.\d+)?,0\.3,LOW,,,$/)
  })
})
