import { connectorConformance } from '../../conformance/connector.ts'
import { underTest } from './under-test.ts'

connectorConformance('Accounts in Salesforce', () => underTest('Account'))
connectorConformance('Contacts in Salesforce', () => underTest('Contact'))
