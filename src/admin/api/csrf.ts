/** What shows that a request comes from a page of ours: another site cannot read it. */
import { bootFrame } from '../boot.ts'

export function csrfToken(): Readonly<Record<string, string>> {
  const { csrf } = bootFrame()
  return csrf === null ? {} : { 'X-CSRF-Token': csrf }
}
