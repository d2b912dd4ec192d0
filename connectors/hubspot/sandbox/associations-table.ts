/** Which records belong to which, kept from both ends. */
import { inverseTypeId } from './object-types.ts'

export interface Associations {
  add(fromType: string, from: string, toType: string, to: string, typeId: number): void
  /** Null: all between the two, from both ends. */
  remove(fromType: string, from: string, toType: string, to: string, typeId: number | null): void
  has(fromType: string, from: string, toType: string, to: string, typeId: number): boolean
  /** By the other record's id, its association type ids; in the order that they were made. */
  of(fromType: string, from: string, toType: string): ReadonlyMap<string, readonly number[]>
  move(type: string, from: string, into: string): void
  drop(type: string, id: string): void
  /** Each association from each of its ends. */
  all(): Iterable<readonly [fromType: string, from: string, toType: string, to: string, typeId: number]>
}

const NOTHING: ReadonlyMap<string, readonly number[]> = new Map()

export function openAssociations(): Associations {
  /** `companies>contacts` -> id -> id -> type ids. */
  const between = new Map<string, Map<string, Map<string, readonly number[]>>>()

  const put = (fromType: string, from: string, toType: string, to: string, typeId: number): void => {
    const key = `${fromType}>${toType}`
    let records = between.get(key)
    if (!records) between.set(key, (records = new Map()))
    let targets = records.get(from)
    if (!targets) records.set(from, (targets = new Map()))
    const known = targets.get(to) ?? []
    if (!known.includes(typeId)) targets.set(to, shared([...known, typeId]))
  }
  const take = (fromType: string, from: string, toType: string, to: string, typeId: number | null): void => {
    const records = between.get(`${fromType}>${toType}`)
    const targets = records?.get(from)
    const known = targets?.get(to)
    if (!records || !targets || !known) return
    const left = typeId === null ? [] : known.filter((id) => id !== typeId)
    if (left.length > 0) targets.set(to, shared(left))
    else targets.delete(to)
    if (targets.size === 0) records.delete(from)
  }

  const associations: Associations = {
    add(fromType, from, toType, to, typeId) {
      put(fromType, from, toType, to, typeId)
      // A label that only one end has is kept at that end.
      const inverse = inverseTypeId(fromType, toType, typeId) ?? typeId
      put(toType, to, fromType, from, inverse)
    },
    remove(fromType, from, toType, to, typeId) {
      take(fromType, from, toType, to, typeId)
      take(
        toType,
        to,
        fromType,
        from,
        typeId === null ? null : (inverseTypeId(fromType, toType, typeId) ?? typeId),
      )
    },
    has: (fromType, from, toType, to, typeId) =>
      between.get(`${fromType}>${toType}`)?.get(from)?.get(to)?.includes(typeId) ?? false,
    of: (fromType, from, toType) => between.get(`${fromType}>${toType}`)?.get(from) ?? NOTHING,
    move(type, from, into) {
      for (const [key, records] of between) {
        const [fromType, toType] = key.split('>')
        if (fromType !== type) continue
        for (const [to, typeIds] of records.get(from) ?? []) {
          for (const typeId of typeIds) {
            associations.remove(type, from, toType, to, typeId)
            if (to !== into) associations.add(type, into, toType, to, typeId)
          }
        }
      }
    },
    drop(type, id) {
      for (const [key, records] of between) {
        const [fromType, toType] = key.split('>')
        if (fromType !== type) continue
        for (const to of records.get(id)?.keys() ?? []) associations.remove(type, id, toType, to, null)
      }
    },
    *all() {
      for (const [key, records] of between) {
        const [fromType, toType] = key.split('>')
        for (const [from, targets] of records) {
          for (const [to, typeIds] of targets)
            for (const typeId of typeIds) yield [fromType, from, toType, to, typeId]
        }
      }
    },
  }
  return associations
}

/** There are only a few different lists of type ids: hundreds of thousands of associations share them. */
const lists = new Map<string, readonly number[]>()

function shared(typeIds: readonly number[]): readonly number[] {
  const key = typeIds.join()
  const known = lists.get(key)
  if (known) return known
  lists.set(key, typeIds)
  return typeIds
}
