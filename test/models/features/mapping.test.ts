import { describe, expect, it } from 'vitest'
import { columnFor } from '../../../models/features/columns.ts'
import type { Mapping } from '../../../models/features/mapping-file.ts'
import { proposeMapping } from '../../../models/features/mapping.ts'
import type { TableProfile } from '../../../src/contracts/table.ts'
import { bank, hubspot, salesforce, shop, telco, telcoExtended } from './headers.ts'
import { table } from './table.ts'

/** header -> feature (with its unit where it is not the dictionary's), or what else the column is used as. */
function summary(mapping: Mapping): Record<string, string> {
  return Object.fromEntries(
    mapping.columns.map(({ column, use, feature, unit, inverted }) => [
      column,
      use === 'feature' || use === 'context'
        ? [feature, unit && `in ${unit}`, use === 'context' && 'context', inverted && 'inverted']
            .filter(Boolean)
            .join(' ')
        : use,
    ]),
  )
}

const mapped = (profile: TableProfile) => summary(proposeMapping(profile))
const whole = (to: number) => Array.from({ length: to + 1 }, (_, i) => i)

describe('a proposed mapping', () => {
  it('knows IBM Telco', () => {
    expect(mapped(telco().profile)).toEqual({
      customerID: 'id',
      gender: 'ignore',
      SeniorCitizen: 'ignore',
      Partner: 'ignore',
      Dependents: 'ignore',
      tenure: 'tenureMonths',
      PhoneService: 'phoneService',
      MultipleLines: 'multipleLines',
      InternetService: 'productTier',
      OnlineSecurity: 'onlineSecurity',
      OnlineBackup: 'onlineBackup',
      DeviceProtection: 'deviceProtection',
      TechSupport: 'techSupport',
      StreamingTV: 'streamingTV',
      StreamingMovies: 'streamingMovies',
      Contract: 'contract',
      PaperlessBilling: 'paperlessBilling',
      PaymentMethod: 'paymentMethod',
      MonthlyCharges: 'recurringAmount',
      TotalCharges: 'totalCharges',
      Churn: 'target',
    })
  })

  it('takes a classifier that names its inputs for a prediction, whatever marks it names', () => {
    const name = 'Naive_Bayes_Classifier_Attrition_Flag_Dependent_count_Education_Level_1'
    const { columns } = proposeMapping(table({ [name]: [0.01, 0.98], Churn: ['Yes', 'No'] }).profile)
    expect(columns[0]).toMatchObject({
      use: 'ignore',
      why: expect.stringMatching(/somebody else predicted/u),
    })
  })

  it('lets a mapping made before settle a column spelt alike only where the values are known', () => {
    const before = proposeMapping(table({ InternetService: ['DSL', 'Fiber optic', 'No'] }).profile)
    const like = (values: string[]) =>
      proposeMapping(table({ 'Internet Service': values, 'Internet Type': ['Cable', 'DSL'] }).profile, {
        like: before,
      }).columns.map(({ feature }) => feature)
    expect(like(['DSL', 'Fiber optic', 'No'])).toEqual(['productTier', 'Internet Type'])
    expect(like(['Yes', 'No'])).toEqual(['Internet Service', 'productTier'])
  })

  it('knows the columns of an insurance file', () => {
    const { profile } = table({
      'Policy Number': 'POL-#',
      Policyholder: ['Anna Meyer', 'Ben Smith', 'Ida Rossi', 'Leo Kim'],
      'Annual Premium': [900, 1200, 2400],
      'Policy Start Date': ['2019-03-01', '2024-05-09'],
      'Billing Zip/Postal Code': [10115, 20095, 80331, 50667],
      Lapsed: ['Y', 'N'],
    })
    expect(summary(proposeMapping(profile, { target: 'Lapsed' }))).toEqual({
      'Policy Number': 'id',
      Policyholder: 'ignore',
      'Annual Premium': 'recurringAmount in money per year',
      'Policy Start Date': 'tenureMonths in date',
      'Billing Zip/Postal Code': 'ignore',
      Lapsed: 'target',
    })
  })

  it('knows the columns of a German file', () => {
    const { profile } = table({
      Kundennummer: 'K#',
      Anrede: ['Herr', 'Frau'],
      PLZ: ['01067', '80331'],
      Vertragsart: ['Monatlich', 'Jährlich', 'Zweijährig'],
      Monatsbeitrag: [29.9, 49.9],
      Gesamtumsatz: [299, 1200],
      'Letzter Login': ['2026-03-01', '2026-05-09'],
      Gekündigt: ['Ja', 'Nein'],
    })
    const mapping = proposeMapping(profile)
    expect(summary(mapping)).toEqual({
      Kundennummer: 'id',
      Anrede: 'ignore',
      PLZ: 'ignore',
      Vertragsart: 'contract',
      Monatsbeitrag: 'recurringAmount',
      Gesamtumsatz: 'totalCharges',
      'Letzter Login': 'daysSinceLastActivity in date',
      Gekündigt: 'target',
    })
    expect(mapping.columns[3].values).toEqual({
      Monatlich: 'Month-to-month',
      Jährlich: 'One year',
      Zweijährig: 'Two year',
    })
  })

  it('takes the lifetime of a gym file for months, as it is, not for years', () => {
    expect(
      summary(proposeMapping(table({ Lifetime: whole(13), 'Lifetime value': [900, 20] }).profile)),
    ).toEqual({
      Lifetime: 'tenureMonths',
      'Lifetime value': 'ignore',
    })
  })

  it('takes no column for a change in percent that fell by more than everything', () => {
    const { columns } = proposeMapping(table({ PercChangeMinutes: [-795, 12, 30, 4] }).profile)
    expect(columns[0].feature).toBe('PercChangeMinutes')
  })

  it('knows IBM Telco as extended to 33 columns, and keeps outcomes and places out', () => {
    expect(mapped(telcoExtended.profile)).toMatchObject({
      CustomerID: 'id',
      Country: 'country',
      City: 'ignore',
      'Zip Code': 'ignore',
      'Lat Long': 'ignore',
      Latitude: 'ignore',
      Longitude: 'ignore',
      Gender: 'ignore',
      'Senior Citizen': 'ignore',
      Partner: 'ignore',
      Dependents: 'ignore',
      'Tenure Months': 'tenureMonths',
      'Internet Service': 'productTier',
      'Streaming Movies': 'streamingMovies',
      Contract: 'contract',
      'Monthly Charges': 'recurringAmount',
      'Total Charges': 'totalCharges',
      'Churn Label': 'target',
      'Churn Value': 'ignore',
      'Churn Score': 'ignore',
      CLTV: 'ignore',
      'Churn Reason': 'ignore',
    })
  })

  it('knows a bank, whose tenure is in years', () => {
    expect(mapped(bank.profile)).toEqual({
      RowNumber: 'ignore',
      CustomerId: 'id',
      Surname: 'ignore',
      CreditScore: 'creditScore',
      Geography: 'country',
      Gender: 'ignore',
      Age: 'ignore',
      Tenure: 'tenureMonths in years',
      Balance: 'accountBalance',
      NumOfProducts: 'productCount',
      HasCrCard: 'HasCrCard',
      IsActiveMember: 'activeMember',
      EstimatedSalary: 'EstimatedSalary',
      Exited: 'target',
    })
  })

  it('knows a shop', () => {
    expect(mapped(shop.profile)).toMatchObject({
      CustomerID: 'id',
      Churn: 'target',
      Tenure: 'tenureMonths',
      PreferredPaymentMode: 'paymentMethod',
      Gender: 'ignore',
      MaritalStatus: 'ignore',
      HourSpendOnApp: 'usagePerDay in hours per day',
      SatisfactionScore: 'satisfaction',
      Complain: 'complained',
      OrderCount: 'orders',
      DaySinceLastOrder: 'daysSinceLastActivity',
      WarehouseToHome: 'WarehouseToHome',
    })
  })

  it('knows HubSpot companies, whose opt-out is the opposite of consent', () => {
    expect(mapped(hubspot.profile)).toMatchObject({
      hs_object_id: 'id',
      name: 'ignore',
      annualrevenue: 'annualRevenue',
      createdate: 'tenureMonths in date',
      hs_lastmodifieddate: 'ignore',
      notes_last_contacted: 'daysSinceContact in date',
      hs_last_sales_activity_timestamp: 'daysSinceLastActivity in date',
      num_associated_deals: 'associatedDeals',
      hs_email_optout: 'emailConsent context inverted',
      hs_mrr: 'recurringAmount',
      contract_renewal_date: 'monthsToRenewal in date',
      plan: 'productTier',
      phone: 'ignore',
      hubspot_owner_id: 'ignore',
    })
    expect(proposeMapping(hubspot.profile).columns.some(({ use }) => use === 'target')).toBe(false)
  })

  it('knows Salesforce accounts and contracts', () => {
    expect(mapped(salesforce.profile)).toMatchObject({
      Id: 'id',
      Name: 'ignore',
      BillingPostalCode: 'ignore',
      OwnerId: 'ignore',
      SystemModstamp: 'ignore',
      LastActivityDate: 'daysSinceContact in date',
      HasOptedOutOfEmail: 'emailConsent context inverted',
      DoNotCall: 'callConsent context inverted',
      ContractTerm: 'contract',
      EndDate: 'monthsToRenewal in date',
      MRR__c: 'recurringAmount',
      CurrencyIsoCode: 'currency context',
      PersonBirthdate: 'ignore',
      Health_Score__c: 'engagement',
    })
  })

  it('knows what orgs add to Salesforce’s own fields, packages and person accounts among them', () => {
    const dates = ['2026-05-01', '2026-06-01', '2026-07-01']
    const { profile } = table({
      LastActivityDate: dates,
      Last_Login_Date__c: dates,
      PersonHasOptedOutOfEmail: ['false', 'true'],
      PersonBirthdate: ['1970-01-01', '1980-01-01'],
      AccountSource: ['Web', 'Other'],
      SBQQ__RenewalDate__c: ['2027-01-01', '2027-02-01'],
      Failed_Payments_90d__c: [0, 1, 2, 3],
      Support_Cases_30d__c: [0, 1, 2, 3, 4],
      Times_Contacted_90d__c: [0, 1, 5],
      MRR_Change_Percent__c: [-10, 0, 5, 12],
      Total_MRR__c: [90, 120, 4000],
    })
    expect(mapped(profile)).toMatchObject({
      LastActivityDate: 'daysSinceContact in date',
      Last_Login_Date__c: 'daysSinceLastActivity in date',
      PersonHasOptedOutOfEmail: 'emailConsent context inverted',
      PersonBirthdate: 'ignore',
      AccountSource: 'acquisitionChannel',
      SBQQ__RenewalDate__c: 'monthsToRenewal in date',
      Failed_Payments_90d__c: 'paymentFailures',
      Support_Cases_30d__c: 'supportTickets',
      Times_Contacted_90d__c: 'timesContacted',
      MRR_Change_Percent__c: 'recurringAmountChange in percent',
      Total_MRR__c: 'recurringAmount',
    })
  })

  it('takes the unit that a CRM says of a field instead of guessing it from the values', () => {
    // All of them below 3 %: the values alone would pass for shares.
    const { profile } = table({ Usage_Trend_30d__c: [-0.9, 0.5, 2.1] })
    expect(mapped(profile).Usage_Trend_30d__c).toBe('usageTrend')
    const stated = {
      ...profile,
      columns: profile.columns.map((column) => ({ ...column, unit: 'percent' as const })),
    }
    const [entry] = proposeMapping(stated).columns
    expect(entry).toMatchObject({ feature: 'usageTrend', unit: 'percent' })
    expect(entry.confidence).toBeGreaterThan(0.9)
  })

  it('is the same every time', () => {
    expect(proposeMapping(telco().profile)).toEqual(proposeMapping(telco().profile))
  })

  it('says why, with a confidence between 0 and 1', () => {
    for (const { profile } of [telco(), bank, shop, hubspot]) {
      for (const { confidence, why } of proposeMapping(profile).columns) {
        expect(confidence).toBeGreaterThan(0)
        expect(confidence).toBeLessThanOrEqual(1)
        expect(why).not.toBe('')
      }
    }
  })
})

