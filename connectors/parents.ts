/** The top of the tree of records that a record stands in: HubSpot's companies, Salesforce's Accounts. */

export interface Parents {
  /** Notes what a page of records says, so that it need not be asked for. */
  note(records: Iterable<readonly [id: string, parent: string | null]>): void
  /** The top parent of each of those that were noted; null for one that has none. */
  tops(ids: readonly string[]): Promise<ReadonlyMap<string, string | null>>
}

/**
 * Records that point at each other in a circle have the one with the smallest id as their top, whichever of them is
 * asked about.
 *
 * @param read reads the parents of records that were not noted; those that are not there are left out
 * @example
 * const parents = openParents(read)
 * parents.note([['2', '1']])
 * (await parents.tops(['2'])).get('2') // '1'
 */
export function openParents(
  read: (ids: readonly string[]) => Promise<Iterable<readonly [id: string, parent: string | null]>>,
): Parents {
  const known = new Map<string, string | null>()

  /** Where the way up ends with what is known: at a top, or at a record that has to be asked for. */
  function climb(id: string): { top: string | null } | { ask: string } {
    const way = new Set<string>([id])
    for (let at = id; ;) {
      const parent = known.get(at)
      if (parent === undefined) return { ask: at }
      if (parent === null) return { top: at === id ? null : at }
      if (way.has(parent)) return { top: smallest(circle(parent)) }
      way.add(parent)
      at = parent
    }
  }

  function circle(from: string): readonly string[] {
    const members = [from]
    for (let at = known.get(from)!; at !== from; at = known.get(at)!) members.push(at)
    return members
  }

  return {
    note(records) {
      for (const [id, parent] of records) known.set(id, parent)
    },
    async tops(ids) {
      for (;;) {
        const ends = ids.map((id) => climb(id))
        const ask = [...new Set(ends.flatMap((end) => ('ask' in end ? [end.ask] : [])))]
        if (ask.length === 0)
          return new Map(ids.map((id, i) => [id, (ends[i] as { top: string | null }).top]))
        // A parent that is not there any more is still what its children have in common.
        for (const id of ask) known.set(id, null)
        for (const [id, parent] of await read(ask)) known.set(id, parent)
      }
    },
  }
}

const smallest = (ids: readonly string[]): string =>
  ids.reduce((least, id) =>
    id.length < least.length || (id.length === least.length && id < least) ? id : least,
  )
