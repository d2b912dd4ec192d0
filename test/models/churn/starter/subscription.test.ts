import { describe, expect, it } from 'vitest'
import type { FeaturePopulation, Frame } from '../../../../src/contracts/features.ts'
import { HoldfastError } from '../../../../src/contracts/errors.ts'
import { explainer } from '../../../../models/churn/explain/attribution.ts'
import { topReasons } from '../../../../models/churn/explain/reasons.ts'
import { reasonWriter } from '../../../../models/churn/explain/sentence.ts'
import { logisticMargins } from '../../../../models/churn/logistic.ts'
import type { LogisticModel } from '../../../../models/churn/model.ts'
import { assumptions } from '../../../../models/churn/starter/assumptions.ts'
import { assumedFeatures, imagineCustomers } from '../../../../models/churn/starter/customers.ts'
import { subscriptionStarter, updateWithOutcomes } from '../../../../models/churn/starter/subscription.ts'
import { sigmoid } from '../../../../models/churn/statistics.ts'
import { designOf, fillDesign } from '../../../../models/features/design.ts'
import { random } from '../../../../models/random.ts'

const starter = subscriptionStarter()
const indexOf = (name: string): number => starter.features.findIndex((feature) => feature.name === name)
const design = designOf(starter.features)

/** One customer with the given values, everything else missing. */
const customer = (values: Readonly<Record<string, number>>): Frame => ({
  rows: 1,
  columns: starter.features.map((feature) => Float32Array.of(values[feature.name] ?? NaN)),
})
const risksOf = (model: LogisticModel, frame: Frame): Float64Array =>
  logisticMargins(model, fillDesign(starter.features, frame), frame.rows).map(sigmoid)
const risk = (values: Readonly<Record<string, number>>): number =>
  risksOf(starter.model.logistic, customer(values))[0]
const mean = (values: Float64Array): number => values.reduce((sum, x) => sum + x, 0) / values.length

describe('the subscription starter', () => {
  it('gives customers the stated churn rate on average, brought to the horizon', () => {
    const stated = [
      { rate: 0.015, months: 1 },
      { rate: 0.2, months: 12 },
      { rate: 0.05, months: 1 },
      { rate: 0.02, months: 12 },
    ]
    for (const churnRate of stated) {
      const { model, population } = subscriptionStarter({ churnRate })
      expect(population.baseRate).toBeCloseTo(
        1 - (1 - churnRate.rate) ** (90 / 30.4375 / churnRate.months),
        10,
      )
      const others = imagineCustomers(new Map(), 20_000, 99).frame
      const average = mean(risksOf(model.logistic, others))
      expect(Math.abs(average / population.baseRate - 1)).toBeLessThan(0.02)
    }
  })

  it('moves the risk the way each belief says, all the way, and stops at the ends of the range', () => {
    const up = ['recurringAmountChange', 'daysSinceLastActivity', 'supportTickets', 'paymentFailures']
    const down = ['tenureMonths', 'usagePerDay', 'usageTrend', 'sentiment', 'monthsToRenewal']
    const { min, max } = starter.model.logistic
    for (const [names, sign] of [
      [up, 1],
      [down, -1],
    ] as const) {
      for (const name of names) {
        const column = design.source.indexOf(indexOf(name))
        const steps = Array.from({ length: 9 }, (_, i) => min[column] + ((max[column] - min[column]) * i) / 8)
        const risks = steps.map((value) => risk({ [name]: value }))
        for (let i = 1; i < 9; i++) expect(sign * (risks[i] - risks[i - 1]), name).toBeGreaterThan(0)
        expect(risk({ [name]: max[column] + 100 })).toBeCloseTo(risks[8], 12)
        expect(risk({ [name]: min[column] - 100 })).toBeCloseTo(risks[0], 12)
      }
    }
    const [monthly, yearly, biennial] = [0, 1, 2].map((contract) => risk({ contract }))
    expect(monthly).toBeGreaterThan(yearly)
    expect(yearly).toBeGreaterThan(biennial)
    expect(risk({ recurringAmount: 20 })).toBe(risk({ recurringAmount: 150 }))
  })

  it('counts what is missing as average: contributions centre on nothing', () => {
    const { model, features } = starter
    const explain = explainer(model, design.source, features.length)
    expect(explain.expected).toBe(model.logistic.intercept)
    expect([...explain.contributions(fillDesign(features, customer({})), 1)].every((c) => c === 0)).toBe(true)
    const { complete } = imagineCustomers(new Map(), 20_000, 7)
    const all = explain.contributions(fillDesign(features, complete), complete.rows)
    features.forEach((feature, f) => {
      let sum = 0
      for (let r = 0; r < complete.rows; r++) sum += all[r * features.length + f]
      expect(Math.abs(sum / complete.rows), feature.name).toBeLessThan(0.01)
    })
  })

  it('takes the spread of a file in place of its own, whatever the currency or how much is missing', () => {
    const yen: FeaturePopulation = {
      missing: 0.1,
      quantiles: Array.from({ length: 21 }, (_, i) => 3000 + 500 * i),
    }
    const observed = { recurringAmount: yen, sentiment: { missing: 1 } }
    const { model, population } = subscriptionStarter({ observed })
    const column = design.source.indexOf(indexOf('recurringAmount'))
    expect(model.logistic.center[column]).toBeCloseTo(8000, -2)
    expect(population.features[indexOf('recurringAmount')]).toBe(yen)
    const { frame } = imagineCustomers(new Map(Object.entries(observed)), 20_000, 5)
    expect(frame.columns[indexOf('sentiment')].every(Number.isNaN)).toBe(true)
    expect(mean(risksOf(model.logistic, frame)) / population.baseRate).toBeCloseTo(1, 1)
  })

  it('explains itself in sentences', () => {
    const { model, features, population } = starter
    const frame = customer({ usageTrend: -0.6, contract: 0, paymentFailures: 0, tenureMonths: 40 })
    const contributions = explainer(model, design.source, features.length).contributions(
      fillDesign(features, frame),
      1,
    )
    const text = reasonWriter(features, population).cell(
      topReasons(contributions, 1, features.length),
      0,
      frame,
    )
    expect(text).toMatch(/^Use fell 60 %: .* the usual risk; Month-to-month contract: .* usual/)
    expect(text).toMatch(/Lowers it: Customer for 3.5 years: a (fifth|quarter) less risk than usual/)
  })

  it('is the same whenever it is made', () => {
    expect(subscriptionStarter()).toEqual(starter)
  })

  it('calls itself a ranking from assumptions, with a horizon', () => {
    expect(starter.card.label).toBe('ranking from assumptions')
    expect(starter.card.summary).toContain('1.5 % a month, which is 4.4 % within 90 days')
    expect(starter.meaning).toEqual({ kind: 'horizon', days: 90 })
  })

  it('refuses a churn rate that is none', () => {
    expect(() => subscriptionStarter({ churnRate: { rate: 15, months: 1 } })).toThrow(HoldfastError)
    expect(() => subscriptionStarter({ churnRate: { rate: 0, months: 1 } })).toThrow(HoldfastError)
  })
})

