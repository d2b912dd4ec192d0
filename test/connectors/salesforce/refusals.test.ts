import { describe, expect, it } from 'vitest'
import { readErrors } from '../../../connectors/salesforce/errors.ts'
import { refused } from '../../../connectors/salesforce/refusals.ts'
import { refusalOf, refusalOfText } from '../../../connectors/salesforce/row-errors.ts'
import { writeFields } from '../../../connectors/salesforce/write.ts'
import { idOf, perRow, recordsOf, refusal, scripted, writesOf } from './scripted.ts'

const [BAD, GOOD] = [idOf(1), idOf(2)]
const updates = [BAD, GOOD].map((id) => ({ id, fields: { riskPercent: 3, riskLevel: 'LOW' as const } }))

/** What becomes of two rows of which the first is refused so. */
async function reactionTo(statusCode: string, message: string, fields: string[] = [], more: object = {}) {
  const org = scripted(perRow((id) => (id === BAD ? refusal(statusCode, message, fields, more) : undefined)))
  const [bad, good] = await writeFields(org.context, updates, { pauses: org.pauses })
  expect(good).toEqual({ id: GOOD, ok: true })
  return { bad, message: 'message' in bad ? bad.message : '', calls: writesOf(org.asked) }
}

/** Every line of the table of errors that is about rows (facts about Salesforce). */
describe('the error table, row by row: the other row is written all the same', () => {
  it('UNABLE_TO_LOCK_ROW: the failed row alone is tried again, and in the end said to be passing', async () => {
    const { bad, calls } = await reactionTo(
      'UNABLE_TO_LOCK_ROW',
      'unable to obtain exclusive access to this record',
    )
    expect(bad).toMatchObject({ ok: false, code: 'row_locked', retryable: true })
    expect(calls.map((one) => recordsOf(one).map(({ Id }) => Id))).toEqual([[BAD, GOOD], [BAD], [BAD], [BAD]])
  })

  it('FIELD_CUSTOM_VALIDATION_EXCEPTION: permanent, with row, rule and field', async () => {
    const { bad, message, calls } = await reactionTo(
      'FIELD_CUSTOM_VALIDATION_EXCEPTION',
      'A customer needs a segment.',
      ['Segment__c'],
    )
    expect(bad).toMatchObject({ ok: false, code: 'validation_rule', retryable: false })
    expect(message).toBe(
      `Salesforce refused to write the Account ${BAD}: a validation rule of the org says "A customer needs a segment" (the field "Segment__c"). Correct the record, or let the rule leave out Holdfast's user (Setup > Object Manager > Validation Rules).`,
    )
    expect(calls).toHaveLength(1)
  })

  it('REQUIRED_FIELD_MISSING: permanent, with row and field', async () => {
    const { bad, message, calls } = await reactionTo(
      'REQUIRED_FIELD_MISSING',
      'Required fields are missing: [Segment__c]',
      ['Segment__c'],
    )
    expect(bad).toMatchObject({ ok: false, code: 'required_property_missing', retryable: false })
    expect(message).toMatch(new RegExp(`Account ${BAD}.*the field "Segment__c".*Fill it in`))
    expect(calls).toHaveLength(1)
  })

  it('INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST: permanent, with row and field; our other fields are written', async () => {
    const org = scripted((one) => {
      if (one.path !== '/composite/sobjects') return undefined
      const says = refusal(
        'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST',
        'Risk Level: bad value for restricted picklist field: LOW',
        ['Holdfast_Risk_Level__c'],
      )
      return {
        body: recordsOf(one).map(({ Id, Holdfast_Risk_Level__c: level }) =>
          level === undefined ? { id: Id, success: true, errors: [] } : says,
        ),
      }
    })
    const [bad] = await writeFields(org.context, updates.slice(0, 1))
    expect(bad).toMatchObject({ ok: false, code: 'invalid_option', retryable: false })
    expect(bad).toHaveProperty(
      'message',
      expect.stringMatching(/"Holdfast_Risk_Level__c".*LOW.*Add the value/),
    )
    expect(writesOf(org.asked).map((one) => recordsOf(one)[0])).toMatchObject([
      { Holdfast_Risk_Level__c: 'LOW', Holdfast_Risk_Percent__c: 3 },
      { Holdfast_Risk_Percent__c: 3 },
    ])
  })

  it('DUPLICATES_DETECTED: never forced, and the matches are shown', async () => {
    const org = scripted(
      perRow((id) =>
        id === BAD
          ? refusal('DUPLICATES_DETECTED', 'Use one of these records?', [], {
              // As Salesforce itself spells it.
              duplicateResut: {
                allowSave: true,
                duplicateRule: 'Standard_Account_Duplicate_Rule',
                matchResults: [
                  { matchRecords: [{ record: { attributes: { type: 'Account' }, Id: idOf(55) } }] },
                  { matchRecords: [{ record: { Id: '001000000000056' } }] },
                ],
              },
            })
          : undefined,
      ),
    )
    const [bad] = await writeFields(org.context, updates)
    expect(bad).toMatchObject({ ok: false, code: 'duplicates_detected', retryable: false })
    expect(bad).toHaveProperty(
      'message',
      expect.stringMatching(
        new RegExp(`"Standard_Account_Duplicate_Rule".*${idOf(55)}, ${idOf(56)} .*does not force it`),
      ),
    )
    expect(writesOf(org.asked)).toHaveLength(1)
  })

  it('ENTITY_IS_DELETED: a tombstone', async () => {
    const { bad, calls } = await reactionTo('ENTITY_IS_DELETED', 'entity is deleted')
    expect(bad).toMatchObject({ ok: false, code: 'record_gone', retryable: false })
    expect(calls).toHaveLength(1)
  })

  it('NOT_FOUND: a tombstone', async () => {
    const { bad } = await reactionTo('NOT_FOUND', 'The requested resource does not exist')
    expect(bad).toMatchObject({ ok: false, code: 'record_gone', retryable: false })
  })

  it('INVALID_FIELD: the object is described again, the rest is written, and the admin is told of package and permission', async () => {
    let isTaken = false
    const org = scripted(
      (one) => {
        if (one.path !== '/composite/sobjects') return undefined
        if (!recordsOf(one).some((record) => 'Holdfast_Risk_Level__c' in record)) return undefined
        isTaken = true
        // A name that is not there fails the call as a whole.
        const message = "No such column 'Holdfast_Risk_Level__c' on sobject of type Account"
        return { status: 400, body: [{ errorCode: 'INVALID_FIELD', message }] }
      },
      {
        describes: {
          Account: (all) => all.filter(({ name }) => !(isTaken && name === 'Holdfast_Risk_Level__c')),
        },
      },
    )
    expect(await writeFields(org.context, updates)).toEqual([
      { id: BAD, ok: true },
      { id: GOOD, ok: true },
    ])
    expect(org.asked.filter(({ path }) => path.endsWith('/describe'))).toHaveLength(2)
    // Which of the rows is at fault is not looked for: every one is.
    expect(writesOf(org.asked)).toHaveLength(2)
    const [only] = await writeFields(org.context, [{ id: BAD, fields: { riskLevel: 'LOW' } }])
    expect(only).toMatchObject({ ok: false, code: 'property_missing', retryable: false })
    expect(only).toHaveProperty(
      'message',
      expect.stringMatching(/permission set "Holdfast Integration".*the Holdfast package/),
    )
  })

  it('INVALID_FIELD_FOR_INSERT_UPDATE: field-level security is missing; the field is left out of the rows', async () => {
    const message =
      'Unable to create/update fields: Holdfast_Risk_Level__c. Please check the security settings of this field and verify that it is read/write for your profile or permission set.'
    const org = scripted((one) => {
      if (one.path !== '/composite/sobjects') return undefined
      const says = refusal('INVALID_FIELD_FOR_INSERT_UPDATE', message)
      return {
        body: recordsOf(one).map((record) =>
          'Holdfast_Risk_Level__c' in record ? says : { id: record['Id'], success: true, errors: [] },
        ),
      }
    })
    expect(await writeFields(org.context, updates)).toEqual([
      { id: BAD, ok: true },
      { id: GOOD, ok: true },
    ])
    const [only] = await writeFields(org.context, [{ id: BAD, fields: { riskLevel: 'LOW' } }])
    expect(only).toMatchObject({ ok: false, code: 'property_missing' })
    expect(only).toHaveProperty('message', expect.stringMatching(/permission set "Holdfast Integration"/))
  })

  it.each([
    ['INSUFFICIENT_ACCESS_OR_READONLY', 'no_access', /no longer shared with that user/],
    ['INVALID_CROSS_REFERENCE_KEY', 'record_gone', /deleted, merged .* or is no longer shared/],
    ['CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY', 'automation', /a trigger or a flow/],
    ['STORAGE_LIMIT_EXCEEDED', 'storage_full', /data storage is full/],
    ['INACTIVE_OWNER_OR_USER', 'owner_unknown', /another owner/],
    ['SOMETHING_NEW', 'refused', /SOMETHING_NEW/],
  ])('%s: permanent, and says what to do', async (code, expected, words) => {
    const { bad, message } = await reactionTo(code, 'insufficient access rights on object id')
    expect(bad).toMatchObject({ ok: false, code: expected, retryable: false })
    expect(message).toContain(BAD)
    expect(message).toMatch(words)
  })

  it.each(['SERVER_UNAVAILABLE', 'UNKNOWN_EXCEPTION', 'ENTITY_IS_LOCKED'])(
    '%s: passes by itself, and is tried again',
    async (code) => {
      const { bad } = await reactionTo(code, 'An unexpected error occurred')
      expect(bad).toMatchObject({ ok: false, retryable: true })
    },
  )
})

