/**
 * What is asked of Holdfast from inside HubSpot, and the words for when it cannot be asked. HubSpot adds account and user, signs
 * it, and asks a second time by itself after an answer of 500 and above: whatever is asked here may be asked twice.
 *
 * @see https://developers.hubspot.com/docs/apps/developer-platform/add-features/ui-extensions/fetching-data
 */
import { hubspot } from '@hubspot/ui-extensions'
import { PUBLIC_URL } from './place.ts'

/** What went wrong, to be read by people. */
export interface Trouble {
  readonly text: string
  /** Whether the same can succeed later without anybody changing anything. */
  readonly again: boolean
  /** Of the answer; null: there was none. */
  readonly status: number | null
}

export type Answer<T> =
  | { readonly value: T; readonly trouble: null }
  | { readonly value: null; readonly trouble: Trouble }

/** Below HubSpot's own 15 seconds, so that the words are ours. */
const TIMEOUT_MS = 14_000

/**
 * Never throws.
 *
 * @param path beneath the public address, with its query
 * @param body what is to be done; none: something is read
 * @example
 * const { value, trouble } = await ask<RecordCard>(`${PATHS.card}?objectTypeId=0-2&objectId=512`)
 */
export async function ask<T>(path: string, body?: Readonly<Record<string, unknown>>): Promise<Answer<T>> {
  const method = body === undefined ? 'GET' : 'POST'
  try {
    const response = await hubspot.fetch(PUBLIC_URL + path, {
      method,
      timeout: TIMEOUT_MS,
      ...(body === undefined ? {} : { body: { ...body } }),
    })
    const answer: unknown = await response.json().catch(() => null)
    if (response.ok && answer !== null) return { value: answer as T, trouble: null }
    return { value: null, trouble: refused(response.status, answer) }
  } catch {
    return { value: null, trouble: { text: SILENT[method], again: true, status: null } }
  }
}

/**
 * @example
 * withQuery('/crm/hubspot/customers', { whose: 'mine', after: null }) // '/crm/hubspot/customers?whose=mine'
 */
export function withQuery(path: string, query: Readonly<Record<string, string | null>>): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === null ? [] : [`${encodeURIComponent(name)}=${encodeURIComponent(value)}`],
  )
  return pairs.length === 0 ? path : `${path}?${pairs.join('&')}`
}

const SILENT = {
  GET: 'Holdfast does not answer at the moment. Nothing is lost: try again, and tell your admin if it stays like this.',
  POST: 'Holdfast did not answer in time, so it is not known whether this arrived. Press again: it is done once, however often it arrives.',
} as const

/** Answers of ours say what happened and what to do; of those that are not for people, we say it here. */
function refused(status: number, answer: unknown): Trouble {
  const again = status === 429 || status >= 500
  const { detail } = (answer ?? {}) as { readonly detail?: unknown }
  if (status === 401)
    return {
      text: 'Holdfast did not accept the request, because HubSpot’s signature on it does not fit. An admin checks HUBSPOT_CLIENT_SECRET and PUBLIC_URL of Holdfast.',
      again,
      status,
    }
  if (typeof detail === 'string' && detail !== '' && status < 500) return { text: detail, again, status }
  if (status === 429)
    return { text: 'Too much is asked of Holdfast at the moment. Try again in a minute.', again, status }
  if (status >= 500)
    return {
      text: 'Holdfast could not do this just now. Try again, and tell your admin if it stays like this.',
      again,
      status,
    }
  return {
    text: `Holdfast gave an answer that cannot be read here (${status}). Tell your admin: the app in HubSpot may be older than Holdfast itself.`,
    again,
    status,
  }
}
