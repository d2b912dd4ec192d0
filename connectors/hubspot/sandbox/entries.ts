/**
 * What can happen to a portal, as plain JSON: the state is what these make of an empty portal, in order. The journal
 * holds nothing else.
 */
import type { PropertyDefinition, PropertyGroup } from './definitions.ts'
import type { Source, Version } from './tables.ts'

export interface Owner {
  readonly id: string
  readonly email: string | null
  readonly firstName: string
  readonly lastName: string
  readonly userId: number | null
  readonly archived: boolean
  readonly createdAt: string
  readonly updatedAt: string
  readonly teams?: readonly { readonly id: string; readonly name: string; readonly primary: boolean }[]
}

/** What an admin demands of a record, as HubSpot enforces it on API writes since 2026-09. */
export interface ValidationRule {
  /** Required whenever a record is created; with `when` while another property has one of the values. */
  readonly property: string
  readonly when?: { readonly property: string; readonly values: readonly string[] }
}

export interface AssociationLabel {
  readonly category: 'HUBSPOT_DEFINED' | 'INTEGRATOR_DEFINED' | 'USER_DEFINED'
  readonly typeId: number
  readonly label: string | null
}

export interface Token {
  readonly token: string
  /** `app`: of client credentials, which act for no account. */
  readonly kind: 'access' | 'refresh' | 'private' | 'app'
  readonly scopes: readonly string[]
  /** Epoch milliseconds; null: until it is revoked. */
  readonly expiresAt: number | null
  /** The refresh token that it came from. */
  readonly from: string | null
}

export interface Account {
  readonly accountType: string
  readonly timeZone: string
  readonly companyCurrency: string
  readonly additionalCurrencies: readonly string[]
  readonly uiDomain: string
  readonly dataHostingLocation: string
}

/** A whole record, as a compacted journal has it. */
export interface RecordEntry {
  readonly kind: 'record'
  readonly type: string
  readonly id: string
  readonly created: number
  readonly updated: number
  readonly archived: number
  readonly begun: number
  readonly source: Source
  readonly properties: Readonly<Record<string, string>>
  readonly history: Readonly<Record<string, readonly Version[]>>
}

export type Entry =
  | RecordEntry
  | {
      readonly kind: 'create'
      readonly type: string
      readonly id: string
      readonly at: number
      readonly created: number
      readonly source: Source
      readonly properties: Readonly<Record<string, string>>
    }
  | {
      readonly kind: 'update'
      readonly type: string
      readonly id: string
      readonly at: number
      readonly source: Source
      readonly properties: Readonly<Record<string, string>>
    }
  | {
      readonly kind: 'archive'
      readonly type: string
      readonly id: string
      readonly at: number
      readonly source: Source
    }
  | {
      readonly kind: 'restore'
      readonly type: string
      readonly id: string
      readonly at: number
      readonly source: Source
    }
  | {
      readonly kind: 'erase'
      readonly type: string
      readonly id: string
      readonly at: number
      readonly source: Source
    }
  | {
      readonly kind: 'merge'
      readonly type: string
      /** The id that answers from now on. */
      readonly into: string
      readonly ids: readonly string[]
      readonly at: number
    }
  | {
      readonly kind: 'associate'
      readonly from: readonly [type: string, id: string]
      readonly to: readonly [type: string, id: string]
      readonly typeId: number
    }
  | {
      readonly kind: 'dissociate'
      readonly from: readonly [type: string, id: string]
      readonly to: readonly [type: string, id: string]
      /** Null: all of them. */
      readonly typeId: number | null
    }
  | { readonly kind: 'property'; readonly type: string; readonly definition: PropertyDefinition }
  | { readonly kind: 'group'; readonly type: string; readonly group: PropertyGroup; readonly removed?: true }
  | { readonly kind: 'label'; readonly between: string; readonly label: AssociationLabel }
  | { readonly kind: 'rules'; readonly type: string; readonly rules: readonly ValidationRule[] }
  | { readonly kind: 'owner'; readonly owner: Owner }
  | { readonly kind: 'account'; readonly account: Account }
  | { readonly kind: 'token'; readonly token: Token; readonly removed?: true }
  | { readonly kind: 'document'; readonly table: string; readonly key: string; readonly value: unknown }
