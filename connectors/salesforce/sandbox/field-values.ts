/**
 * Values as a caller gives them, JSON or CSV, against the definition of their field.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_concepts_core_data_objects.htm "StatusCode"
 */
import type { FieldDefinition, Value } from './field.ts'
import { formatInstant, isDate, parseInstant } from './instants.ts'
import type { ApiError } from './problems.ts'
import { readId } from './record-ids.ts'
import type { SalesforceState } from './state.ts'

export type Read = { readonly value: Value } | { readonly error: ApiError }

const wrong = (errorCode: string, message: string, field: FieldDefinition): Read => ({
  error: { errorCode, message, fields: [field.name] },
})

const NUMBERS = new Set(['double', 'currency', 'percent', 'int'])
const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/

/** @returns the value as the org keeps it, or what is wrong with it */
export function readValue(state: SalesforceState, field: FieldDefinition, given: unknown): Read {
  if (given === null || given === undefined || given === '') {
    return { value: field.type === 'boolean' ? false : null }
  }
  if (typeof given === 'object') return mistyped(field, JSON.stringify(given))
  const text = String(given).trim()
  if (NUMBERS.has(field.type)) return readNumber(field, text)
  switch (field.type) {
    case 'boolean':
      if (!/^(true|false|1|0)$/i.test(text)) return mistyped(field, text)
      return { value: /^(true|1)$/i.test(text) }
    case 'date':
      return isDate(text.slice(0, 10)) ? { value: text.slice(0, 10) } : mistyped(field, text)
    case 'datetime': {
      const at = isDate(text) ? Date.parse(`${text}T00:00:00Z`) : parseInstant(text)
      return Number.isNaN(at) ? mistyped(field, text) : { value: formatInstant(at) }
    }
    case 'reference':
      return readReference(state, field, text)
    case 'email':
      if (!EMAIL.test(text))
        return wrong('INVALID_EMAIL_ADDRESS', `${field.label}: invalid email address: ${text}`, field)
      break
    case 'picklist':
    case 'multipicklist':
      if (field.restricted) {
        const chosen = field.type === 'picklist' ? [text] : text.split(';')
        for (const one of chosen) {
          if (field.values.some(({ value, active }) => active && value === one)) continue
          return wrong(
            'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST',
            `${field.label}: bad value for restricted picklist field: ${one}`,
            field,
          )
        }
      }
  }
  if (field.length > 0 && text.length > field.length) {
    return wrong(
      'STRING_TOO_LONG',
      `${field.label}: data value too large: ${text} (max length=${field.length})`,
      field,
    )
  }
  return { value: text === '' ? null : text }
}

const mistyped = (field: FieldDefinition, text: string): Read =>
  wrong('INVALID_TYPE_ON_FIELD_IN_RECORD', `${field.label}: value not of required type: ${text}`, field)

function readNumber(field: FieldDefinition, text: string): Read {
  const number = Number(text)
  if (text === '' || !Number.isFinite(number)) return mistyped(field, text)
  if (field.type === 'int' && !Number.isInteger(number)) return mistyped(field, text)
  const digits = field.type === 'int' ? 9 : field.precision - field.scale
  if (Math.abs(number) >= 10 ** digits) {
    return wrong(
      'NUMBER_OUTSIDE_VALID_RANGE',
      `${field.label}: value outside of valid range on numeric field: ${text}`,
      field,
    )
  }
  // What the field has no places for is rounded away.
  return { value: Number(number.toFixed(field.type === 'int' ? 0 : field.scale)) }
}

function readReference(state: SalesforceState, field: FieldDefinition, text: string): Read {
  const id = readId(text)
  if (id === null) return wrong('MALFORMED_ID', `${field.label}: id value of incorrect type: ${text}`, field)
  for (const type of field.referenceTo) {
    if (!state.tables.objects.has(type)) continue
    const row = state.tables.table(type).byId.get(id)
    if (!row) continue
    if (row.deletedAt > 0) return wrong('ENTITY_IS_DELETED', 'entity is deleted', field)
    if (state.isHidden(id)) {
      return wrong(
        'INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY',
        `insufficient access rights on cross-reference id: ${id.slice(0, 15)}`,
        field,
      )
    }
    return { value: id }
  }
  const known = state.tables.typeOf(id)
  if (known !== null && !field.referenceTo.includes(known)) {
    return wrong('FIELD_INTEGRITY_EXCEPTION', `${field.label}: id value of incorrect type: ${text}`, field)
  }
  return wrong('INVALID_CROSS_REFERENCE_KEY', `invalid cross reference id: ${id}`, field)
}
