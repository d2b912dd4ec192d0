/**
 * What Salesforce refused for one row, in the words of the results that the loop stores and an admin reads.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_concepts_core_data_objects.htm StatusCode
 */
import type { WriteResult } from '../connector.ts'
import { shortened } from '../plain-text.ts'
import { PERMISSION_SETS } from './package.ts'
import type { Refusal } from './row-errors.ts'

/** "the Account 001…", "the task for the Account 001…": what was not written. */
export interface RefusedThing {
  /** Of the result. */
  readonly id: string
  readonly what: string
}

/**
 * @example
 * refused({ id, what: `the Account ${id}` }, refusal).message
 * // 'The Account 001… is not there any more in Salesforce: it was deleted, or …'
 */
export function refused({ id, what }: RefusedThing, refusal: Refusal): WriteResult {
  const { code, message } = worded(what, refusal)
  return { id, ok: false, code, message: message.trim(), retryable: refusal.retryable }
}

interface Words {
  readonly code: string
  readonly message: string
}

type Wording = (what: string, refusal: Refusal) => Words

function worded(what: string, refusal: Refusal): Words {
  const { code, message, retryable } = refusal
  // Sentences of our own, made where the whole call failed.
  if (code.startsWith('connector_') || OURS.has(code)) return { code: code.toLowerCase(), message }
  if (refusal.fields.some((field) => /^OwnerId$/i.test(field)) && OWNER.has(code)) return owner(what, refusal)
  const wording = WORDINGS[code]
  if (wording !== undefined) return wording(what, refusal)
  return {
    code: retryable ? 'refused_for_now' : 'refused',
    message: `Salesforce refused to write ${what}${said(refusal)} (${code}).`,
  }
}

const OURS: ReadonlySet<string> = new Set(['NO_ANSWER', 'NOT_TRIED'])
const OWNER: ReadonlySet<string> = new Set([
  'INVALID_CROSS_REFERENCE_KEY',
  'INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY',
  'FIELD_INTEGRITY_EXCEPTION',
])

const gone: Wording = (what) => ({
  code: 'record_gone',
  message: `${capital(what)} cannot be written: the record is not there any more in Salesforce. It was deleted, merged into another one, or is no longer shared with Holdfast's user. The next sync takes that up.`,
})

const noAccess: Wording = (what, { message }) => ({
  code: 'no_access',
  message: `Salesforce does not let Holdfast's user write ${what}: it is no longer shared with that user for editing${message === '' ? '' : ` (${bare(message)})`}. Share the record with the user, or assign the permission set "${PERMISSION_SETS.integration.label}".`,
})

const missingField: Wording = (what, refusal) => ({
  code: 'property_missing',
  message: `Salesforce refused to write ${what}: ${fieldsIn(refusal, 'a field of Holdfast')} cannot be written by Holdfast's user (${bare(refusal.message)}). Install the Holdfast package, or assign the permission set "${PERMISSION_SETS.integration.label}" to that user.`,
})

const owner: Wording = (what, { message }) => ({
  code: 'owner_unknown',
  message: `Salesforce refused to write ${what}: the user it is assigned to is not active there, or may not have it (${bare(message)}). Give the record another owner.`,
})

const automation: Wording = (what, { message }) => ({
  code: 'automation',
  message: `Salesforce refused to write ${what}: an automation of the org (a trigger or a flow) stopped it: ${bare(message)}. Whoever looks after the automation can let Holdfast's user pass.`,
})

const badValue: Wording = (what, refusal) => ({
  code: 'invalid_value',
  message: `Salesforce refused to write ${what}: ${fieldsIn(refusal, 'a field')} does not take what Holdfast writes (${bare(refusal.message)}). Compare the field with the Holdfast package, or install the package anew.`,
})

