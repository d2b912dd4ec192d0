/** What may use the calls that are kept for the customer's other tools: tasks, consent, and looking whether all is well. */
import type { SalesforceClient } from './client.ts'

/**
 * The same client, all of whose calls are urgent: a write whose reads wait for tomorrow waits with them.
 *
 * @example
 * const context = openContext({ ...parts, client: urgently(client) })
 */
export function urgently(client: SalesforceClient): SalesforceClient {
  return {
    ...client,
    call: (call) => client.call({ ...call, urgent: true }),
    query: (soql, row, options) => client.query(soql, row, { ...options, urgent: true }),
  }
}
