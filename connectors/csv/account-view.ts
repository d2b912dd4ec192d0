/** A look into a customer file for whoever sets a connection up. */
import { stageOf, type AccountView, type Membership, type SeenRecord } from '../account-view.ts'
import type { Connector, CustomerRecord } from '../connector.ts'
import { HoldfastError } from '../../src/contracts/errors.ts'

/** Values of a column that could tell customers from others, at most. */
const MOST_VALUES = 20

/**
 * The file is read for each question, which takes a second for 100,000 rows.
 *
 * @param isMember tells by a record's cells whether it counts
 * @example
 * const view = viewFile(connector, (membership) => memberOf(membership))
 */
export function viewFile(
  connector: Connector,
  isMember: (membership: Membership) => (record: Pick<CustomerRecord, 'properties'>) => boolean,
): AccountView {
  const columns = async () => (await connector.describe())[0].profile.columns

  async function* members(membership: Membership): AsyncGenerator<SeenRecord> {
    if (membership?.kind === 'condition')
      throw new HoldfastError(
        'connector_configuration',
        'A file takes no condition. Name a column and its values.',
      )
    const known = (await columns()).map(({ header }) => header)
    if (membership !== null && !known.includes(membership.property))
      throw new HoldfastError(
        'column_missing',
        `The file has no column "${membership.property}". Its columns: ${known.slice(0, 40).join(', ')}.`,
      )
    const is = isMember(membership)
    for await (const { upserts } of connector.changes(null))
      for (const record of upserts) if (is(record)) yield { id: record.id, name: record.name }
  }

  return {
    stages: async (also = []) => {
      const wanted = new Set(also)
      return (await columns())
        .filter(
          ({ header, kind, distinct }) =>
            wanted.has(header) || (kind === 'category' && distinct >= 2 && distinct <= MOST_VALUES),
        )
        .map(stageOf)
    },
    count: async (membership) => {
      let many = 0
      for await (const _ of members(membership)) many++
      return many
    },
    examples: async (membership, limit) => {
      const found: SeenRecord[] = []
      for await (const record of members(membership)) if (found.push(record) >= limit) break
      return found
    },
    userFields: async () => null,
    users: async () => null,
  }
}
