import type { RiskFields } from '../../../connectors/connector.ts'
import { FIELD_PROPERTIES } from '../../../connectors/hubspot/fields.ts'
import type { SandboxState } from '../../../connectors/hubspot/sandbox/state.ts'
import { connectorConformance, type ConnectorUnderTest } from '../../conformance/connector.ts'
import { startReading } from './reading.ts'

/** One more than a page. */
const RECORDS = 101
const CONTACT_OF_COMPANY = 280
const HOUR = 3_600_000

function addRecord(state: SandboxState, object: 'companies' | 'contacts', number: number): string {
  const person = { email: `c${number}@example.com`, firstname: 'Ada', lastname: `Reed ${number}` }
  if (object === 'contacts') return state.createRecord('contacts', { ...person, lifecyclestage: 'customer' })
  const company = { name: `Sample ${number} Ltd`, city: 'Hamburg', lifecyclestage: 'customer' }
  const id = state.createRecord('companies', company)
  // Long known: a contact that has just come has its company handed over once more, as something around it.
  const contact = state.createRecord('contacts', person, undefined, { at: new Date(Date.now() - HOUR) })
  state.associate('companies', id, 'contacts', contact, CONTACT_OF_COMPANY)
  return id
}

async function underTest(object: 'companies' | 'contacts'): Promise<ConnectorUnderTest> {
  const { sandbox, open } = await startReading({ object })
  const { state } = sandbox
  const ids = Array.from({ length: RECORDS }, (_, i) => addRecord(state, object, i))
  let closed: Promise<void> | null = null
  const close = (): Promise<void> => (closed ??= sandbox.close())
  return {
    open: () => open(),
    ids,
    change: async (id) => state.updateRecord(object, id, { phone: '+43 1 555 0100' }),
    add: async () => addRecord(state, object, ids.length),
    remove: async (id) => state.archiveRecord(object, id),
    written: async (id) => {
      const properties = state.record(object, id)?.properties ?? {}
      const shown = Object.entries(FIELD_PROPERTIES).flatMap(([field, property]) =>
        properties[property] ? [[field, properties[property]] as const] : [],
      )
      return shown.length === 0 ? null : (Object.fromEntries(shown) as Record<keyof RiskFields, string>)
    },
    lose: close,
    close,
  }
}

connectorConformance('companies in HubSpot', () => underTest('companies'))
connectorConformance('contacts in HubSpot', () => underTest('contacts'))
