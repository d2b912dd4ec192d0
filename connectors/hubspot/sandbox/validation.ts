/**
 * Whether a record may be written so: that its properties exist and can be written, values of the right type, unique
 * values unique, and the admin's rules (enforced on API writes since 2026-09).
 *
 * @see https://developers.hubspot.com/changelog/crm-api-write-validation-enforcement
 */
import type { PropertyDefinition } from './definitions.ts'
import { invalid, problem, type ErrorDetail } from './problems.ts'
import type { SandboxState } from './state.ts'
import { valueOf, type StoredRecord } from './tables.ts'

type Given = Readonly<Record<string, string | number | boolean | null>>

interface Fault {
  readonly name: string
  readonly error: string
  readonly message: string
}

/** Without these an activity cannot be made; HubSpot's documents of each of them. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  tasks: ['hs_timestamp'],
  emails: ['hs_timestamp', 'hs_email_direction'],
  notes: ['hs_timestamp'],
  calls: ['hs_timestamp'],
  meetings: ['hs_timestamp'],
  communications: ['hs_timestamp'],
}

/** The longest text of a property. */
const LONGEST = 65_536

/**
 * @param record null: it is to be created
 * @returns the values as HubSpot keeps them
 * @throws the problem that HubSpot answers with
 */
export function checkRecord(
  state: SandboxState,
  type: string,
  record: StoredRecord | null,
  given: Given,
): Record<string, string> {
  const table = state.tables.table(type)
  const definitions = state.tables.definitions(type)
  const faults: Fault[] = []
  const values: Record<string, string> = {}
  for (const [name, raw] of Object.entries(given)) {
    const definition = definitions.get(name)
    if (!definition || definition.archivedAt !== null) {
      faults.push({ name, error: 'PROPERTY_DOESNT_EXIST', message: `Property "${name}" does not exist` })
      continue
    }
    if (definition.readOnlyValue || definition.calculated) {
      faults.push({
        name,
        error: 'READ_ONLY_VALUE',
        message: `"${name}" is a read only property; its value cannot be set.`,
      })
      continue
    }
    const checked = valueAs(definition, raw === null ? '' : String(raw), state)
    if ('error' in checked) faults.push({ name, ...checked })
    else values[name] = checked.value
  }
  if (faults.length > 0) throw invalidValues(faults)

  for (const [name, value] of Object.entries(values)) {
    const owner = value === '' ? undefined : table.unique.get(name)?.get(value.toLowerCase())
    if (owner === undefined || owner === record?.id) continue
    if (type === 'contacts' && name === 'email') {
      throw problem({
        status: 409,
        category: 'CONFLICT',
        message: `Contact already exists. Existing ID: ${owner}`,
      })
    }
    throw invalid(
      `Cannot set PropertyValueCoordinates{propertyName=${name}, value=${value}} on ${record?.id ?? 'new object'}. ${owner} already has that value.`,
      {
        errors: [
          {
            message: `${owner} already has that value.`,
            code: 'CONFLICTING_UNIQUE_VALUE',
            context: { propertyName: [name], id: [owner] },
          },
        ],
      },
    )
  }
  checkRules(state, type, record, values)
  return values
}

function checkRules(
  state: SandboxState,
  type: string,
  record: StoredRecord | null,
  values: Readonly<Record<string, string>>,
): void {
  const table = state.tables.table(type)
  const after = (name: string): string => values[name] ?? (record ? (valueOf(table, record, name) ?? '') : '')
  const missing: ErrorDetail[] = []
  const required = (name: string, message: string, code: string): void => {
    missing.push({ message, code, context: { properties: [name], propertyName: [name] } })
  }
  if (record === null) {
    for (const name of REQUIRED[type] ?? []) {
      if (after(name) === '')
        required(name, `Required property '${name}' is missing`, 'MISSING_REQUIRED_PROPERTY')
    }
  }
  for (const { property, when } of state.rules(type)) {
    if (after(property) !== '') continue
    if (when === undefined) {
      if (record === null || property in values) {
        required(property, `Required property '${property}' is missing`, 'MISSING_REQUIRED_PROPERTY')
      }
    } else if (when.values.includes(after(when.property))) {
      required(
        property,
        `Property '${property}' is required when '${when.property}' is '${after(when.property)}'`,
        'MISSING_CONDITIONAL_REQUIRED_PROPERTY',
      )
    }
  }
  if (missing.length === 0) return
  throw invalid(`Error creating or updating ${type}. Some required properties were not set.`, {
    subCategory: 'OBJECT_WRITE_VALIDATION',
    errors: missing,
    context: { properties: missing.flatMap(({ context }) => context?.properties ?? []) },
  })
}

