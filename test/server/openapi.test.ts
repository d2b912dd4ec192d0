import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { salesforceCrmRoutes } from '../../src/server/crm/salesforce-routes.ts'
import { apiRoutes } from '../../src/server/api/routes.ts'
import { describeApi } from '../../src/server/openapi.ts'
import { route } from '../../src/server/route.ts'
import type { Database } from '../../src/store/database.ts'
import { startTestServer } from '../support/server.ts'

// As it is served; nobody asks the database for it.
const server = await startTestServer(
  {} as Database,
  apiRoutes,
  { version: '1.2.3' },
  { publicUrl: 'https://holdfast.example' },
)
const text = await (await server.fetch('/openapi.json')).text()
const page = await (await server.fetch('/docs')).text()
await server.close()
const api = JSON.parse(text) as ReturnType<typeof describeApi>

interface Parameter {
  readonly in: string
  readonly name: string
  readonly required?: boolean
  readonly schema?: object
}
interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly tags: readonly string[]
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Record<string, { readonly schema: object }> }
  readonly responses: Record<string, { readonly description: string; readonly content?: object }>
  readonly security: readonly Record<string, unknown>[]
}
const operations = Object.entries(api.paths ?? {}).flatMap(([path, methods]) =>
  Object.entries(methods as Record<string, Operation>).map(([method, operation]) => ({
    name: `${method} ${path}`,
    path,
    operation,
  })),
)

/** What others call: their own signatures say who they are. */
const OPEN_POSTS = [
  '/webhooks/hubspot',
  '/webhooks/billing/{tenant}',
  '/webhooks/mail/{tenant}/mailgun',
  '/webhooks/mail/{tenant}/sendgrid',
  '/sms/{token}/inbound',
  '/sms/{token}/status',
]
const isOpenPost = (name: string): boolean => OPEN_POSTS.some((path) => name === `post ${path}`)
/** What pages inside HubSpot ask: open to whoever HubSpot signs for. */
const SIGNED = [
  { method: 'get', path: '/crm/hubspot/card' },
  { method: 'post', path: '/crm/hubspot/card/answer' },
  { method: 'post', path: '/crm/hubspot/card/score' },
  { method: 'get', path: '/crm/hubspot/customers' },
  { method: 'post', path: '/crm/hubspot/bulk' },
  { method: 'get', path: '/crm/hubspot/settings' },
  { method: 'post', path: '/crm/hubspot/settings' },
  { method: 'post', path: '/crm/hubspot/pause' },
  { method: 'post', path: '/crm/hubspot/workflow/score' },
  { method: 'post', path: '/crm/hubspot/workflow/decide' },
  { method: 'post', path: '/crm/hubspot/workflow/intervene' },
]
const isSigned = (name: string): boolean => SIGNED.some(({ method, path }) => name === `${method} ${path}`)

