/** An org with the sample in it and the package installed, without a server. */
import { sowOrg } from '../../../../connectors/salesforce/sandbox/new-org.ts'
import { seedSampleOrg } from '../../../../connectors/salesforce/sandbox/sample.ts'
import { openState, type SalesforceState } from '../../../../connectors/salesforce/sandbox/state.ts'

export interface SampleOrgOptions {
  readonly customers?: number
  readonly seed?: number
  readonly clock?: () => Date
  readonly personAccounts?: boolean
  readonly accountTeams?: boolean
  /** Of the package; default: it has none. */
  readonly namespace?: string | undefined
}

export const NOW = new Date('2026-11-21T12:00:00Z')

export function sampleOrg({
  customers = 400,
  seed = 1,
  clock = () => NOW,
  personAccounts = false,
  accountTeams = false,
  namespace,
}: SampleOrgOptions = {}): SalesforceState {
  const features = { personAccounts, accountTeams, multiCurrency: false }
  const state = openState({ org: '00D000000000062EAA', clock, features, write: null })
  sowOrg(state, {
    name: 'Sample company',
    username: 'integration@sample.example',
    isSandbox: true,
    currency: 'EUR',
    package: namespace === undefined ? true : { namespace },
  })
  seedSampleOrg(state, { customers, seed })
  return state
}

/** Ids of Accounts that are customers. */
export const customersOf = (state: SalesforceState): string[] =>
  state.ids('Account').filter((id) => state.value('Account', id, 'Type') === 'Customer')

export const contactsOf = (state: SalesforceState, account: string): string[] =>
  [...state.tables.table('Contact').indexed('AccountId', account)].map(({ id }) => id)
