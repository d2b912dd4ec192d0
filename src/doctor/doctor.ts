/** Looks at everything an installation stands on, and says what it found, what it means and what to do. */
import type { Check } from '../contracts/checks.ts'
import { HoldfastError } from '../contracts/errors.ts'

export interface CheckGroup {
  /** As a heading: "Database". */
  readonly name: string
  readonly checks: readonly Check[]
}

/** One thing to look at; what it throws becomes a failed check, so that one broken part hides no other. */
export interface Examination {
  readonly name: string
  look(): Promise<readonly Check[]>
}

/**
 * @param onGroup called as each is done, in order
 * @example
 * const groups = await examine(examinationsOf(service))
 */
export async function examine(
  examinations: readonly Examination[],
  onGroup: (group: CheckGroup) => void = () => undefined,
): Promise<readonly CheckGroup[]> {
  const groups: CheckGroup[] = []
  for (const { name, look } of examinations) {
    const checks = await look().catch((cause: unknown) => [failedCheck(name, cause)])
    const group = { name, checks }
    groups.push(group)
    onGroup(group)
  }
  return groups
}

/** A failure as a check: our own errors already say what to do. */
export function failedCheck(name: string, cause: unknown): Check {
  if (cause instanceof HoldfastError) return { name, status: 'failed', message: cause.message }
  const detail = cause instanceof Error ? cause.message : String(cause)
  return { name, status: 'failed', message: `It could not be looked at: ${detail}` }
}

/** Whether anything does not work. */
export function anyFailed(groups: readonly CheckGroup[]): boolean {
  return groups.some(({ checks }) => checks.some(({ status }) => status === 'failed'))
}
