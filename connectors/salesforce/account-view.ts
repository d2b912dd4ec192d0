/** A look into an org for whoever sets a connection up. */
import { MOST_USERS, type AccountView, type Membership } from '../account-view.ts'
import { ofCondition } from './conditions.ts'
import type { SalesforceContext } from './context.ts'
import { isFailure } from './errors.ts'
import { conditionFor, countRecords, stageCounts } from './population.ts'
import { anyRow, textIn } from './rows.ts'
import { compare, select, stated } from './soql.ts'

/** Lookups to users that are counted: each is a call. */
const MOST_FIELDS = 12
/** Users of these kinds sign in and have tasks. */
const PEOPLE = 'Standard'

/**
 * @example
 * await viewOrg(context).count({ kind: 'condition', condition: "Type = 'Customer'" }) // 812
 */
export function viewOrg(context: SalesforceContext): AccountView {
  const { client, config } = context
  const { object } = config

  /** As it stands after WHERE; null: all of them. */
  async function conditionOf(membership: Membership): Promise<string | null> {
    if (membership === null) return null
    if (membership.kind === 'condition') return membership.condition
    const { property, values } = membership
    const known = (await stageCounts(context, [property])).find(
      (one) => one.property.toLowerCase() === property.toLowerCase(),
    )
    return conditionFor(known?.property ?? property, values, known?.type)
  }

  return {
    stages: (also) => stageCounts(context, also),
    count: async (membership) => countRecords(context, object, await conditionOf(membership)),
    examples: async (membership, limit) => {
      const condition = await conditionOf(membership)
      const soql = select({
        fields: ['Id', 'Name'],
        from: object,
        where: condition === null ? null : stated(condition),
        orderBy: ['Id'],
        limit,
      })
      try {
        const found = []
        for await (const { records } of client.query(soql, anyRow))
          for (const row of records) found.push({ id: textIn(row, 'Id') ?? '', name: textIn(row, 'Name') })
        return found
      } catch (error) {
        throw condition === null ? error : ofCondition(error, condition)
      }
    },
    userFields: async () => {
      const described = await context.describe(object)
      const named = [...(described?.fields.values() ?? [])].filter(
        ({ name, referenceTo, filterable }) =>
          referenceTo.includes('User') && filterable && !BOOKKEEPING.has(name),
      )
      const counted = []
      for (const { name, label } of named.slice(0, MOST_FIELDS))
        counted.push({
          field: name,
          label,
          records: await countRecords(context, object, compare(name, '!=', null).soql),
        })
      return counted.toSorted((a, b) => b.records - a.records)
    },
    users: async () => {
      const soql = select({
        fields: ['Id', 'Name', 'Email'],
        from: 'User',
        where: stated(`IsActive = true AND UserType = '${PEOPLE}'`),
        orderBy: ['Name'],
        limit: MOST_USERS,
      })
      try {
        const users = []
        for await (const { records } of client.query(soql, anyRow))
          for (const row of records)
            users.push({
              id: textIn(row, 'Id') ?? '',
              name: textIn(row, 'Name'),
              email: textIn(row, 'Email'),
            })
        return users
      } catch (error) {
        // An integration user may be shown no others.
        if (isFailure(error, 'INVALID_TYPE', 'INVALID_FIELD', 'INSUFFICIENT_ACCESS')) return []
        throw error
      }
    },
  }
}

/** Who wrote last is nobody's relationship. */
const BOOKKEEPING: ReadonlySet<string> = new Set(['CreatedById', 'LastModifiedById'])
