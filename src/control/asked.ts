/** What a command was asked for, checked: who typed it reads what the option takes, not what a schema thinks of it. */
import type { z } from 'zod'
import { HoldfastError } from '../contracts/errors.ts'

/**
 * @throws HoldfastError `usage` naming each option that does not fit
 * @example
 * asked(z.object({ company: z.string().optional() }), options).company
 */
export function asked<T extends z.ZodType>(schema: T, options: unknown): z.infer<T> {
  const result = schema.safeParse(options)
  if (result.success) return result.data
  const wrong = result.error.issues.map(
    (issue) => `${typed(String(issue.path[0] ?? 'the command'))} ${takes(issue)}`,
  )
  throw new HoldfastError('usage', `Correct ${[...new Set(wrong)].join('; ')}.`, { cause: result.error })
}

/** As it is typed: `loginUrl` is `login-url`. */
const typed = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

function takes(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value') return `(it takes ${issue.values.map(String).join(', ')})`
  if (issue.code === 'too_big') return `(it takes at most ${issue.maximum} characters)`
  if (issue.code === 'too_small') return '(it must not be empty)'
  return `(${issue.message})`
}
