/** Goes where only the server can lead: it ends or changes the session, and answers with another page. */
import { csrfToken } from '../api/csrf.ts'

/**
 * Posts a form, as the browser would by a button.
 *
 * @example
 * leave('/sign-out', {})
 */
export function leave(action: string, fields: Readonly<Record<string, string>>): void {
  const form = document.createElement('form')
  form.method = 'post'
  form.action = action
  const { 'X-CSRF-Token': csrf } = csrfToken()
  const all = csrf === undefined ? fields : { ...fields, csrf }
  for (const [name, value] of Object.entries(all)) {
    const input = document.createElement('input')
    input.type = 'hidden'
    input.name = name
    input.value = value
    form.append(input)
  }
  document.body.append(form)
  form.submit()
}