describe('what a row is refused for', () => {
  it.each([
    [
      'REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --',
      {
        code: 'REQUIRED_FIELD_MISSING',
        message: 'Required fields are missing: [LastName]',
        fields: ['LastName'],
      },
    ],
    [
      'FIELD_CUSTOM_VALIDATION_EXCEPTION:Ratio must be 1:2, says sales:Segment__c, Ratio__c --',
      {
        code: 'FIELD_CUSTOM_VALIDATION_EXCEPTION',
        message: 'Ratio must be 1:2, says sales',
        fields: ['Segment__c', 'Ratio__c'],
      },
    ],
    [
      'UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record or 200 records: 001xxx,001yyy:--',
      {
        code: 'UNABLE_TO_LOCK_ROW',
        message: 'unable to obtain exclusive access to this record or 200 records: 001xxx,001yyy',
        retryable: true,
      },
    ],
    [
      'INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:--',
      { message: 'invalid cross reference id', fields: [] },
    ],
    [
      'DUPLICATE_VALUE:duplicate value found: <unknown> duplicates value on record with id: <unknown>',
      { code: 'DUPLICATE_VALUE' },
    ],
    [
      'something else went wrong',
      { code: 'UNKNOWN_EXCEPTION', message: 'something else went wrong', retryable: true },
    ],
    ['', { code: 'UNKNOWN_EXCEPTION', retryable: true }],
  ])('is read out of the text of the Bulk API: %s', (text, expected) => {
    expect(refusalOfText(text)).toMatchObject(expected)
  })

  it('is a missing field, not a lost record, where an upsert names an external id that is not there', () => {
    const message = 'Provided external ID field does not exist or is not accessible: Holdfast_Key__c'
    const why = refusalOf(readErrors([{ errorCode: 'NOT_FOUND', message }])!)
    expect(refused({ id: 'k', what: 'the task' }, why)).toMatchObject({ code: 'property_missing' })
  })

  it('is the owner, where a task cannot be given to its user', () => {
    const why = refusalOf(
      readErrors([
        {
          statusCode: 'INVALID_CROSS_REFERENCE_KEY',
          message: 'Assigned To ID: id value of incorrect type',
          fields: ['OwnerId'],
        },
      ])!,
    )
    expect(refused({ id: 'k', what: 'the task' }, why)).toMatchObject({
      code: 'owner_unknown',
      retryable: false,
    })
  })
})
