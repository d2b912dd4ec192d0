/** Two admins at once: who saves after another is told so, and nothing of theirs is overwritten unseen. */
import { isDeepStrictEqual } from 'node:util'
import { HoldfastError } from '../contracts/errors.ts'
import type { ConnectionId } from '../contracts/ids.ts'
import { lockSyncPosition, readConnection, type Connection } from '../store/connections.ts'
import type { Transaction } from '../store/database.ts'

/**
 * Holds the connection's row until the transaction ends, so that what was looked at stays true.
 *
 * @param looked.was as it stood when somebody looked; undefined: they do not mind
 * @param looked.what that is said, as the end of a sentence
 * @throws HoldfastError `conflict` when somebody saved another one since
 * @example
 * await expectAsLookedAt(tx, id, { was, now: ({ population }) => population, what: 'who counts as a customer' })
 */
export async function expectAsLookedAt<T>(
  tx: Transaction,
  id: ConnectionId,
  {
    was,
    now,
    what,
  }: { readonly was: T | undefined; readonly now: (connection: Connection) => T; readonly what: string },
): Promise<void> {
  await lockSyncPosition(tx, id)
  if (was === undefined) return
  const connection = await readConnection(tx, id)
  if (isDeepStrictEqual(plain(now(connection)), plain(was))) return
  throw new HoldfastError(
    'conflict',
    `Somebody else said meanwhile ${what} of "${connection.name}". Nothing of yours was saved. Look at what holds now, and save again where yours is right.`,
  )
}

/** As it goes over the wire: fields that are undefined are none. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
