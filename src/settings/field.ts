/** What every field of the settings says of itself, from which documentation and forms derive. */
import { z } from 'zod'

/** What a person is told about a field: its meaning, and what may stand there. */
export interface FieldMeta {
  readonly about: string
  readonly allowed: string
}

export const fieldMeta = z.registry<FieldMeta>()

/**
 * @example
 * field(z.boolean().default(true), 'Whether the action is offered at all', 'true or false')
 */
export function field<T extends z.ZodType>(schema: T, about: string, allowed: string): T {
  fieldMeta.add(schema, { about, allowed })
  return schema
}

/** A switch with its standard. */
export const flag = (standard: boolean, about: string) =>
  field(z.boolean().default(standard), about, 'true or false')

/** A short text, or none. */
export const text = (about: string) =>
  field(z.string().max(300).nullable().default(null), about, 'text of at most 300 characters, or null')

/** An e-mail address, or none. */
export const address = (about: string) =>
  field(z.email().nullable().default(null), about, 'an e-mail address or null')
