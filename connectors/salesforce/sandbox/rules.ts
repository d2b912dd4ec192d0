/** What an admin demands of records: rules that refuse them, and rules against duplicates. */
import { API_VERSION } from '../version.ts'
import type { Values } from './entries.ts'
import type { ApiError } from './problems.ts'
import { compile } from './soql-filter.ts'
import type { Source } from './soql-fields.ts'
import { parseCondition } from './soql-syntax.ts'
import type { SalesforceState } from './state.ts'
import { indexKey, looseRow, type Row, type Table } from './tables.ts'

interface Candidate {
  readonly state: SalesforceState
  readonly source: Source
  readonly table: Table
  /** Null: it is new. */
  readonly row: Row | null
  readonly values: Values
}

/** The record as it would be. */
function proposed({ table, row, values, state }: Candidate): Row {
  const at = state.now().getTime()
  const made: Row = {
    ...looseRow(row?.id ?? '', at, row ? [...row.values] : []),
    ...(row ? { createdAt: row.createdAt, createdBy: row.createdBy } : {}),
  }
  for (const [field, value] of Object.entries(values)) {
    const slot = table.slot(field)
    while (made.values.length < slot) made.values.push(undefined)
    made.values[slot] = value ?? undefined
  }
  return made
}

/** @see https://help.salesforce.com/s/articleView?id=platform.fields_about_field_validation.htm */
export function brokenRules(candidate: Candidate): ApiError[] {
  const { state, source, table } = candidate
  const rules = state.validationRules(table.type)
  if (rules.length === 0) return []
  const row = proposed(candidate)
  // The rule sees what the user may not.
  const all: Source = { ...source, canRead: () => true }
  return rules
    .filter(({ when }) =>
      compile(parseCondition(when), { source: all, table, text: when, valuesOf: () => new Set() })(row),
    )
    .map(({ message, field }) => ({
      errorCode: 'FIELD_CUSTOM_VALIDATION_EXCEPTION',
      message,
      fields: field === null ? [] : [field],
    }))
}

/** @see https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_header_duplicateruleheader.htm */
export function duplicates(candidate: Candidate): ApiError[] {
  const { state, table, row } = candidate
  const rules = state.duplicateRules(table.type)
  if (rules.length === 0) return []
  const after = proposed(candidate)
  for (const { name, fields, message } of rules) {
    const keys = fields.map((field) => [table.reader(field), indexKey(table.get(after, field))] as const)
    if (fields.every((field) => table.get(after, field) === null)) continue
    // A record that was a duplicate before may be written where nothing of it changes that.
    if (row && fields.every((field) => !(field in candidate.values))) continue
    const matches = table
      .indexed(fields[0], table.get(after, fields[0]))
      .filter(
        (other) =>
          other !== row &&
          other.deletedAt === 0 &&
          keys.every(([read, key]) => indexKey(read(other)) === key),
      )
    if (matches.length === 0) continue
    const { type } = table
    return [
      {
        errorCode: 'DUPLICATES_DETECTED',
        message,
        fields: [],
        more: {
          duplicateResult: {
            allowSave: false,
            duplicateRule: name,
            duplicateRuleEntityType: type,
            errorMessage: message,
            matchResults: [
              {
                entityType: type,
                errors: [],
                matchEngine: 'ExactMatchEngine',
                matchRecords: matches.slice(0, 100).map(({ id }) => ({
                  additionalInformation: [],
                  fieldDiffs: [],
                  matchConfidence: 100.0,
                  record: {
                    attributes: { type, url: `/services/data/${API_VERSION}/sobjects/${type}/${id}` },
                    Id: id,
                  },
                })),
                rule: `Standard_${type}_Match_Rule`,
                size: matches.length,
                success: true,
              },
            ],
          },
        },
      },
    ]
  }
  return []
}
