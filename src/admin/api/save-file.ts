/** Files that no plain link leads to: asked for with a body, or made of what is on the page. */
import type { Problem } from '../../server/problem.ts'
import { csrfToken } from './csrf.ts'
import { Refusal, UNREACHABLE } from './request.ts'

/**
 * Has the browser save what the server answers.
 *
 * @throws Refusal when the server refuses or cannot be reached
 * @example
 * await saveFile('/v1/what-if/customers?format=csv', { change }, 'what-if.csv')
 */
export async function saveFile(path: string, body: object, name: string): Promise<void> {
  const response = await fetch(path, {
    method: 'POST',
    credentials: 'same-origin',
    headers: { 'Content-Type': 'application/json', ...csrfToken() },
    body: JSON.stringify(body),
  }).catch((cause: unknown) => {
    throw new Refusal(UNREACHABLE, { cause })
  })
  if (!response.ok) throw new Refusal((await response.json()) as Problem)
  offerFile(await response.blob(), name)
}

/** Has the browser save what is there already. */
export function offerFile(file: Blob, name: string): void {
  const address = URL.createObjectURL(file)
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  // The browser reads it after this turn.
  setTimeout(() => URL.revokeObjectURL(address), 60_000)
}