function invalidValues(faults: readonly Fault[]): Error {
  const results = faults.map(({ name, error, message }) => ({
    isValid: false,
    message,
    error,
    name,
    localizedErrorMessage: message,
  }))
  return invalid(`Property values were not valid: ${JSON.stringify(results)}`, {
    errors: faults.map(({ name, error, message }) => ({
      message,
      code: error,
      context: { propertyName: [name] },
    })),
  })
}

type Checked = { readonly value: string } | { readonly error: string; readonly message: string }

/** A value as a property of this type keeps it. '' clears. */
export function valueAs(definition: PropertyDefinition, raw: string, state: SandboxState): Checked {
  if (raw === '') return { value: '' }
  switch (definition.type) {
    case 'number': {
      const number = Number(raw)
      if (raw.trim() === '' || !Number.isFinite(number)) {
        return { error: 'INVALID_LONG', message: `${raw} was not a valid number.` }
      }
      return { value: raw.trim() }
    }
    case 'bool': {
      const value = raw.toLowerCase()
      if (value !== 'true' && value !== 'false') {
        return {
          error: 'INVALID_OPTION',
          message: `${raw} was not one of the allowed options: [true, false]`,
        }
      }
      return { value }
    }
    case 'date': {
      const at = timeOf(raw)
      if (at === null) return { error: 'INVALID_DATE', message: `${raw} was not a valid date.` }
      if (at % 86_400_000 !== 0) {
        return {
          error: 'INVALID_DATE',
          message: `${at} is at ${new Date(at).toISOString().slice(11, 19)} UTC, not midnight!`,
        }
      }
      return { value: new Date(at).toISOString().slice(0, 10) }
    }
    case 'datetime': {
      const at = timeOf(raw)
      if (at === null) return { error: 'INVALID_DATE', message: `${raw} was not a valid long.` }
      return { value: new Date(at).toISOString() }
    }
    case 'enumeration':
      return checkOption(definition, raw, state)
    default:
      if (raw.length > LONGEST) {
        return {
          error: 'INVALID_STRING_LENGTH',
          message: `Property value is too long: ${raw.length} of ${LONGEST} characters.`,
        }
      }
      return { value: raw }
  }
}

function checkOption(definition: PropertyDefinition, raw: string, state: SandboxState): Checked {
  if (definition.referencedObjectType === 'OWNER') {
    const owner = state.owners().find(({ id }) => id === raw)
    // A portal without any owner (a test's) takes any number.
    if (!/^\d+$/.test(raw) || (state.owners().length > 0 && (!owner || owner.archived))) {
      return { error: 'INVALID_OWNER_ID', message: `Owner with id: ${raw} does not exist` }
    }
    return { value: raw }
  }
  if (definition.externalOptions && definition.options.length === 0) return { value: raw }
  const many = definition.fieldType === 'checkbox'
  // ";value" adds to what is there; the sandbox takes it as the value itself.
  const values = many ? raw.split(';').filter((value) => value !== '') : [raw]
  const known = new Set(definition.options.map(({ value }) => value))
  const wrong = values.find((value) => !known.has(value))
  if (wrong !== undefined) {
    return {
      error: 'INVALID_OPTION',
      message: `${wrong} was not one of the allowed options: [${[...known].join(', ')}]`,
    }
  }
  return { value: many ? values.join(';') : raw }
}

/** Epoch milliseconds of what HubSpot takes as a time: a number of milliseconds, a date, or ISO 8601. */
export function timeOf(raw: string): number | null {
  if (/^-?\d{1,16}$/.test(raw)) return Number(raw)
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/.test(raw)) return null
  const at = Date.parse(raw)
  return Number.isNaN(at) ? null : at
}
