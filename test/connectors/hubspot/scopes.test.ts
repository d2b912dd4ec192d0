/** Every scope that the app asks for has a caller, and every call has its scope: told from the sandbox's own log. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { viewPortal } from '../../../connectors/hubspot/account-view.ts'
import { openHubSpotClient } from '../../../connectors/hubspot/client.ts'
import { parseHubSpotConfig } from '../../../connectors/hubspot/config.ts'
import { openHubSpotConnector } from '../../../connectors/hubspot/connector.ts'
import { openPacers } from '../../../connectors/hubspot/limiter.ts'
import { uninstallApp } from '../../../connectors/hubspot/oauth.ts'
import { dealPipelines } from '../../../connectors/hubspot/pipelines.ts'
import { sandboxRoutes } from '../../../connectors/hubspot/sandbox/routes.ts'
import type { SandboxRequest } from '../../../connectors/hubspot/sandbox/route.ts'
import { startHubSpotSandbox, type HubSpotSandbox } from '../../../connectors/hubspot/sandbox/server.ts'
import { defineSubscription } from '../../../connectors/hubspot/sandbox/subscription-statuses.ts'
import { keepExecution } from '../../../connectors/hubspot/sandbox/workflow-calls.ts'
import { APP_SCOPES } from '../../../connectors/hubspot/scopes.ts'
import { fixedToken } from '../../../connectors/hubspot/tokens.ts'
import { API_VERSION as V } from '../../../connectors/hubspot/version.ts'
import { openRouter } from '../../../connectors/sandbox/router.ts'
import { openJudge, specsAbsent } from './sandbox/specs.ts'

const ALL = [...APP_SCOPES.required, ...APP_SCOPES.optional]
const route = openRouter(sandboxRoutes)

/** Scopes of which a call needs any one; null: it is one that needs none, such as that for a token. */
function neededFor({ method, path }: { readonly method: string; readonly path: string }) {
  const found = route(method, path)
  if (found === null) throw new Error(`The sandbox has no ${method} ${path}.`)
  // Only what the path says is looked at.
  return found.route.kind === 'open' ? null : found.route.scopes({ params: found.params } as SandboxRequest)
}

