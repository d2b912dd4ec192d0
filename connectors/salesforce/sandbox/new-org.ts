/** What an org has before anybody works in it: itself, its users, stages, record types and currencies. */
import type { Value } from './field.ts'
import { installPackage } from './installed-package.ts'
import type { SalesforceState } from './state.ts'

export interface NewOrg {
  readonly name: string
  readonly username: string
  readonly isSandbox: boolean
  /** ISO code of the org's own currency. */
  readonly currency: string
  readonly package: boolean | { readonly namespace: string }
}

/** Stage, how likely it is then, forecast category; closed, won. */
const STAGES: readonly (readonly [string, number, string, boolean, boolean])[] = [
  ['Prospecting', 10, 'Pipeline', false, false],
  ['Qualification', 10, 'Pipeline', false, false],
  ['Proposal/Price Quote', 75, 'Best Case', false, false],
  ['Negotiation/Review', 90, 'Commit', false, false],
  ['Closed Won', 100, 'Closed', true, true],
  ['Closed Lost', 0, 'Omitted', true, false],
]

export function sowOrg(state: SalesforceState, org: NewOrg): void {
  const setup = { timeZone: 'Europe/Berlin', locale: 'en_IE_EURO' }
  state.put('settings', 'currency', org.currency)
  const licence = state.createRecord('UserLicense', {
    Name: 'Salesforce Integration',
    LicenseDefinitionKey: 'SFDC_INTEGRATION',
    MasterLabel: 'Salesforce Integration',
    Status: 'Active',
    TotalLicenses: 5,
    UsedLicenses: 1,
  })
  const profile = state.createRecord('Profile', {
    Name: 'Minimum Access - API Only Integrations',
    UserLicenseId: licence,
    UserType: 'Standard',
    PermissionsApiEnabled: true,
  })
  const administrators = state.createRecord('Profile', {
    Name: 'System Administrator',
    PermissionsApiEnabled: true,
  })
  const user = (id: string, fields: Readonly<Record<string, Value>>): void => {
    state.createRecord('User', { Alias: 'user', TimeZoneSidKey: setup.timeZone, ...fields }, undefined, {
      id,
    })
  }
  user(state.users.admin, {
    Username: `admin@${org.username.split('@')[1] ?? 'example.com'}`,
    FirstName: 'Ada',
    LastName: 'Admin',
    Email: 'admin@example.com',
    ProfileId: administrators,
  })
  user(state.users.integration, {
    Username: org.username,
    FirstName: 'Holdfast',
    LastName: 'Integration',
    Email: 'integration@example.com',
    ProfileId: profile,
  })
  state.createRecord(
    'Organization',
    {
      Name: org.name,
      IsSandbox: org.isSandbox,
      OrganizationType: 'Enterprise Edition',
      InstanceName: 'EU99',
      TimeZoneSidKey: setup.timeZone,
      DefaultLocaleSidKey: setup.locale,
      LanguageLocaleKey: 'en_US',
      Country: 'DE',
      FiscalYearStartMonth: 1,
      IsReadOnly: false,
    },
    undefined,
    { id: state.org },
  )
  for (const [at, [name, probability, forecast, closed, won]] of STAGES.entries()) {
    state.createRecord('OpportunityStage', {
      MasterLabel: name,
      ApiName: name,
      SortOrder: at + 1,
      DefaultProbability: probability,
      ForecastCategoryName: forecast,
      IsClosed: closed,
      IsWon: won,
    })
  }
  if (state.features.personAccounts) {
    const type = { SobjectType: 'Account', IsActive: true }
    state.createRecord('RecordType', { ...type, Name: 'Business Account', DeveloperName: 'Business_Account' })
    state.createRecord('RecordType', {
      ...type,
      Name: 'Person Account',
      DeveloperName: 'PersonAccount',
      IsPersonType: true,
    })
  }
  if (state.features.multiCurrency) {
    for (const [code, rate] of [
      ['EUR', 1],
      ['USD', 1.1],
      ['GBP', 0.85],
      ['CHF', 0.95],
    ] as const) {
      state.createRecord('CurrencyType', {
        IsoCode: code,
        ConversionRate: rate,
        DecimalPlaces: 2,
        IsCorporate: code === org.currency,
      })
    }
  }
  if (org.package !== false) installPackage(state, org.package === true ? null : org.package.namespace)
}
