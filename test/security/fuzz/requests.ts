/** Requests to one route: nearly right, not right at all, and the way that they go over the wire. */
import { request as send, type IncomingMessage } from 'node:http'
import * as fc from 'fast-check'
import { z } from 'zod'
import type { Route } from '../../../src/server/route.ts'
import { fitting, type Known, type Schema } from './from-schema.ts'
import { contentType, encode, mutated, nastyBody, nastyHeaders, nastyPiece } from './nasty.ts'

export interface FuzzedRequest {
  readonly method: string
  /** As it is on the wire, with its query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer | null
}

export interface FuzzedAnswer {
  readonly status: number
  readonly text: string
  readonly type: string
}

/** What a route takes, as far as its schemas say it in JSON schema. */
const schemaOf = (schema: z.ZodType | undefined): Schema =>
  schema === undefined ? {} : (z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Schema)

/** Requests of all kinds to a route. */
export function requestsTo(route: Route, known: Known): fc.Arbitrary<FuzzedRequest> {
  const form = route.bodyType === 'application/x-www-form-urlencoded'
  const body =
    route.method === 'get'
      ? fc.constant(null)
      : fc.oneof(
          { weight: 6, arbitrary: shaped(route.body, known, form) },
          {
            weight: 2,
            arbitrary: fc.tuple(nastyBody, contentType).map(([bytes, type]) => ({ bytes, type })),
          },
          { weight: 1, arbitrary: fc.constant(null) },
        )
  return fc
    .record({
      pieces: fc.array(piece(route, known), { minLength: 4, maxLength: 4 }),
      query: query(route, known),
      body,
      headers: fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: nastyHeaders }),
      match: fc.constantFrom('"0"', '"1"', '*', null),
    })
    .map(({ pieces, query: asked, body: given, headers, match }) => {
      let at = 0
      const path = route.path.replace(/\{\w+\}/g, () => pieces[at++ % pieces.length])
      return {
        method: route.method.toUpperCase(),
        path: asked === '' ? path : `${path}?${asked}`,
        headers: {
          ...(match === null ? {} : { 'if-match': match }),
          ...(given === null ? {} : { 'content-type': given.type }),
          ...headers,
        },
        body: given?.bytes ?? null,
      }
    })
}

const textOfValue = (value: unknown): string =>
  typeof value === 'string' ? value : value === undefined ? '' : (JSON.stringify(value) ?? '')

function piece(route: Route, known: Known): fc.Arbitrary<string> {
  const fits = fitting(schemaOf(route.params), known).map((params) => {
    const [value] = Object.values((params ?? {}) as Record<string, unknown>)
    return encode(textOfValue(value)) || 'x'
  })
  const here = fc.constantFrom(...known.uuids, ...known.numbers.map(String), 'x')
  return fc.oneof(
    { weight: 3, arbitrary: fits },
    { weight: 3, arbitrary: here },
    { weight: 2, arbitrary: nastyPiece.map((one) => one || 'x') },
  )
}

function query(route: Route, known: Known): fc.Arbitrary<string> {
  const pairs = mutated(fitting(schemaOf(route.query), known)).map((asked) =>
    Object.entries(typeof asked === 'object' && asked !== null ? asked : {})
      .map(([name, value]) => `${encode(name)}=${encode(textOfValue(value))}`)
      .join('&'),
  )
  const wild = fc
    .array(
      fc.tuple(
        fc.constantFrom('limit', 'cursor', 'format', 'q', 'a[]', 'a[b]', '__proto__', 'sort', ''),
        nastyPiece,
      ),
      { maxLength: 3 },
    )
    .map((list) => list.map(([name, value]) => `${name}=${value}`).join('&'))
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant('') },
    { weight: 4, arbitrary: pairs },
    { weight: 2, arbitrary: wild },
  )
}

function shaped(
  schema: z.ZodType | undefined,
  known: Known,
  form: boolean,
): fc.Arbitrary<{ bytes: Buffer; type: string } | null> {
  return mutated(fitting(schemaOf(schema), known)).map((value) => {
    if (!form) return { bytes: Buffer.from(JSON.stringify(value) ?? 'null'), type: 'application/json' }
    const fields = Object.entries(typeof value === 'object' && value !== null ? value : {})
    const text = fields.map(([name, one]) => `${encode(name)}=${encode(textOfValue(one))}`).join('&')
    return { bytes: Buffer.from(text), type: 'application/x-www-form-urlencoded' }
  })
}

/** How long any answer may take: whoever waits for longer hangs. */
const LONGEST_MS = 30_000

/**
 * Sends it as it is, without tidying up as `fetch` would.
 *
 * @throws Error when no answer comes, or the connection breaks before one did
 */
export function ask(
  port: number,
  { method, path, headers, body }: FuzzedRequest,
  credentials: Readonly<Record<string, string>>,
): Promise<FuzzedAnswer> {
  return new Promise((resolve, reject) => {
    const asked = send({
      host: '127.0.0.1',
      port,
      method,
      path,
      headers: {
        ...headers,
        ...credentials,
        ...(body === null ? {} : { 'content-length': String(body.length) }),
      },
    })
    const timer = setTimeout(() => asked.destroy(new Error(`no answer within ${LONGEST_MS} ms`)), LONGEST_MS)
    const done = (): void => clearTimeout(timer)
    asked.on('response', (answer: IncomingMessage) => {
      const chunks: Buffer[] = []
      const type = answer.headers['content-type'] ?? ''
      const said = () => ({
        status: answer.statusCode ?? 0,
        text: Buffer.concat(chunks).toString(),
        type,
      })
      // It goes on for as long as somebody listens.
      if (type.startsWith('text/event-stream')) {
        done()
        resolve(said())
        asked.destroy()
        return
      }
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('error', (cause) => (done(), reject(cause)))
      answer.on('end', () => {
        done()
        resolve(said())
      })
    })
    asked.on('error', (cause) => (done(), reject(cause)))
    asked.end(body ?? undefined)
  })
}
