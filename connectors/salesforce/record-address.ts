/** Where people look at a record. */

/**
 * @param uiDomain of the org's pages; not its API's
 * @see https://developer.salesforce.com/docs/platform/lwc/guide/use-navigate-page-types.html "Record Page": the path of a record in Lightning Experience
 * @example
 * recordAddress('acme.lightning.force.com', 'Account', '001000000000001AAA')
 * // 'https://acme.lightning.force.com/lightning/r/Account/001000000000001AAA/view'
 */
export function recordAddress(uiDomain: string, object: 'Account' | 'Contact', id: string): string {
  return `https://${uiDomain}/lightning/r/${object}/${encodeURIComponent(id)}/view`
}
