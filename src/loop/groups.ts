/** To which group a customer belongs: those that nothing is done for, business as usual, or the policy's. */
import { createHmac } from 'node:crypto'

export interface GroupShares {
  /** 0 to 0.5. */
  readonly holdout: number
  /** 0 to 0.5. */
  readonly usual: number
}

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
