/**
 * A sandbox with a context on it: what the tests of reading people and of checks begin with. They speak to it over HTTP
 * by a client of their own, since loading Salesforce's library would take longer than all of them.
 */
import { Readable } from 'node:stream'
import { onTestFinished } from 'vitest'
import { z } from 'zod'
import type { SalesforceClient } from '../../../connectors/salesforce/client.ts'
import { parseSalesforceConfig, type SalesforceConfigInput } from '../../../connectors/salesforce/config.ts'
import { openContext, type SalesforceContext } from '../../../connectors/salesforce/context.ts'
import { readFailure, translate } from '../../../connectors/salesforce/errors.ts'
import { parsed, requestOf, usageOf } from '../../../connectors/salesforce/exchange.ts'
import type { Usage } from '../../../connectors/salesforce/governor.ts'
import {
  startSalesforceSandbox,
  type SalesforceSandbox,
  type SalesforceSandboxOptions,
} from '../../../connectors/salesforce/sandbox/server.ts'
import { openCrmMemory } from '../../../connectors/memory.ts'

export interface AnOrg {
  readonly sandbox: SalesforceSandbox
  readonly client: SalesforceClient
  readonly state: SalesforceSandbox['state']
  /** A connection of its own to the org, with nothing remembered. */
  context(config?: Partial<SalesforceConfigInput>): SalesforceContext
  /** The SOQL asked since the last time this was called. */
  queries(): readonly string[]
  /** Bodies of the calls that wrote something, since the beginning. */
  readonly written: string[]
}

export async function anOrg(options: Partial<SalesforceSandboxOptions> = {}): Promise<AnOrg> {
  const clock = options.clock ?? (() => new Date())
  const sandbox = await startSalesforceSandbox({ clock, ...options })
  onTestFinished(() => sandbox.close())
  const written: string[] = []
  const client = clientOf(sandbox, written)
  return {
    sandbox,
    client,
    written,
    state: sandbox.state,
    context: (config = {}) =>
      openContext({
        client,
        clock,
        memory: openCrmMemory({ clock }),
        config: parseSalesforceConfig({
          org: sandbox.org,
          object: 'Account',
          auth: 'web',
          username: sandbox.user.username,
          instanceUrl: sandbox.url,
          ...config,
        }),
      }),
    queries() {
      const asked = sandbox.requests().flatMap(({ url }) => {
        const soql = new URL(url, 'http://localhost').searchParams.get('q')
        return soql === null ? [] : [soql]
      })
      sandbox.forgetRequests()
      return asked
    },
  }
}

/** Objects that an org does not have, or that our user may not see. */
export function without(state: SalesforceSandbox['state'], ...objects: readonly string[]): void {
  for (const object of objects) state.setObjectAccess(object, { read: false })
}

/** Consents to a kind of contact point, as orgs with Data Protection and Privacy have them. */
export function defineConsents(state: AnOrg['state']): void {
  if (state.objects().some(({ name }) => name === 'ContactPointTypeConsent')) return
  state.defineObject({
    name: 'ContactPointTypeConsent',
    label: 'Contact Point Type Consent',
    plural: 'Contact Point Type Consents',
    prefix: '0ZX',
    fields: {
      Name: { type: 'string', nameField: true },
      PartyId: { type: 'reference', referenceTo: ['Individual'] },
      ContactPointType: { type: 'picklist', values: ['Email', 'Phone', 'Web', 'MailingAddress', 'Social'] },
      PrivacyConsentStatus: { type: 'picklist', values: ['NotSeen', 'Seen', 'OptIn', 'OptOut'] },
      CaptureDate: { type: 'datetime' },
      EffectiveFrom: { type: 'datetime' },
      EffectiveTo: { type: 'datetime' },
    },
  })
}

/** Every call has a session of its own: the clocks of tests go on by days. */
function clientOf(sandbox: SalesforceSandbox, written: string[]): SalesforceClient {
  let usage: Usage | null = null

  const call: SalesforceClient['call'] = async (asked) => {
    const { method, path, headers, body } = requestOf(asked)
    const { accessToken } = sandbox.authorize()
    const answer = await fetch(`${sandbox.url}${path}`, {
      method,
      headers: { ...headers, authorization: `Bearer ${accessToken}` },
      ...(body === undefined ? {} : { body: String(body) }),
    })
    if (method !== 'GET') written.push(String(body))
    const text = await answer.text()
    usage = usageOf(Object.fromEntries(answer.headers)) ?? usage
    if (answer.ok)
      return parsed(asked, { status: answer.status, headers: Object.fromEntries(answer.headers), text })
    throw translate(readFailure({ org: sandbox.org, method, path, status: answer.status, body: text }))
  }

  return {
    org: sandbox.org,
    call,
    stream: async () => ({ headers: {}, body: Readable.from([]) }),
    async *query(soql, row) {
      const schema = z.object({
        totalSize: z.number(),
        done: z.boolean(),
        nextRecordsUrl: z.string().optional(),
        records: z.array(row),
      })
      let next: { path: string; query?: { q: string } } | null = { path: '/query', query: { q: soql } }
      while (next !== null) {
        const { body }: { body: z.output<typeof schema> } = await call({ method: 'GET', ...next, schema })
        yield { records: body.records, total: body.totalSize }
        next = body.nextRecordsUrl === undefined ? null : { path: body.nextRecordsUrl }
      }
    },
    session: () => Promise.reject(new Error('nobody follows events here')),
    user: async () => ({ ...sandbox.user, org: sandbox.org }),
    usage: () => usage,
    counts: () => ({}),
  }
}