/** Everything that the product does in an account, with the scopes that were granted, once for each kind of customer. */
async function everythingWith(
  scopes: readonly string[],
  { deals = true } = {},
): Promise<ReturnType<HubSpotSandbox['requests']>> {
  const clock = (): Date => new Date()
  const sandbox = await startHubSpotSandbox({
    clock,
    limits: { oauth: Infinity, privateApp: Infinity, search: Infinity },
    app: { redirectUrls: [], requiredScopes: APP_SCOPES.required, optionalScopes: APP_SCOPES.optional },
  })
  const { state, portal } = sandbox
  const client = openHubSpotClient({
    baseUrl: sandbox.url,
    portal,
    tokens: fixedToken(sandbox.authorize(scopes).accessToken),
    pacer: openPacers().of(portal, 'oauth'),
    clock,
    sleep: async () => undefined,
  })
  defineSubscription(state, { id: 87, name: 'News', description: '', purpose: 'Marketing' })
  const company = state.createRecord('companies', { name: 'Acme', lifecyclestage: 'customer' })
  const ann = state.createRecord('contacts', { email: 'ann@acme.example', lifecyclestage: 'customer' })
  const deal = state.createRecord('deals', { amount: '1200', dealname: 'Renewal' })
  state.associate('contacts', ann, 'companies', company, 279)
  state.associate('deals', deal, 'companies', company, 341)
  state.associate('deals', deal, 'contacts', ann, 3)
  let answers = 0

  for (const object of ['companies', 'contacts'] as const) {
    const customerId = object === 'companies' ? company : ann
    const config = parseHubSpotConfig({
      portal,
      object,
      auth: 'oauth',
      subscription: '87',
      ...(deals && {
        agreements: {
          from: 'deals',
          pipeline: null,
          stages: [],
          periodMonths: 12,
          renewalProperty: 'closedate',
        },
      }),
    })
    const connector = openHubSpotConnector({ config, client, clock, checks: { granted: async () => scopes } })
    const view = viewPortal({ client, config, clock })
    // Setting up.
    await connector.provision!()
    await connector.describe()
    await view.stages()
    await view.count(null)
    await view.examples(null, 3)
    await view.users()
    if (deals) await dealPipelines(client)
    await connector.verify()
    // Reading: everything, what changed, by id, what they pay, whom to write to.
    let cursor = null
    for await (const page of connector.changes(null)) cursor = page.cursor
    state.updateRecord(object, customerId, { city: 'Ulm' })
    for await (const page of connector.changes(cursor)) cursor = page.cursor
    await connector.read([customerId, '404'])
    await connector.agreements?.([customerId])
    await connector.recipients!([customerId])
    await connector.customersOf!('contacts', [ann])
    // Writing: risk, tasks and what became of them, the timeline, consent, workflows that wait.
    await connector.write([{ id: customerId, fields: { riskPercent: 40, riskLevel: 'HIGH' } }])
    const about = { customerId, recipientId: ann, action: 'email' }
    const task = {
      ...about,
      responsibleId: null,
      kind: 'call' as const,
      subject: 'Call',
      body: 'Why',
      dueAt: clock(),
    }
    const key = `${object} task`
    const made = await connector.upsertTasks!([{ ...task, key }])
    expect(made).toMatchObject([{ ok: true }])
    await connector.taskOutcomes!([{ key, externalId: null }])
    await connector.taskOutcomes!(made.map((one) => ({ key, externalId: one.ok ? one.externalId! : null })))
    for (const kind of ['email', 'sms'] as const) {
      const sent = {
        ...about,
        key: `${object} ${kind}`,
        from: 'kim@us.example',
        to: 'ann@acme.example',
        at: clock(),
      }
      expect(
        await connector.logActivity!([{ ...sent, kind, subject: 'Hello', body: 'Dear Ann' }]),
      ).toMatchObject([{ ok: true }])
      await connector.loggedActivities!([{ key: sent.key, kind }])
    }
    const answer = {
      email: 'ann@acme.example',
      channel: 'email',
      changedAt: new Date(Date.now() + ++answers * 60_000),
    } as const
    await connector.writeConsent!([
      { ...answer, recipientId: ann, status: answers === 1 ? 'refused' : 'granted' },
    ])
    for (const many of [1, 2]) {
      const waiting = Array.from({ length: many }, (_, at) => `${object}-${many}-${at}`)
      for (const callback of waiting) keepExecution(state, { ...EXECUTION, callback, objectId: customerId })
      const answered = waiting.map((callback) => ({ callback, action: 'score' as const, outputs: OUTPUTS }))
      expect(await connector.answerCalls!(answered)).toEqual(waiting.map((id) => ({ id, ok: true })))
    }
    await connector.close()
  }
  await uninstallApp(client)
  const requests = sandbox.requests()
  await sandbox.close()
  return requests
}

type Calls = Awaited<ReturnType<typeof everythingWith>>

/** In an account that grants all that the app asks for, and in one that grants the least. */
let calls: Calls
let without: Calls
beforeAll(async () => {
  ;[calls, without] = await Promise.all([
    everythingWith(ALL),
    everythingWith(APP_SCOPES.required, { deals: false }),
  ])
})

