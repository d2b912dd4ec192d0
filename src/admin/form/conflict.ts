/** Two people changed settings from the same version: what of it can stand together, and what somebody has to choose. */
import { compare, changesOf, type Change } from '../../settings/changes.ts'
import type { Field } from '../../settings/controls.ts'
import { fieldPath, overlap } from '../../settings/path.ts'
import { same } from '../../settings/same.ts'

export type Choice = 'theirs' | 'yours' | 'together'

/** The same field, changed by both to something else. */
export interface Clash {
  /** Of the field. */
  readonly path: string
  readonly yours: Change
  /** What they changed there: the field itself, what it is part of, or parts of it. */
  readonly theirs: readonly Change[]
  /** Of lists: what both want in it; undefined: it is no list. */
  readonly together: readonly unknown[] | undefined
}

export interface Meeting {
  /** Changed by them alone. */
  readonly theirs: readonly Change[]
  /** Changed by you alone. */
  readonly yours: readonly Change[]
  readonly clashes: readonly Clash[]
}

/**
 * @param sides `base`: the version that you began with
 * @example
 * meet(fields, { base, theirs, yours }).clashes.length === 0 // both can be kept
 */
export function meet(
  fields: readonly Field[],
  sides: { readonly base: unknown; readonly theirs: unknown; readonly yours: unknown },
): Meeting {
  const { theirs, yours, both } = compare(fields, sides)
  const near = (one: Change, other: Change): boolean => overlap(one.steps, other.steps)
  const clashes = both.map((own): Clash => {
    const others = theirs.filter((one) => near(one, own))
    return {
      path: fieldPath(own.steps),
      yours: own,
      theirs: others,
      together: others.length === 1 ? listOfBoth(own, others[0]) : undefined,
    }
  })
  return {
    theirs: theirs.filter((one) => !both.some((own) => near(one, own))),
    // What both changed to the same is theirs already.
    yours: yours.filter((own) => !theirs.some((one) => near(one, own))),
    clashes,
  }
}

/**
 * What is left of yours to be put on top of theirs.
 *
 * @param choices by path of the clash; what is missing there was not chosen yet
 * @returns null: something has to be chosen first
 */
export function keptOf(
  { yours, clashes }: Meeting,
  choices: ReadonlyMap<string, Choice>,
): readonly Pick<Change, 'steps' | 'after'>[] | null {
  if (clashes.some(({ path }) => !choices.has(path))) return null
  return [
    ...yours,
    ...clashes.flatMap(({ path, yours: own, together }) => {
      const choice = choices.get(path)
      if (choice === 'theirs') return []
      return [choice === 'together' ? { steps: own.steps, after: together } : own]
    }),
  ]
}

/** Theirs with what you added, without what you took away. */
function listOfBoth(yours: Change, theirs: Change): readonly unknown[] | undefined {
  const { kind } = yours.field.control
  if ((kind !== 'list' && kind !== 'choices') || yours.steps.length !== theirs.steps.length) return undefined
  const [before, own, others] = [yours.before, yours.after, theirs.after].map(listOf)
  const has = (list: readonly unknown[], one: unknown): boolean => list.some((other) => same(one, other))
  const added = own.filter((one) => !has(before, one) && !has(others, one))
  return [...others.filter((one) => has(own, one) || !has(before, one)), ...added]
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** Whether anything differs at all: two people may have saved the same. */
export const differs = (fields: readonly Field[], before: unknown, after: unknown): boolean =>
  changesOf(fields, before, after).length > 0
