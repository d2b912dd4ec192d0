/** What a call looks like on its way, and its answer on the way back. */
import { readAnswer } from '../read-answer.ts'
import { dateOf } from '../retrying.ts'
import type { SalesforceAnswer, SalesforceCall } from './client.ts'
import type { Usage } from './governor.ts'
import type { Outgoing, Sent } from './transport.ts'
import { API_VERSION, CLIENT_NAME } from './version.ts'

/** A call, whatever its answer is parsed with. */
export type Untyped = Omit<SalesforceCall<unknown>, 'schema'>

export function requestOf(call: Untyped): Outgoing {
  const { method, body, csv, headers } = call
  const sent = csv ?? (body === undefined ? undefined : JSON.stringify(body))
  const type: Record<string, string> =
    csv === undefined ? { 'content-type': 'application/json' } : { 'content-type': 'text/csv' }
  const mine = { accept: 'application/json', 'user-agent': CLIENT_NAME, ...type }
  const given = Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value])
  return { method, path: withQuery(call), headers: { ...mine, ...Object.fromEntries(given) }, body: sent }
}

export function parsed<T>(
  call: Pick<SalesforceCall<T>, 'method' | 'path' | 'schema'>,
  { status, headers, text }: Sent,
): SalesforceAnswer<T> {
  const body = readAnswer(text, call.schema, { crm: 'Salesforce', call: templateOf(call) })
  return { status, headers, body, date: dateOf(headers['date'] ?? null) }
}

/**
 * `Sforce-Limit-Info: api-usage=18/5000, per-app-api-usage=17/250(appName=Holdfast)`: the first is the org's.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_api_usage.htm
 */
export function usageOf(headers: Readonly<Record<string, string>>): Usage | null {
  const found = /(?:^|[,;\s])api-usage=(\d+)\/(\d+)/.exec(headers['sforce-limit-info'] ?? '')
  return found === null ? null : { used: Number(found[1]), max: Number(found[2]) }
}

export function templateOf({ method, path }: Pick<Untyped, 'method' | 'path'>): string {
  return `${method} ${pathTemplate(path)}`
}

/** Ids, keys and locators are nobody's business in a log or a counter. */
export function pathTemplate(path: string): string {
  return path
    .split('?')[0]
    .replace(/^\/services\/data\/v[\d.]+(?=\/)/, '')
    .replace(/(\/query(?:All)?)\/[^/]+$/, '$1/{next}')
    .replace(/(\/sobjects\/\w+\/\w+__c)\/[^/]+$/, '$1/{key}')
    .replace(/\/(?=[^/]*\d)[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?(?=\/|$)/g, '/{id}')
}

function withQuery({ path, query = {} }: Untyped): string {
  const from = path.startsWith('/services/') ? path : `/services/data/${API_VERSION}${path}`
  const given = Object.entries(query).filter(([, value]) => value !== undefined)
  if (given.length === 0) return from
  return `${from}${from.includes('?') ? '&' : '?'}${given
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`)
    .join('&')}`
}
