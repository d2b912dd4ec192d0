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

/** @param known ids and numbers that exist */
export function operationsOf(api: OpenApi, known: Known): readonly Operation[] {
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
      const given = of('path').map(({ schema }) => encodeURIComponent(text(schema)))
      const filled = of('path').reduce((to, { name }, at) => to.replace(`{${name}}`, given[at]), path)
      const pairs = (where: Parameter['in']) =>
        Object.fromEntries(of(where).map(({ name, schema }) => [name, text(schema)]))
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

/** Texts and numbers in a value, which are what can be tried. */
function saying(value: unknown): number {
  if (typeof value === 'string' || typeof value === 'number') return 1
  if (typeof value !== 'object' || value === null) return 0
  return Object.values(value).reduce<number>((sum, one) => sum + saying(one), 0)
}
