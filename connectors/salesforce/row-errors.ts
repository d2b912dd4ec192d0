/**
 * Errors of rows, as the two ways of writing tell them: collections answer with objects, the Bulk API with a text in
 * the column `sf__Error`.
 */
import { z } from 'zod'
import type { HoldfastError } from '../../src/contracts/errors.ts'
import type { SalesforceError } from './errors.ts'
import { id18 } from './ids.ts'

/** Why Salesforce did not take one row. */
export interface Refusal {
  /** Salesforce's status code; `NO_ANSWER` and the codes of a HoldfastError where the whole call failed. */
  readonly code: string
  readonly message: string
  /** API names of the fields that it names. */
  readonly fields: readonly string[]
  /** Ids of the records that a duplicate rule found. */
  readonly matches: readonly string[]
  /** Name of the duplicate rule; null where it does not say. */
  readonly rule: string | null
  readonly retryable: boolean
}

const matchSchema = z.object({
  record: z.object({ Id: z.string().optional(), id: z.string().optional() }).nullish().catch(null),
})
const duplicateSchema = z
  .object({
    duplicateRule: z.string().nullish().catch(null),
    matchResults: z
      .array(z.object({ matchRecords: z.array(matchSchema).nullish().catch([]) }))
      .nullish()
      .catch([]),
  })
  .nullish()
  .catch(null)

/** In Salesforce's own answers the name is misspelt; both are read. */
const duplicatesSchema = z
  .object({ duplicateResult: duplicateSchema, duplicateResut: duplicateSchema })
  .catch({ duplicateResult: null, duplicateResut: null })

/**
 * @param errors of one row; at least one, of which the first says the reason
 * @example
 * refusalOf(readErrors([{ statusCode: 'UNABLE_TO_LOCK_ROW', message: '…', fields: [] }])!).retryable // true
 */
export function refusalOf(errors: readonly SalesforceError[]): Refusal {
  const [{ errorCode, message, raw }] = errors
  const { duplicateResult, duplicateResut } = duplicatesSchema.parse(raw)
  const duplicates = duplicateResult ?? duplicateResut
  const matches = (duplicates?.matchResults ?? []).flatMap(({ matchRecords }) =>
    (matchRecords ?? []).flatMap(({ record }) => record?.Id ?? record?.id ?? []),
  )
  // A row can break several rules at once.
  const alike = errors.filter((one) => one.errorCode === errorCode)
  return refusal(errorCode, message, {
    fields: alike.flatMap((one) => [...one.fields, ...fieldsNamedIn(one.message)]),
    matches: [...new Set(matches.map(id18))],
    rule: duplicates?.duplicateRule ?? null,
  })
}

/**
 * The text of `sf__Error`: code, message and fields, as `REQUIRED_FIELD_MISSING:Required fields are missing:
 * [LastName]:LastName --`.
 *
 * @example
 * refusalOfText('FIELD_CUSTOM_VALIDATION_EXCEPTION:Pick a segment:Segment__c --').fields // ['Segment__c']
 */
export function refusalOfText(text: string): Refusal {
  const match = /^\s*([A-Z][A-Z0-9_]+):([\s\S]*)$/.exec(text)
  if (match === null) return refusal('UNKNOWN_EXCEPTION', text)
  const [, code, rest] = match
  const tail = /:([\w.,\s]*?)\s*--\s*$/.exec(rest)
  const message = tail === null ? rest.replace(/:?\s*--\s*$/, '') : rest.slice(0, tail.index)
  const fields = tail === null ? [] : tail[1].split(/[\s,]+/).filter((name) => name !== '')
  return refusal(code, message.trim(), { fields: [...fields, ...fieldsNamedIn(message)] })
}

/** They pass by themselves. */
const PASSING: ReadonlySet<string> = new Set([
  'UNABLE_TO_LOCK_ROW',
  'ENTITY_IS_LOCKED',
  'DUPLICATE_VALUE',
  'SERVER_UNAVAILABLE',
  'REQUEST_LIMIT_EXCEEDED',
  'REQUEST_RUNNING_TOO_LONG',
  'QUERY_TIMEOUT',
  'UNKNOWN_EXCEPTION',
  'PROCESSING_HALTED',
  'ALL_OR_NONE_OPERATION_ROLLED_BACK',
])

/** A row that Salesforce said nothing about, or did not come to. */
export function notTried(message: string): Refusal {
  return { ...refusal('NOT_TRIED', message), retryable: true }
}

export const NO_ANSWER: Refusal = {
  ...refusal('NO_ANSWER', 'Salesforce did not say whether this was written. It is written again.'),
  retryable: true,
}

/** Rows that were not tried, because a call failed as a whole: whatever it was, it was not theirs. */
export function refusalOfError({ code, message }: HoldfastError): Refusal {
  return { ...refusal(code, message), retryable: true }
}

/** Whether a field is missing, or closed to our user: the same for every row. */
export function isFieldMissing({ code }: Refusal): boolean {
  return FIELD_CODES.has(code)
}

/** Whether it is a value that a field does not take. */
export function isValueRefused({ code }: Refusal): boolean {
  return VALUE_CODES.has(code)
}

const FIELD_CODES: ReadonlySet<string> = new Set(['INVALID_FIELD', 'INVALID_FIELD_FOR_INSERT_UPDATE'])
const VALUE_CODES: ReadonlySet<string> = new Set([
  'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST',
  'STRING_TOO_LONG',
  'NUMBER_OUTSIDE_VALID_RANGE',
  'INVALID_TYPE_ON_FIELD_IN_RECORD',
])

function refusal(
  code: string,
  message: string,
  more: Partial<Pick<Refusal, 'fields' | 'matches' | 'rule'>> = {},
): Refusal {
  const { fields = [], matches = [], rule = null } = more
  return {
    code: code === '' ? 'UNKNOWN_EXCEPTION' : isMissingKeyField(code, message) ? 'INVALID_FIELD' : code,
    message: message.length > 1000 ? `${message.slice(0, 1000)}…` : message,
    fields: [...new Set(fields)],
    matches,
    rule,
    retryable: PASSING.has(code),
  }
}

/** An upsert by a field that is not there answers NOT_FOUND, as one of a record does. */
function isMissingKeyField(code: string, message: string): boolean {
  return code === 'NOT_FOUND' && /external id field does not exist/i.test(message)
}

/** Names in messages that come without a list of fields. */
function fieldsNamedIn(message: string): readonly string[] {
  const listed = /Unable to create\/update fields: ([\w, ]+)/i.exec(message)?.[1].split(/,\s*/)
  const single =
    /No such column '(\w+)'/i.exec(message)?.[1] ??
    /Field name not found : (\w+)/i.exec(message)?.[1] ??
    /Fields? (\w+__c) (?:is|are) not (?:writeable|accessible)/i.exec(message)?.[1]
  return [...(listed ?? []), ...(single === undefined ? [] : [single])].filter((name) => name !== '')
}