describe('the description of the API', () => {
  it('is browsable without asking another host for anything', () => {
    expect(page).toContain('<div id="api">')
    const found = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address)
    expect(found.length).toBeGreaterThan(4)
    for (const address of found) expect(address).toMatch(/^\/assets\/[a-z.-]+-[0-9a-f]{12}\.[a-z]+$/)
    expect(page).not.toMatch(/<script>|<style>| style=| on[a-z]+=/)
  })

  it('says which version of which it is', () => {
    expect(api).toMatchObject({
      openapi: '3.1.0',
      info: { title: 'Holdfast', version: '1.2.3' },
      servers: [{ url: 'https://holdfast.example' }, { url: '/' }],
    })
    expect(describeApi([], { version: '1', url: null }).servers).toEqual([{ url: '/' }])
  })

  it('holds everything that it refers to', () => {
    const refs = new Set([...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref))
    for (const ref of refs) {
      const found = ref
        .replace('#/', '')
        .split('/')
        .reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], api)
      expect(found, ref).toBeDefined()
    }
    expect(refs).toContain('#/components/schemas/Problem')
    const schemes = Object.keys(api.components?.securitySchemes ?? {})
    for (const { name, operation } of operations)
      for (const scheme of operation.security.flatMap((one) => Object.keys(one)))
        expect(schemes, name).toContain(scheme)
  })

  it('has every route of the API once, under a name of its own, with who may ask and how it fails', () => {
    expect(operations.map(({ name }) => name).toSorted()).toEqual(
      [
        ...apiRoutes.filter(({ audience }) => audience !== 'page'),
        ...['/healthz', '/readyz', '/metrics', '/openapi.json'].map((path) => ({ method: 'get', path })),
        ...OPEN_POSTS.map((path) => ({ method: 'post', path })),
        ...SIGNED,
        ...salesforceCrmRoutes,
      ]
        .map(({ method, path }) => `${method} ${path}`)
        .toSorted(),
    )
    const ids = operations.map(({ operation }) => operation.operationId)
    expect(new Set(ids).size).toBe(ids.length)
    for (const { name, operation } of operations) {
      expect(operation.operationId, name).toMatch(/^[a-z][A-Za-z]+$/)
      expect(operation.summary.length, name).toBeGreaterThan(5)
      expect(operation.tags, name).toHaveLength(1)
      const open =
        ['get /healthz', 'get /readyz', 'get /openapi.json'].includes(name) ||
        isOpenPost(name) ||
        isSigned(name)
      expect(operation.security.length === 0, name).toBe(open)
      const statuses = Object.keys(operation.responses)
      const refusals = open ? [] : ['401', '403', '429']
      expect(statuses, name).toEqual(expect.arrayContaining([...refusals, '500', '503']))
      expect(
        statuses.some((status) => status.startsWith('2')),
        name,
      ).toBe(true)
      for (const [status, { description, content }] of Object.entries(operation.responses)) {
        expect(description, `${name} ${status}`).not.toBe('')
        if (Number(status) >= 400 && name !== 'get /readyz')
          expect(Object.keys(content ?? {}), `${name} ${status}`).toEqual(['application/problem+json'])
      }
    }
  })

  it('names each parameter in a path, and what a body is made of', () => {
    for (const { name, path, operation } of operations) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter)
      const declared = (operation.parameters ?? []).filter((one) => one.in === 'path')
      expect(
        declared.map((one) => one.name),
        name,
      ).toEqual(inPath)
      for (const one of operation.parameters ?? []) {
        expect(one.schema, `${name} ${one.name}`).toBeDefined()
        if (one.in === 'path') expect(one.required, `${name} ${one.name}`).toBe(true)
      }
      for (const { schema } of Object.values(operation.requestBody?.content ?? {}))
        expect(Object.keys(schema).length, name).toBeGreaterThan(0)
    }
  })

  it('describes what a request is parsed with: the very schema', () => {
    const made = route({
      method: 'post',
      path: '/v1/things/{id}',
      summary: 'A test',
      tag: 'Test',
      access: { scope: 'write', role: null },
      params: z.strictObject({ id: z.coerce.number().int() }),
      body: z.strictObject({ name: z.string().max(7), kind: z.enum(['a', 'b']).optional() }),
      answers: { 201: { description: 'made', schema: z.object({ at: z.iso.datetime().nullable() }) } },
      handle: () => ({ status: 201 }),
    })
    const unlisted = { ...made, path: '/page' as const, audience: 'page' as const }
    const { paths } = describeApi([made, unlisted], { version: '1', url: null })
    expect(Object.keys(paths ?? {})).toEqual(['/v1/things/{id}'])
    expect(paths?.['/v1/things/{id}'].post).toMatchObject({
      operationId: 'postThingsById',
      security: [{ apiKey: [] }],
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: {
              type: 'object',
              properties: { name: { type: 'string', maxLength: 7 }, kind: { enum: ['a', 'b'] } },
              required: ['name'],
              additionalProperties: false,
            },
          },
        },
      },
      responses: {
        201: { description: 'made' },
        413: {
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      },
    })
  })
})
