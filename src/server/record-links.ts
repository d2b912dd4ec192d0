/** Where people look at a customer's record in its CRM. */
import { recordAddress } from '../../connectors/hubspot/account.ts'
import { recordAddress as salesforceAddress } from '../../connectors/salesforce/record-address.ts'
import type { RecordPlace } from '../store/reads/crm-connections.ts'

/**
 * @param id of the record in the CRM
 * @returns null: it has no page that we know of
 * @example
 * addressIn(place, 'companies', '512')?.href
 */
export function addressIn(
  { kind, externalId: account, domain }: RecordPlace,
  object: string,
  id: string,
): { readonly href: string; readonly crm: string } | null {
  if (kind === 'hubspot' && (object === 'companies' || object === 'contacts')) {
    const place = { uiDomain: domain ?? 'app.hubspot.com', portal: account }
    return { href: recordAddress(place, object, id), crm: 'HubSpot' }
  }
  if (kind === 'salesforce' && domain !== null && (object === 'Account' || object === 'Contact'))
    return { href: salesforceAddress(domain, object, id), crm: 'Salesforce' }
  return null
}
