/**
 * What a form shows a value with. Everything in here is data, so that it goes over the wire as it is: the app draws an
 * input for each kind, and knows from it what may stand there before anybody asks the server.
 */
import type { TextFormat } from './field.ts'

export interface SwitchControl {
  readonly kind: 'switch'
}

/**
 * A number as it is kept: a share from 0 to 1 where the kind is `percent`, hours of a day where it is `hour` (8.5 is
 * 08:30), in the reporting currency where it is `money`, of its unit where it is `duration`.
 */
export interface NumberControl {
  readonly kind: 'number' | 'percent' | 'money' | 'duration' | 'hour'
  readonly unit: 'days' | 'hours' | 'months' | 'customers' | 'connections' | 'points' | null
  readonly whole: boolean
  /** Null: there is no end. */
  readonly min: number | null
  readonly max: number | null
  /** Where the ends themselves do not belong to it. */
  readonly above: number | null
  readonly below: number | null
  /** Beside its bounds it may be 0. */
  readonly orZero: boolean
  /** By how much a key press changes it, as it is kept. */
  readonly step: number
  /** What 0 means where it is no mere number: `Off`. */
  readonly zero: string | null
}

export interface Choice {
  readonly value: string | number
  readonly label: string
}

/** One of a few. */
export interface ChoiceControl {
  readonly kind: 'choice'
  readonly options: readonly Choice[]
}

/** Any of a few; the order does not matter to anybody. */
export interface ChoicesControl {
  readonly kind: 'choices'
  readonly options: readonly Choice[]
  readonly fewest: number
}

export interface TextControl {
  readonly kind: 'text'
  readonly format: TextFormat | null
  /** Whether it has several lines. */
  readonly many: boolean
  /** Characters. */
  readonly shortest: number
  readonly longest: number | null
  /** A regular expression without flags that all of it has to match. */
  readonly pattern: string | null
}

/** As many of one kind as there are, in their order. */
export interface ListControl {
  readonly kind: 'list'
  readonly of: Control
  readonly fewest: number
  readonly most: number | null
}

/** As a list, of things that each have a key, by which the same one is told in another version. */
export interface RowsControl {
  readonly kind: 'rows'
  readonly key: string
  readonly fields: readonly Field[]
  readonly most: number | null
}

/** By language, country, action or person. */
export interface RecordControl {
  readonly kind: 'record'
  /** A `choice` where the keys are known beforehand. */
  readonly keys: ChoiceControl | TextControl
  /** Names of keys beside what their format says: `all` is everybody. */
  readonly labels: Readonly<Record<string, string>>
  readonly of: Control
  /** Every key is always there: what nobody set is as it ships. Otherwise there are those that somebody added. */
  readonly always: boolean
}

/** Several fields that belong together. */
export interface FieldsControl {
  readonly kind: 'fields'
  readonly fields: readonly Field[]
  /** It counts as one thing, which is there as a whole or not at all. */
  readonly whole: boolean
}

/** A choice that brings fields of its own. */
export interface VariantControl {
  readonly kind: 'variant'
  /** Name of the property that holds the choice. */
  readonly by: string
  readonly options: readonly (Choice & { readonly value: string; readonly fields: readonly Field[] })[]
}

export type Control =
  | SwitchControl
  | NumberControl
  | ChoiceControl
  | ChoicesControl
  | TextControl
  | ListControl
  | RowsControl
  | RecordControl
  | FieldsControl
  | VariantControl

export interface Field {
  /** Where it stands: of a setting from the top (`delivery.mode`), inside of lists, records and variants its own name. */
  readonly path: string
  readonly title: string
  readonly about: string
  readonly allowed: string
  readonly control: Control
  /** What null says, such as `No limit`; null: it has to have a value. */
  readonly none: string | null
  /** What it says that it is left out; null: it is always there. */
  readonly unset: string | null
  /** What stands there until somebody sets it; absent: nothing does. */
  readonly default?: unknown
  /** Seldom changed: shown on demand. */
  readonly advanced: boolean
  /** Never shown but to those who may change it, and in no history. */
  readonly secret: boolean
}

export interface Section {
  readonly key: string
  readonly title: string
  readonly about: string
  readonly fields: readonly Field[]
}
