/** Values that a request brings and the database keeps as they are. */
import { z } from 'zod'
import { unstorable } from '../unstorable.ts'

/** Deeper than any setting, and far from where a program that follows it would run out of stack. */
const DEEPEST = 20

/** A check of zod. */
export const keepable: z.core.CheckFn<unknown> = ({ value, issues }) => {
  const message = unstorable(value, DEEPEST)
  if (message !== null) issues.push({ code: 'custom', message, input: value })
}

/** Any JSON that can be kept. */
export const storable = z.unknown().check(keepable)
