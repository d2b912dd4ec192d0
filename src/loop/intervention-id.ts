/** The id of an intervention follows from what it is, so that whoever plans the same thing again names it the same. */
import { createHash } from 'node:crypto'
import { asIntervention, type ConnectionId, type InterventionId } from '../contracts/ids.ts'

/**
 * UUIDv8 (RFC 9562, section 5.8): the first 122 free bits of a SHA-256 over what the intervention is. Providers and CRMs
 * know what was carried out by this id. A database that was restored from a backup has forgotten what was decided since;
 * deciding anew gives the same ids, and whatever was done under them already is found instead of being done twice.
 *
 * Our own number of the customer is left out on purpose: it may be another one after a restore.
 *
 * @param customerName `<object>/<external id>`, as the connection's CRM names the customer
 * @param period of the decision (`periodOf`); of what a person or a program asked for: `api`
 * @param cause what opened the decision; of what was asked for: the key that the caller states
 * @example
 * interventionIdOf(connection, 'companies/42', 'discount_10', '2026-11', 'period')
 */
export function interventionIdOf(
  connection: ConnectionId,
  customerName: string,
  action: string,
  period: string,
  cause: string,
): InterventionId {
  const named = JSON.stringify(['intervention', connection, customerName, action, period, cause])
  const bytes = createHash('sha256').update(named).digest().subarray(0, 16)
  bytes[6] = (bytes[6] & 0x0f) | 0x80
  bytes[8] = (bytes[8] & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return asIntervention(
    [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-'),
  )
}
