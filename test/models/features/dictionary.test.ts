import { describe, expect, it } from 'vitest'
import {
  aliasesOf,
  canonical,
  canonicalValue,
  dictionary,
  findAlias,
  sourceUnits,
  whyOutOfModel,
} from '../../../models/features/dictionary.ts'
import { intervalMonths } from '../../../models/features/dictionary/billing.ts'
import { headerMatches } from '../../../models/features/header.ts'
import { dateUnits } from '../../../models/features/units.ts'
import { key, valueKey } from '../../../models/features/words.ts'

describe('the feature dictionary', () => {
  it('has every name once', () => {
    expect(new Set(dictionary.map(({ name }) => name)).size).toBe(dictionary.length)
  })

  it('has no alias twice, not even in other spelling', () => {
    const seen = new Map<string, string>()
    const twice: string[] = []
    for (const entry of dictionary) {
      for (const { text } of aliasesOf(entry)) {
        const before = seen.get(key(text))
        if (before !== undefined) twice.push(`${text}: ${entry.name} and ${before}`)
        seen.set(key(text), entry.name)
      }
    }
    expect(twice).toEqual([])
    expect(seen.size).toBeGreaterThan(1000)
  })

  it('leads from every alias to its entry, and reads a header of that name as it first of all', () => {
    for (const entry of dictionary) {
      for (const { text } of aliasesOf(entry)) {
        expect(findAlias(key(text))?.entry.name, text).toBe(entry.name)
        expect(headerMatches(text)[0]?.entry.name, text).toBe(entry.name)
      }
    }
  })

  it('has only weak aliases that are aliases', () => {
    for (const entry of dictionary) {
      const known = new Set(aliasesOf(entry).map(({ text }) => key(text)))
      for (const weak of entry.weak ?? []) expect(known.has(key(weak)), `${entry.name}: ${weak}`).toBe(true)
    }
  })

  it('has no category alias with two meanings, and each leads to its category', () => {
    for (const entry of dictionary) {
      const seen = new Set<string>()
      for (const category of entry.categories ?? []) {
        for (const text of [category.value, ...category.aliases]) {
          expect(seen.has(valueKey(text)), `${entry.name}: ${text}`).toBe(false)
          seen.add(valueKey(text))
          expect(canonicalValue(entry, text), `${entry.name}: ${text}`).toBe(category.value)
        }
      }
    }
  })

  it('states units only that it can convert, and dates only where it says which way they count', () => {
    for (const entry of dictionary) {
      for (const unit of Object.keys(entry.from ?? {})) {
        if (unit === 'date') expect(entry.time, entry.name).toBeDefined()
        else expect(Object.keys(sourceUnits(entry)), entry.name).toContain(unit)
      }
      if (!entry.guess) continue
      for (const [min, max] of [
        [0, 1],
        [-1, 1],
        [1, 5],
        [0, 10],
        [0, 72],
        [0, 100],
        [-100, 100],
        [0, 3000],
      ]) {
        expect(Object.keys(sourceUnits(entry)), entry.name).toContain(entry.guess(min, max))
      }
    }
  })

  it('has an own unit whose conversion changes nothing', () => {
    for (const entry of dictionary) {
      const [own] = Object.values(sourceUnits(entry))
      if (entry.kind === 'number') expect(own, entry.name).toEqual({ factor: 1, offset: 0 })
    }
  })

  it('describes each entry, and says for each role outside the model why', () => {
    for (const entry of dictionary) {
      expect(entry.about, entry.name).toMatch(/^\S.*\.$/u)
      expect(entry.label, entry.name).not.toMatch(/[_.]|^[A-Z][a-z]/u)
      expect(whyOutOfModel(entry.role) === null, entry.name).toBe(entry.role === 'feature')
      if (entry.kind === 'number') expect(entry.unit, entry.name).toBeDefined()
      if (entry.kind === 'category' && !entry.open)
        expect(entry.categories?.length, entry.name).toBeGreaterThan(1)
    }
  })

  it('knows what the models, the policy and the plan need', () => {
    const needed =
      'tenureMonths recurringAmount recurringAmountChange totalCharges usagePerDay usageTrend daysSinceLastActivity supportTickets paymentFailures sentiment contract monthsToRenewal monthsToNotice productTier paymentMethod paperlessBilling phoneService multipleLines onlineSecurity onlineBackup deviceProtection techSupport streamingTV streamingMovies interventions daysSinceContact responseRate engagement emailConsent smsConsent callConsent currency discountInForce seats'
    for (const name of needed.split(' ')) expect(canonical(name)?.name).toBe(name)
    expect(canonical('contract')?.categories?.map(({ value }) => value)).toEqual([
      'Month-to-month',
      'One year',
      'Two year',
    ])
    expect(intervalMonths).toHaveLength(canonical('billingInterval')?.categories?.length ?? 0)
    expect(Object.keys(dateUnits)).toContain('unix seconds')
  })

  it.each([
    ['M2M', 'Month-to-month'],
    ['Month to month', 'Month-to-month'],
    ['monthly', 'Month-to-month'],
    ['1 Year', 'One year'],
    ['24', 'Two year'],
    ['24.0', 'Two year'],
    ['two_year', 'Two year'],
  ])('reads the contract %s as %s', (written, meant) => {
    expect(canonicalValue(canonical('contract')!, written)).toBe(meant)
  })

  it.each(['gender', 'age', 'seniorCitizen', 'maritalStatus', 'ethnicity', 'religion', 'health'])(
    'holds %s to be protected',
    (name) => expect(canonical(name)?.role).toBe('protected'),
  )
})
