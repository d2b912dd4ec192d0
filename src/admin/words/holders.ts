/** Who holds the machine and is nobody of the people, in words. */
import { actorWords } from './states.ts'

const HOLDERS: Readonly<Record<string, string>> = {
  owner: 'whoever started Holdfast',
  'command line': 'whoever has the command line',
  'local admin': 'whoever has the password',
}

/**
 * @param subject as a session names it
 * @returns null: it is somebody of the people
 */
export const holderWords = (subject: string): string | null => HOLDERS[subject] ?? null

/**
 * Who did something, from how the audit log names them.
 *
 * @example
 * whoWords('user:owner') // 'whoever started Holdfast'
 */
export function whoWords(actor: string): string {
  const known = actor.startsWith('user:') ? holderWords(actor.slice('user:'.length)) : null
  return known ?? actorWords(actor)
}
