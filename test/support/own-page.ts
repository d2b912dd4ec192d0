/** What a page of ours sends for whoever is signed in. */
import { csrfOf } from '../../src/security/csrf.ts'

/**
 * @param cookie the session's, as `name=value`
 * @example
 * await fetch(`${server.url}/v1/pause`, { method: 'POST', headers: ownPage(cookie) })
 */
export const ownPage = (cookie: string) => ({
  cookie,
  'sec-fetch-site': 'same-origin',
  'x-csrf-token': csrfOf(cookie.slice(cookie.indexOf('=') + 1)),
})
