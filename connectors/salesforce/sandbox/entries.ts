/**
 * What can happen to an org, as plain JSON: the state is what these make of an empty org, in order. The journal holds
 * nothing else.
 */
import type { FieldDefinition, Value } from './field.ts'
import type { ObjectDefinition } from './objects.ts'

export type Values = Readonly<Record<string, Value>>

/** What Salesforce itself notes of a record; milliseconds. */
export interface Audit {
  readonly createdAt: number
  readonly createdBy: string
  readonly modifiedAt: number
  readonly modifiedBy: string
  readonly stamp: number
}

export type Entry =
  | {
      readonly kind: 'record'
      readonly type: string
      readonly id: string
      readonly values: Values
      readonly audit: Audit
      /** Only in a journal that was written anew. */
      readonly deleted?: {
        readonly at: number
        readonly master: string | null
        readonly cascade: string | null
      }
    }
  | {
      readonly kind: 'update'
      readonly type: string
      readonly id: string
      readonly values: Values
      readonly audit: Omit<Audit, 'createdAt' | 'createdBy'>
    }
  | {
      readonly kind: 'delete'
      readonly type: string
      readonly id: string
      readonly at: number
      readonly by: string
      readonly stamp: number
      readonly master: string | null
      readonly cascade: string | null
    }
  | {
      readonly kind: 'undelete'
      readonly type: string
      readonly id: string
      readonly at: number
      readonly by: string
    }
  | { readonly kind: 'purge'; readonly type: string; readonly id: string }
  | { readonly kind: 'object'; readonly definition: ObjectDefinition }
  | {
      readonly kind: 'field'
      readonly type: string
      readonly field: FieldDefinition
      readonly removed?: true
    }
  | { readonly kind: 'document'; readonly table: string; readonly key: string; readonly value: unknown }
