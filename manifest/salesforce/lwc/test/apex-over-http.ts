/**
 * The package's Apex for pages, as it asks the service: method, path, body and headers of manifest/salesforce/classes, and what a
 * person is told where it is refused. The Named Credential's part, address and key, is given by whoever uses it.
 */
import { PACKAGE_HEADERS, PACKAGE_PATHS } from '../../../../connectors/salesforce/app.ts'

/** Who looks, in which org, and by what the org reaches the service. */
export interface OrgUser {
  readonly url: string
  readonly key: string
  readonly org: string
  readonly user: string
  readonly email: string | null
}

type Parameters = Readonly<Record<string, unknown>>

interface Call {
  readonly path: string
  readonly query?: Parameters
  readonly body?: unknown
}

/** Beneath the names that Apex has, what each asks. */
const CALLS: Readonly<Record<string, (parameters: Parameters) => Call>> = {
  'HoldfastCard.readCard': ({ recordId }) => ({ path: PACKAGE_PATHS.card, query: { record: recordId } }),
  'HoldfastCard.answer': ({ recordId, ...answer }) => ({
    path: PACKAGE_PATHS.cardAnswer,
    body: { record: recordId, ...said(answer) },
  }),
  'HoldfastCard.score': ({ recordId }) => ({ path: PACKAGE_PATHS.cardScore, body: { record: recordId } }),
  'HoldfastCustomers.readCustomers': (query) => ({ path: PACKAGE_PATHS.customers, query }),
  'HoldfastSettings.readSettings': () => ({ path: PACKAGE_PATHS.settings }),
  'HoldfastSettings.saveSettings': ({ version, valuesJson }) => ({
    path: PACKAGE_PATHS.settings,
    body: { version, values: JSON.parse(String(valuesJson)) },
  }),
  'HoldfastSettings.setPaused': (body) => ({ path: PACKAGE_PATHS.pause, body }),
}

/**
 * @returns what a page's Apex gives: the service's JSON as text, or an error whose message is for people
 * @example
 * const apex = apexOverHttp(() => ({ url: server.url, key, org, user: '005…', email: 'rep@acme.example' }))
 * await apex('HoldfastCard.readCard', { recordId: '001…' })
 */
export function apexOverHttp(by: () => OrgUser): (method: string, parameters: Parameters) => Promise<string> {
  const setup = { enabled: true, timeoutSeconds: 10, mayChange: true }
  return async (method, parameters) => {
    if (method === 'HoldfastSetup.readSetup') return JSON.stringify(setup)
    if (method === 'HoldfastSetup.saveSetup') {
      Object.assign(setup, parameters)
      return JSON.stringify('0Af000000000001')
    }
    const call = CALLS[method]
    if (call === undefined) throw new Error(`The package has no Apex method ${method}.`)
    if (!setup.enabled)
      throw new Error('Holdfast is turned off in this org. An admin turns it on under Holdfast Settings.')
    return ask(by(), call(parameters))
  }
}

/** Null and blank are left out, as JSON.serialize(body, true) and `get` of HoldfastService do. */
const said = (values: Parameters): Parameters =>
  Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== ''),
  )

async function ask(
  { url, key, org, user, email }: OrgUser,
  { path, query = {}, body }: Call,
): Promise<string> {
  const search = new URLSearchParams(
    Object.fromEntries(Object.entries(said(query)).map(([name, value]) => [name, String(value)])),
  ).toString()
  const answer = await fetch(url + (search === '' ? path : `${path}?${search}`), {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      accept: 'application/json',
      authorization: `Bearer ${key}`,
      [PACKAGE_HEADERS.org]: org,
      [PACKAGE_HEADERS.user]: user,
      ...(email === null ? {} : { [PACKAGE_HEADERS.email]: email }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  if (answer.ok) return text
  if (answer.status === 401) throw new Error('Holdfast does not accept the key of this org.')
  const isProblem = answer.headers.get('content-type')?.startsWith('application/problem+json') === true
  throw new Error(isProblem ? (JSON.parse(text) as { detail: string }).detail : 'Holdfast did not answer.')
}
