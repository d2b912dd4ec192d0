/** Every operation of the OpenAPI document that takes something, with values that it takes. */
import * as fc from 'fast-check'
import { fitting, type Known, type Schema } from '../../security/fuzz/from-schema.ts'

interface Parameter {
  readonly in: 'path' | 'query' | 'header'
  readonly name: string
  readonly schema?: Schema
}

interface Described {
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>
  readonly components?: { readonly schemas?: Schema }
}

export interface Operation {
  readonly method: string
  /** With its values in it: `/v1/customers/12`. */
  readonly path: string
  /** Where in the path values stand. */
  readonly given: readonly string[]
  readonly query: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  /** Null: none. */
  readonly body: unknown
}

/** The same values for the same document. */
const SEED = 7

/** A body may leave out all that is optional: of so many the one that says most is sent. */
const TRIES = 30

/** What a name stands for in the scanned company; undefined: whatever the schema takes. */
export type Named = (path: string, name: string) => string | undefined

/**
 * @param known ids and numbers that exist
 * @param named what is to be asked for, so that it is found and every value of the request is looked at
 */
export function operationsOf(api: OpenApi, known: Known, named: Named): readonly Operation[] {
  const defs = api.components?.schemas ?? {}
  const value = (schema: Schema | undefined): unknown => {
    if (schema?.['example'] !== undefined) return schema['example']
    const made = fc.sample(fitting(schema ?? {}, known, defs), { seed: SEED, numRuns: TRIES })
    return made.reduce((most, one) => (saying(one) > saying(most) ? one : most))
  }
  const text = (schema: Schema | undefined): string => {
    const given = value(schema)
    return typeof given === 'string' ? given || 'x' : (JSON.stringify(given) ?? 'x')
  }
  return Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { parameters = [], requestBody }]): Operation[] => {
      const of = (where: Parameter['in']) => parameters.filter((one) => one.in === where)
      const json = requestBody?.content['application/json']?.schema
      // Changes are tried on what is not there: the scan keeps its company.
      const said = ({ name, schema }: Parameter): string =>
        (method === 'get' ? named(path, name) : undefined) ?? text(schema)
      const given = of('path').map((one) => encodeURIComponent(said(one)))
      const filled = of('path').reduce((to, { name }, at) => to.replace(`{${name}}`, given[at]), path)
      const pairs = (where: Parameter['in']) =>
        Object.fromEntries(of(where).map((one) => [one.name, said(one)]))
      if (parameters.length === 0 && json === undefined) return []
      return [
        {
          method: method.toUpperCase(),
          path: filled,
          given,
          query: pairs('query'),
          headers: pairs('header'),
          body: json === undefined ? null : value(json),
        },
      ]
    }),
  )
}

/**
 * A request that is refused for one of its values is never looked at for the others. What a reading refuses is therefore tried by
 * itself, and everything else without it.
 *
 * @param ask sends the operation as it is
 */
export async function inParts(
  operation: Operation,
  ask: (operation: Operation) => Promise<{ readonly status: number; readonly body: unknown }>,
): Promise<readonly Operation[]> {
  if (operation.method !== 'GET') return [operation]
  let accepted = operation
  for (;;) {
    const { status, body } = await ask(accepted)
    const names = status === 400 ? refusedNames(body, Object.keys(accepted.query)) : []
    if (names.length === 0) break
    const query = Object.entries(accepted.query).filter(([name]) => !names.includes(name))
    accepted = { ...accepted, query: Object.fromEntries(query) }
  }
  return accepted === operation ? [operation] : [accepted, operation]
}

/** By the pointers of the problem, or by name in its words. */
function refusedNames(body: unknown, names: readonly string[]): readonly string[] {
  const { errors = [], detail = '' } = body as {
    readonly errors?: readonly { readonly pointer: string }[]
    readonly detail?: string
  }
  const pointed = errors.map(({ pointer }) => pointer.split('/')[1])
  const found = names.filter((name) => pointed.includes(name))
  return found.length > 0 ? found : names.filter((name) => new RegExp(`\\b${name}\\b`, 'i').test(detail))
}

/** Texts and numbers in a value, which are what can be tried. */
function saying(value: unknown): number {
  if (typeof value === 'string' || typeof value === 'number') return 1
  if (typeof value !== 'object' || value === null) return 0
  return Object.values(value).reduce<number>((sum, one) => sum + saying(one), 0)
}
