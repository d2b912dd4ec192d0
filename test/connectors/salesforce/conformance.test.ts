import { connectorConformance } from '../../conformance/connector.ts'
import { underTest } from './under-test.ts'

// Contacts and person accounts: test/salesforce/conformance.test.ts.
connectorConformance('Accounts in Salesforce', () => underTest('Account'))
