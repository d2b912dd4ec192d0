/** What the token of a link to unsubscribe says: ids and a keyed hash, nothing that names the person. */
import { asIntervention, asTenant, type InterventionId, type TenantId } from '../contracts/ids.ts'

export interface UnsubscribeClaim {
  readonly tenant: TenantId
  readonly intervention: InterventionId
  /** Of the address: the link works for as long as the tenant exists, also when everything about the customer is gone. */
  readonly hash: Buffer
}

/**
 * @example
 * signLink(linkKey, unsubscribePayload({ tenant, intervention, hash }))
 */
export function unsubscribePayload({ tenant, intervention, hash }: UnsubscribeClaim): string {
  return `u ${tenant} ${intervention} ${hash.toString('base64url')}`
}

/** Null for what is no such payload. */
export function parseUnsubscribe(payload: string): UnsubscribeClaim | null {
  const found = FORM.exec(payload)
  if (found === null) return null
  const [, tenant, intervention, hash] = found
  return {
    tenant: asTenant(tenant),
    intervention: asIntervention(intervention),
    hash: Buffer.from(hash, 'base64url'),
  }
}

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
const FORM = new RegExp(`^u (${UUID}) (${UUID}) ([A-Za-z0-9_-]{43})$`)
