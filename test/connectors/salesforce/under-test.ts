/** What the conformance suite works on: an org in the sandbox. */
import type { RiskFields } from '../../../connectors/connector.ts'
import { RISK_FIELD } from '../../../connectors/salesforce/package.ts'
import type { SalesforceState } from '../../../connectors/salesforce/sandbox/state.ts'
import type { ConnectorUnderTest } from '../../conformance/connector.ts'
import { startReading } from './reading.ts'

/** More than one page. */
const RECORDS = 60
const PAGE = 25
const HOUR = 3_600_000

type Kind = 'Account' | 'Contact' | 'person account'

function addRecord(state: SalesforceState, kind: Kind, number: number): string {
  const person = { FirstName: 'Ada', LastName: `Reed ${number}` }
  const email = `c${number}@example.com`
  if (kind === 'Contact') return state.createRecord('Contact', { ...person, Email: email })
  if (kind === 'person account' && number % 2 === 0)
    return state.createRecord('Account', { ...person, PersonEmail: email })
  const id = state.createRecord('Account', { Name: `Sample ${number} Ltd` })
  // Long known: a contact that has just come has its account handed over once more, as something around it.
  const long = { at: new Date(Date.now() - HOUR) }
  state.createRecord('Contact', { ...person, Email: email, AccountId: id }, undefined, long)
  return id
}

/** A connector on an org with more records than a page of it has. */
export async function underTest(kind: Kind): Promise<ConnectorUnderTest> {
  const object = kind === 'Contact' ? 'Contact' : 'Account'
  const { sandbox, state, open } = await startReading({
    object,
    pageSize: PAGE,
    ...(kind === 'person account' && { personAccounts: true }),
  })
  const ids = Array.from({ length: RECORDS }, (_, i) => addRecord(state, kind, i))

  let closed: Promise<void> | null = null
  const close = (): Promise<void> => (closed ??= sandbox.close())
  return {
    open: () => open(),
    ids,
    change: async (id) => state.updateRecord(object, id, { Phone: '+43 1 555 0100' }),
    add: async () => addRecord(state, kind, ids.length),
    remove: async (id) => state.deleteRecord(object, id),
    written: async (id) => {
      const values = state.record(object, id)?.values ?? {}
      const shown = Object.entries(RISK_FIELD).flatMap(([field, name]) => {
        const value = values[name]
        return value === null || value === undefined ? [] : [[field, String(value)] as const]
      })
      return shown.length === 0 ? null : (Object.fromEntries(shown) as Record<keyof RiskFields, string>)
    },
    lose: close,
    close,
  }
}
