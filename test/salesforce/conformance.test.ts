import { connectorConformance } from '../conformance/connector.ts'
import { underTest } from '../connectors/salesforce/under-test.ts'

connectorConformance('Contacts in Salesforce', () => underTest('Contact'))
connectorConformance('person accounts among Accounts in Salesforce', () => underTest('person account'))