describe('scopes that the app asks for', () => {
  it('are used, each by a call that nothing else would allow', () => {
    const callers = new Map<string, Set<string>>(ALL.map((scope) => [scope, new Set()]))
    const looked: readonly [Calls, readonly string[]][] = [
      [calls, ALL],
      [without, APP_SCOPES.required],
    ]
    for (const [made, granted] of looked)
      for (const { method, path } of made) {
        const need = neededFor({ method, path })?.filter((scope) => granted.includes(scope)) ?? []
        if (need.length === 1) callers.get(need[0])!.add(`${method} ${path}`)
      }
    const idle = [...callers].filter(([, found]) => found.size === 0).map(([scope]) => scope)
    expect(idle, 'scopes that nobody would miss').toEqual([])
  })

  it('are all that is needed: no call lacks its scope', () => {
    expect(calls.filter(({ status }) => status === 401 || status === 403)).toEqual([])
    const lacking = calls.filter((call) => neededFor(call)?.some((scope) => ALL.includes(scope)) === false)
    expect(lacking.filter((call) => neededFor(call)!.length > 0)).toEqual([])
  })

  it('are enough without the optional ones: what needs those is asked for once, and done in another way', () => {
    const refused = without.filter(({ status }) => status === 403)
    expect(refused.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual([
      `POST /communication-preferences/${V}/statuses/batch/read`,
      `POST /communication-preferences/${V}/statuses/batch/write`,
    ])
  })

  it('are asked for by all that the code calls: each path in it is called here', () => {
    const called = calls.map(({ path }) => path)
    const folder = fileURLToPath(new URL('../../../connectors/hubspot/', import.meta.url))
    const written = readdirSync(folder)
      // Its paths are tried by private apps that do not say what they were granted.
      .filter((name) => name.endsWith('.ts') && name !== 'scopes.ts')
      .flatMap((name) => {
        const code = readFileSync(folder + name, 'utf8').replace(/^ *\*.*$/gm, '')
        return [...code.matchAll(/`(\/[\w-]+[^`]*\$\{API_VERSION\}[^`]*)`/g)].map(([, path]) => path)
      })
    expect(written.length).toBeGreaterThan(20)
    const missed = written.filter((path) => {
      const plain = path.replace('${API_VERSION}', V).replace(/\$\{archived[^}]*\}/, '')
      const pattern = new RegExp(
        `^${plain
          .split(/\$\{[^}]*\}/)
          .map(escaped)
          .join('[^/]+')}(/.*)?$`,
      )
      return !called.some((one) => pattern.test(one))
    })
    // The first is asked with the app's own secret, the other by private apps alone.
    expect(missed.filter((path) => !/^\/oauth\/|\/private-apps$/.test(path))).toEqual([])
  })
})

describe.skipIf(specsAbsent)(
  `scopes in HubSpot's OpenAPI files${specsAbsent ? ` (${specsAbsent})` : ''}`,
  () => {
    it('are those that the sandbox asks for, call by call', async () => {
      const judge = openJudge()
      const seen = new Map(calls.map(({ method, path }) => [`${method} ${path}`, { method, path }]))
      const exact: string[] = []
      for (const { method, path } of seen.values()) {
        const needed = neededFor({ method, path })
        const listed = judge.scopes(method, path)
        if (needed === null || listed === null || listed.length === 0) continue
        // Files of all objects in one list those of all objects; of the named one it is the object's own.
        const named =
          /^\/crm\/(objects\/[^/]+\/(companies|contacts|deals|tasks)\b|owners\/)|^\/(communication|account|appinst)/
        const where = `${method} ${path}`
        if (named.test(path)) {
          exact.push(where)
          expect(needed.toSorted(), where).toEqual([...new Set(listed)].toSorted())
        } else
          expect(
            needed.filter((scope) => !listed.includes(scope)),
            where,
          ).toEqual([])
      }
      expect(exact.length).toBeGreaterThan(15)
    })
  },
)

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
const EXECUTION = {
  url: 'https://holdfast.example.com/',
  objectType: 'COMPANY',
  inputs: {},
  state: 'waiting',
  result: null,
  outputs: {},
  expiresAt: null,
  attempts: 1,
  completions: 0,
} as const
const OUTPUTS = { status: 'scored', sentence: 'It is scored.' }