describe('values against names', () => {
  it('does not take country codes for a contract', () => {
    const { profile } = table({ Contract: ['DE', 'FR', 'US', 'AT'] })
    expect(mapped(profile)).toEqual({ Contract: 'Contract' })
  })

  it('does not take a partner company for a household', () => {
    const { profile } = table({ Partner: ['Acme', 'Globex', 'Initech', 'Umbrella', 'Hooli'] })
    expect(mapped(profile)).toEqual({ Partner: 'Partner' })
  })

  it('gives a column that bears a canonical name by chance another one', () => {
    const { profile } = table({ contract: ['DE', 'FR', 'US'] })
    const mapping = proposeMapping(profile)
    expect(summary(mapping)).toEqual({ contract: 'contract column' })
    expect(columnFor(mapping, { name: 'contract' })).toBeUndefined()
  })

  it('finds gender by its values under any header', () => {
    expect(mapped(table({ grp: ['M', 'F', 'F'] }).profile)).toEqual({ grp: 'ignore' })
  })

  it.each([
    'Customer Age (years)',
    'gender_Male',
    'AgeHH1',
    'has_children',
    'Date of birth',
    'Nationality',
    'sexo',
  ])('keeps %s out', (header) =>
    expect(mapped(table({ [header]: whole(40) }).profile)).toEqual({ [header]: 'ignore' }),
  )

  it.each([
    'account_age_days',
    'average_age_of_devices',
    'contract_age',
    'Usage',
    'Percentage',
    'Message count',
  ])('does not take %s for somebody’s age', (header) =>
    expect(mapped(table({ [header]: whole(40) }).profile)).not.toEqual({ [header]: 'ignore' }),
  )

  it.each(['churn_probability_v2', 'Attrition_Flag_mon_1', 'cancelled_on', 'date_of_churn', 'ChurnScore2'])(
    'keeps %s out: it tells the outcome',
    (header) => expect(mapped(table({ [header]: whole(40) }).profile)).toEqual({ [header]: 'ignore' }),
  )

  it('takes the better of two columns and names the other as possible', () => {
    const mapping = proposeMapping(table({ unit_price: whole(90), mrr: whole(90) }).profile)
    expect(summary(mapping)).toMatchObject({ unit_price: 'unit_price', mrr: 'recurringAmount' })
    expect(mapping.columns[0].alsoPossible).toEqual(['recurringAmount'])
  })

  it('brings each unit that a header says to the canonical one', () => {
    const { profile } = table({
      tenure_years: whole(6),
      'Usage (hours)': whole(9),
      arr: whole(90),
      price_change_pct: whole(20),
    })
    expect(mapped(profile)).toEqual({
      tenure_years: 'tenureMonths in years',
      'Usage (hours)': 'usagePerDay in hours per day',
      arr: 'recurringAmount in money per year',
      price_change_pct: 'recurringAmountChange in percent',
    })
  })

  it('takes tenure of a young book for months when the amounts say so', () => {
    const columns = {
      tenure: whole(12),
      MonthlyCharges: [50],
      TotalCharges: whole(12).map((months) => months * 50),
    }
    expect(mapped(table(columns).profile).tenure).toBe('tenureMonths')
    expect(mapped(table({ tenure: whole(12) }).profile).tenure).toBe('tenureMonths in years')
  })

  it('takes an end date that some lack for the day they left, but not a renewal date', () => {
    const some = ['2024-01-01', null, null, '2024-02-01']
    expect(mapped(table({ end_date: some, id: '#' }).profile).end_date).toBe('ignore')
    expect(mapped(table({ renewal_date: some, id: '#' }).profile).renewal_date).toBe(
      'monthsToRenewal in date',
    )
  })

  it('reads the amount of a billing export by its interval', () => {
    const { profile } = table({
      id: 'sub_#',
      Amount: [10, 120],
      Interval: ['month', 'year'],
      current_period_end: [1735689600, 1767225600],
    })
    expect(mapped(profile)).toEqual({
      id: 'id',
      Amount: 'recurringAmount in money per interval',
      Interval: 'billingInterval',
      current_period_end: 'monthsToRenewal in unix seconds',
    })
  })
})

