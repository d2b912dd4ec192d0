/** Calls to a sandbox as an app makes them. */
import type { HubSpotSandbox } from '../../../../connectors/hubspot/sandbox/server.ts'

export interface Called<Body> {
  readonly status: number
  readonly headers: Headers
  readonly body: Body
}

/** What tests look at in an answer's record. */
export interface Shown {
  readonly id: string
  readonly properties: Readonly<Record<string, string | null>>
  readonly updatedAt: string
  readonly archived: boolean
}

export interface Page {
  readonly results: readonly Shown[]
  readonly total: number
  readonly paging?: { readonly next: { readonly after: string } }
}

export interface Refusal {
  readonly status: string
  readonly category: string
  readonly message: string
  readonly correlationId: string
  readonly policyName?: string
  readonly errors?: readonly {
    readonly code?: string
    readonly context?: Readonly<Record<string, readonly string[]>>
  }[]
}

export type Call = <Body = unknown>(
  method: string,
  path: string,
  body?: unknown,
  form?: Readonly<Record<string, string>>,
) => Promise<Called<Body>>

/** @param token asked for before each call, so that a test can change it */
export const calling =
  (sandbox: HubSpotSandbox, token: () => string): Call =>
  async <Body>(method: string, path: string, body?: unknown, form?: Readonly<Record<string, string>>) => {
    const sent =
      form !== undefined
        ? { type: 'application/x-www-form-urlencoded', text: new URLSearchParams(form).toString() }
        : body === undefined
          ? null
          : { type: 'application/json', text: JSON.stringify(body) }
    const response = await fetch(sandbox.url + path, {
      method,
      headers: { authorization: `Bearer ${token()}`, ...(sent ? { 'content-type': sent.type } : {}) },
      ...(sent ? { body: sent.text } : {}),
    })
    const text = await response.text()
    const parsed: unknown = text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text
    return { status: response.status, headers: response.headers, body: parsed as Body }
  }
