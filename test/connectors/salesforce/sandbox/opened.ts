/** An org for a test, with a clock that the test moves, and calls to it as an app makes them. */
import { onTestFinished } from 'vitest'
import {
  startSalesforceSandbox,
  type SalesforceSandbox,
  type SalesforceSandboxOptions,
} from '../../../../connectors/salesforce/sandbox/server.ts'
import type { SalesforceState } from '../../../../connectors/salesforce/sandbox/state.ts'
import { API_VERSION } from '../../../../connectors/salesforce/version.ts'

export const BASE = `/services/data/${API_VERSION}`

export interface Called<Body> {
  readonly status: number
  readonly headers: Headers
  readonly body: Body
}

export interface Page {
  readonly totalSize: number
  readonly done: boolean
  readonly nextRecordsUrl?: string
  readonly records: readonly Readonly<Record<string, unknown>>[]
}

export type Refusal = readonly {
  readonly errorCode: string
  readonly message: string
  readonly fields?: readonly string[]
}[]

export interface Outcome {
  readonly id?: string
  readonly success: boolean
  readonly created?: boolean
  readonly errors: readonly {
    readonly statusCode: string
    readonly message: string
    readonly fields: readonly string[]
  }[]
}

export interface Opened {
  readonly sandbox: SalesforceSandbox
  readonly state: SalesforceState
  /** @param path below the version, or from the root when it begins with /services */
  call<Body = unknown>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Called<Body>>
  form(
    path: string,
    fields: Readonly<Record<string, string>>,
  ): Promise<Called<Readonly<Record<string, string>>>>
  /** First page of a query. */
  ask(soql: string): Promise<Called<Page>>
  /** Values of the first field of all records, over all pages. */
  all(soql: string): Promise<unknown[]>
  use(token: string): void
  /** Moves the clock. */
  pass(seconds: number): void
}

/** At 2026-11-20, 09:00 UTC. */
export async function openOrg(options: Partial<SalesforceSandboxOptions> = {}): Promise<Opened> {
  let now = Date.parse('2026-11-20T09:00:00Z')
  const sandbox = await startSalesforceSandbox({ clock: () => new Date(now), ...options })
  onTestFinished(() => sandbox.close())
  let token = sandbox.authorize().accessToken
  const send = async <Body>(method: string, path: string, init: RequestInit): Promise<Called<Body>> => {
    const url = sandbox.url + (path.startsWith('/services') || path.startsWith('/id/') ? path : BASE + path)
    const response = await fetch(url, { method, redirect: 'manual', ...init })
    const text = await response.text()
    const parsed: unknown = /^[[{]/.test(text) ? JSON.parse(text) : text
    return { status: response.status, headers: response.headers, body: parsed as Body }
  }
  const opened: Opened = {
    sandbox,
    state: sandbox.state,
    call: (method, path, body, headers = {}) =>
      send(method, path, {
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    form: (path, fields) => send('POST', path, { body: new URLSearchParams(fields) }),
    ask: (soql) => opened.call<Page>('GET', `/query?q=${encodeURIComponent(soql)}`),
    async all(soql) {
      const found: unknown[] = []
      let page = (await opened.ask(soql)).body
      for (;;) {
        found.push(...page.records.map((record) => Object.values(record)[1]))
        if (page.nextRecordsUrl === undefined) return found
        page = (await opened.call<Page>('GET', page.nextRecordsUrl)).body
      }
    },
    use: (next) => void (token = next),
    pass: (seconds) => void (now += seconds * 1000),
  }
  return opened
}
