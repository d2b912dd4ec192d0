/** To which group a customer belongs: those that nothing is done for, business as usual, the policy's, or none. */
import { createHmac } from 'node:crypto'
import type { CustomerRecord } from '../../connectors/connector.ts'

export interface GroupShares {
  /** 0 to 0.5. */
  readonly holdout: number
  /** 0 to 0.5. */
  readonly usual: number
  /** Who belongs to none, since nobody leaves a strategic account to chance; absent: nobody. */
  readonly exempt?: ExemptTerms
}

export interface ExemptTerms {
  readonly property: string | null
  readonly values: readonly string[]
  /** Of customers, or of top parent accounts for all beneath them. */
  readonly ids: readonly string[]
}

/**
 * The group of a customer at first sight, which it keeps: whoever becomes a strategic account later stays in the
 * comparison, or it would lose its best customers.
 *
 * @example
 * firstGroup('salt', '7', { id: '7', topParentId: null, properties: { strategic: true } }, { holdout: 0.1, usual: 0.1,
 *   exempt: { property: 'strategic', values: ['true'], ids: [] } }) // 'exempt'
 */
export function firstGroup(
  salt: string,
  key: string,
  record: Pick<CustomerRecord, 'id' | 'topParentId' | 'properties'>,
  shares: GroupShares,
): 'holdout' | 'usual' | 'policy' | 'exempt' {
  if (shares.exempt !== undefined && isExempt(record, shares.exempt)) return 'exempt'
  return groupOf(salt, key, shares)
}

function isExempt(
  { id, topParentId, properties }: Pick<CustomerRecord, 'id' | 'topParentId' | 'properties'>,
  terms: ExemptTerms,
): boolean {
  const { ids, values } = foldedOf(terms)
  if (ids.has(id) || (topParentId !== null && ids.has(topParentId))) return true
  const value = terms.property === null ? null : properties[terms.property]
  return value !== null && value !== undefined && values.has(fold(String(value)))
}

/** Looked at for each record of a book. */
const folded = new WeakMap<ExemptTerms, { ids: ReadonlySet<string>; values: ReadonlySet<string> }>()

function foldedOf(terms: ExemptTerms) {
  const known = folded.get(terms)
  if (known !== undefined) return known
  const made = { ids: new Set(terms.ids), values: new Set(terms.values.map(fold)) }
  folded.set(terms, made)
  return made
}

const fold = (text: string): string => text.trim().toLowerCase()

/**
 * The group that a key falls into, by HMAC-SHA256(salt, key) as a number in [0, 1). All below one top parent share
 * the key, so that no company is treated in two ways. A customer keeps the group of its first sight: shares that
 * change later move nobody.
 *
 * @param salt of the tenant; never changes
 * @param key id of the top parent account, or of the record itself
 * @example
 * groupOf('salt', 'C-000001', { holdout: 0.1, usual: 0.1 }) // 'policy' for four of five keys
 */
export function groupOf(salt: string, key: string, shares: GroupShares): 'holdout' | 'usual' | 'policy' {
  const draw = groupDraw(salt, key)
  if (draw < shares.holdout) return 'holdout'
  return draw < shares.holdout + shares.usual ? 'usual' : 'policy'
}

/** The first 53 bits of the HMAC, as a number in [0, 1). */
export function groupDraw(salt: string, key: string): number {
  const digest = createHmac('sha256', salt).update(key).digest()
  return (digest.readUIntBE(0, 6) * 32 + (digest[6] >>> 3)) / 2 ** 53
}