describe('its assumptions', () => {
  it('cover every feature and category, each with an uncertainty and with a source or the word', () => {
    for (const feature of assumedFeatures) {
      for (const category of feature.categories ?? [undefined]) {
        expect(assumptions.filter((a) => a.feature === feature.name && a.category === category)).toHaveLength(
          1,
        )
      }
    }
    for (const { sd, direction, size } of assumptions) {
      expect(sd).toBeGreaterThan(0)
      for (const evidence of [direction, size]) {
        expect(evidence.text).not.toBe('')
        if (evidence.kind === 'source') expect(evidence.text).toMatch(/\b(19|20)\d\d\b|IBM Telco/)
      }
    }
  })
})

describe('the starter after outcomes', () => {
  /** Outcomes from a world whose effects differ from what the starter believes. */
  const world = (rows: number, seed: number): { frame: Frame; labels: Uint8Array } => {
    const { frame } = imagineCustomers(new Map(), rows, seed)
    const truth = starter.model.logistic.weight.slice()
    truth[design.source.indexOf(indexOf('supportTickets'))] *= 5
    truth[design.source.indexOf(indexOf('usageTrend'))] *= 2
    truth[design.source.indexOf(indexOf('sentiment'))] = 0
    const model = { ...starter.model.logistic, weight: truth, intercept: -2.5 }
    const chance = random(seed)
    return { frame, labels: Uint8Array.from(risksOf(model, frame), (p) => (chance.next() < p ? 1 : 0)) }
  }
  const after = (rows: number): LogisticModel => {
    const { frame, labels } = world(rows, 11)
    return updateWithOutcomes(starter, fillDesign(starter.features, frame), labels).logistic
  }
  const test = world(20_000, 12)
  const logLoss = (model: LogisticModel): number =>
    mean(risksOf(model, test.frame).map((p, r) => -Math.log(test.labels[r] === 1 ? p : 1 - p)))

  it('is the starter itself when there are none', () => {
    expect(updateWithOutcomes(starter, new Float32Array(), new Uint8Array())).toEqual(starter.model)
  })

  it('predicts better with a few hundred, and better still with thousands', () => {
    const [none, few, many] = [starter.model.logistic, after(300), after(5000)].map(logLoss)
    expect(few).toBeLessThan(none - 0.01)
    expect(many).toBeLessThan(few)
  })

  it('works where nobody has left yet: the risks fall, the ranking stays sensible', () => {
    const { frame } = imagineCustomers(new Map(), 100, 3)
    const model = updateWithOutcomes(
      starter,
      fillDesign(starter.features, frame),
      new Uint8Array(100),
    ).logistic
    const before = mean(risksOf(starter.model.logistic, test.frame))
    const now = mean(risksOf(model, test.frame))
    expect(now).toBeLessThan(before)
    expect(now).toBeGreaterThan(before / 4)
  })

  it('keeps the range of each feature, also where the outcomes go beyond', () => {
    const frame = customer({ tenureMonths: 500, supportTickets: 80 })
    const { logistic } = updateWithOutcomes(starter, fillDesign(starter.features, frame), Uint8Array.of(1))
    expect(logistic.max).toEqual(starter.model.logistic.max)
    expect(logistic.min).toEqual(starter.model.logistic.min)
  })

  it('never turns round a direction that is certain', () => {
    const { frame } = imagineCustomers(new Map(), 2000, 4)
    const failures = frame.columns[indexOf('paymentFailures')]
    const labels = Uint8Array.from(failures, (n, r) => (n === 0 && r % 3 === 0 ? 1 : 0))
    const { logistic } = updateWithOutcomes(starter, fillDesign(starter.features, frame), labels)
    expect(logistic.weight[design.source.indexOf(indexOf('paymentFailures'))]).toBe(0)
  })
})
