/** What the integration user may ask of the org: objects, fields and records that were not taken from it. */
import { virtualTables } from './definitions.ts'
import type { Source } from './soql-fields.ts'
import type { SalesforceState } from './state.ts'

/** What a query calls the children of a record, where it is not the plural of their object. */
const CHILDREN: Readonly<Record<string, string>> = {
  'Contact.ReportsToId': 'Reports',
  'Account.ParentId': 'ChildAccounts',
  'AccountTeamMember.AccountId': 'AccountTeamMembers',
  'AccountContactRelation.AccountId': 'AccountContactRelations',
  'AccountContactRelation.ContactId': 'AccountContactRelations',
  'AccountContactRole.AccountId': 'AccountContactRoles',
  'AccountContactRole.ContactId': 'AccountContactRoles',
  'OpportunityContactRole.OpportunityId': 'OpportunityContactRoles',
  'OpportunityContactRole.ContactId': 'OpportunityContactRoles',
  'AccountHistory.AccountId': 'Histories',
  'ContactHistory.ContactId': 'Histories',
  'OpportunityFieldHistory.OpportunityId': 'Histories',
  'ContractHistory.ContractId': 'Histories',
}

export function openSource(state: SalesforceState): Source {
  const { tables } = state
  const virtual = virtualTables(state)
  return {
    table(name) {
      const type = tables.nameOf(name)
      if (type === null) return virtual(name)
      return state.objectAccess(type).read ? tables.table(type) : null
    },
    typeOf: tables.typeOf,
    canRead: (_table, field) => field.readable,
    canSee: (row) => !state.isHidden(row.id),
    now: state.now,
    childrenOf(type) {
      const children = []
      for (const object of tables.objects.values()) {
        for (const field of tables.table(object.name).fields.values()) {
          if (!field.referenceTo.includes(type)) continue
          const relationship =
            CHILDREN[`${object.name}.${field.name}`] ??
            (field.name.endsWith('__c')
              ? `${object.plural.replace(/\W/g, '_')}__r`
              : object.plural.replace(/\s/g, ''))
          children.push({ object: object.name, field: field.name, relationship })
        }
      }
      return children
    },
  }
}