describe('what somebody says', () => {
  it('names the target and the id', () => {
    const mapping = proposeMapping(shop.profile, { target: 'Complain', id: 'WarehouseToHome' })
    expect(summary(mapping)).toMatchObject({
      Complain: 'target',
      WarehouseToHome: 'id',
      Churn: 'ignore',
      CustomerID: 'ignore',
    })
  })

  it('accepts a header in another case when only one can be meant', () => {
    expect(summary(proposeMapping(telco().profile, { target: 'churn' })).Churn).toBe('target')
  })

  it('keeps a protected column that is named, by header or by meaning', () => {
    const mapping = proposeMapping(bank.profile, { keep: ['gender', 'Age'] })
    expect(summary(mapping)).toMatchObject({ Gender: 'Gender', Age: 'Age', Surname: 'ignore' })
  })

  it('lists the columns and the nearest names when there is no such target', () => {
    expect(() => proposeMapping(bank.profile, { target: 'exitd' })).toThrow(
      expect.objectContaining({
        code: 'target_missing',
        message: expect.stringMatching(/"exitd".*Did you mean "Exited"\?.*RowNumber, CustomerId/su),
      }),
    )
  })

  it('keeps what a mapping said, whatever the values of another file suggest', () => {
    const trained = proposeMapping(telco().profile)
    const small = table({ tenure: whole(9), MonthlyCharges: [20, 30], Contract: ['x', 'y'] }, 200)
    expect(mapped(small.profile).tenure).toBe('tenureMonths in years')
    expect(summary(proposeMapping(small.profile, { like: trained }))).toEqual({
      tenure: 'tenureMonths',
      MonthlyCharges: 'recurringAmount',
      Contract: 'contract',
    })
  })
})