const WORDINGS: Readonly<Record<string, Wording>> = {
  UNABLE_TO_LOCK_ROW: (what) => ({
    code: 'row_locked',
    message: `${capital(what)} was being changed by somebody else in Salesforce each time it was tried (UNABLE_TO_LOCK_ROW). It is tried again.`,
  }),
  ENTITY_IS_LOCKED: (what) => ({
    code: 'record_locked',
    message: `${capital(what)} is locked in Salesforce, as by an approval that runs. It is tried again later.`,
  }),
  FIELD_CUSTOM_VALIDATION_EXCEPTION: (what, refusal) => ({
    code: 'validation_rule',
    message: `Salesforce refused to write ${what}: a validation rule of the org says "${bare(refusal.message)}"${inFields(refusal)}. Correct the record, or let the rule leave out Holdfast's user (Setup > Object Manager > Validation Rules).`,
  }),
  REQUIRED_FIELD_MISSING: (what, refusal) => ({
    code: 'required_property_missing',
    message: `Salesforce refused to write ${what}: the org requires ${fieldsIn(refusal, 'a field')} there, and it is empty (${bare(refusal.message)}). Fill it in on the record.`,
  }),
  INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST: (what, refusal) => ({
    code: 'invalid_option',
    message: `Salesforce refused to write ${what}: ${fieldsIn(refusal, 'a picklist')} has no such choice (${bare(refusal.message)}). Add the value to the picklist (Setup > Object Manager), or let it take values that are not listed.`,
  }),
  DUPLICATES_DETECTED: (what, { message, rule, matches }) => ({
    code: 'duplicates_detected',
    message: `Salesforce refused to write ${what}: ${rule === null ? 'a duplicate rule' : `the duplicate rule "${rule}"`} takes it for the same as ${matches.length === 0 ? 'another record, which Salesforce did not name' : matches.join(', ')} (${bare(message)}). Holdfast does not force it. Merge the records, or let the rule leave out Holdfast's user.`,
  }),
  ENTITY_IS_DELETED: gone,
  NOT_FOUND: gone,
  INVALID_CROSS_REFERENCE_KEY: gone,
  MALFORMED_ID: gone,
  INVALID_ID_FIELD: gone,
  INSUFFICIENT_ACCESS_OR_READONLY: noAccess,
  INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY: noAccess,
  INSUFFICIENT_ACCESS: noAccess,
  CANNOT_UPDATE_CONVERTED_LEAD: gone,
  INVALID_FIELD: missingField,
  INVALID_FIELD_FOR_INSERT_UPDATE: missingField,
  INACTIVE_OWNER_OR_USER: owner,
  OP_WITH_INVALID_USER_TYPE_EXCEPTION: owner,
  CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY: automation,
  CANNOT_EXECUTE_FLOW_TRIGGER: automation,
  STRING_TOO_LONG: badValue,
  NUMBER_OUTSIDE_VALID_RANGE: badValue,
  INVALID_TYPE_ON_FIELD_IN_RECORD: badValue,
  DUPLICATE_VALUE: (what, { message }) => ({
    code: 'made_meanwhile',
    message: `${capital(what)} was being made by another call at the same time (${bare(message)}). It is looked for again.`,
  }),
  DUPLICATE_EXTERNAL_ID: (what, { message }) => ({
    code: 'key_not_unique',
    message: `Salesforce has ${what} more than once with the same key (${bare(message)}). Delete all but one, and see that the key is unique there, as the Holdfast package makes it.`,
  }),
  STORAGE_LIMIT_EXCEEDED: (what) => ({
    code: 'storage_full',
    message: `Salesforce refused to write ${what}: the org's data storage is full. Free some (Setup > Storage Usage), or buy more.`,
  }),
}

/** "the field Segment__c", "the fields A and B". */
function fieldsIn({ fields }: Refusal, otherwise: string): string {
  const names = [...new Set(fields)]
  if (names.length === 0) return otherwise
  return `the field${names.length > 1 ? 's' : ''} ${names.map((name) => `"${name}"`).join(', ')}`
}

function inFields(refusal: Refusal): string {
  return refusal.fields.length === 0 ? '' : ` (${fieldsIn(refusal, '')})`
}

const capital = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`

/** As it stands within a sentence of ours. */
const bare = (message: string): string => shortened(message.trim().replace(/[.\s]+$/, ''), 300)

const said = ({ message }: Refusal): string => (message === '' ? '' : `: ${bare(message)}`)
