/**
 * Two messages to one person, or about one customer, are looked at one after the other, whichever workers have them: the
 * second sees that the first has begun.
 */
import type { CustomerId } from '../contracts/ids.ts'
import type { Transaction } from '../store/database.ts'
import { lockNames, tryLockNames } from '../store/named-locks.ts'
import { samePeople } from '../store/recipients.ts'

/** Whom something is about, and whom it goes to. */
export interface About {
  readonly customer: CustomerId
  /** Of the address; null: none is known. */
  readonly hash: Buffer | null
}

/** Until the transaction ends; waits for whoever has one of them. */
export async function lockPeople(tx: Transaction, items: readonly About[]): Promise<void> {
  const names = await namesOf(tx, items)
  await lockNames(tx, names.flat())
}

/**
 * As {@link lockPeople}, without ever waiting, and so that no two of those asked for have a person in common.
 *
 * @returns of which all are held from now on; of each of the others somebody else has something
 */
export async function tryLockPeople<Item extends About>(
  tx: Transaction,
  items: readonly Item[],
): Promise<ReadonlySet<Item>> {
  const names = await namesOf(tx, items)
  const asked = new Set<string>()
  const apart = items.flatMap((item, at) => {
    if (names[at].some((name) => asked.has(name))) return []
    for (const name of names[at]) asked.add(name)
    return [{ item, names: names[at] }]
  })
  const held = await tryLockNames(tx, [...asked])
  return new Set(apart.flatMap(({ item, names: own }) => (own.every((name) => held.has(name)) ? [item] : [])))
}

/** In the order of the items: the customer, and every address of the person. */
async function namesOf(tx: Transaction, items: readonly About[]): Promise<readonly (readonly string[])[]> {
  const people = await samePeople(
    tx,
    items.flatMap(({ hash }) => (hash === null ? [] : [hash])),
  )
  return items.map(({ customer, hash }) => [
    `customer ${customer}`,
    ...(hash === null ? [] : people.get(hash.toString('hex'))!),
  ])
}
