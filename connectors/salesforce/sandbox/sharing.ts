/**
 * Which records the integration user does not see: those that were shared away, and those that are shared as their parents
 * are ("controlled by parent", which is how an org begins for contacts and contracts).
 *
 * @see https://help.salesforce.com/s/articleView?id=platform.sharing_model_fields.htm
 */
import type { Org } from './org.ts'

const CONTROLLED_BY: Readonly<Record<string, readonly string[]>> = {
  Contact: ['AccountId'],
  Contract: ['AccountId'],
  AccountTeamMember: ['AccountId'],
  AccountContactRole: ['AccountId'],
  AccountContactRelation: ['AccountId', 'ContactId'],
  OpportunityContactRole: ['OpportunityId'],
  AccountHistory: ['AccountId'],
  ContactHistory: ['ContactId'],
  ContractHistory: ['ContractId'],
  OpportunityFieldHistory: ['OpportunityId'],
}

/** @returns whether the record of an id is hidden */
export function openSharing(org: Org): (id: string) => boolean {
  const away = org.documents('hidden')
  const isHidden = (id: string): boolean => {
    if (away.size === 0) return false
    if (away.has(id)) return true
    for (const [type, parents] of Object.entries(CONTROLLED_BY)) {
      // Several kinds of history have the same prefix.
      if (org.objects.get(type)?.prefix !== id.slice(0, 3)) continue
      const table = org.table(type)
      const row = table.byId.get(id)
      if (row === undefined) continue
      return parents.some((field) => {
        const parent = table.get(row, field)
        return typeof parent === 'string' && isHidden(parent)
      })
    }
    return false
  }
  return isHidden
}
