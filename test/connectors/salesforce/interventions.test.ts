import { describe, expect, it } from 'vitest'
import type { InterventionRecord } from '../../../connectors/connector.ts'
import { upsertInterventions } from '../../../connectors/salesforce/interventions.ts'
import { idOf, recordsOf, refusal, scripted, writesOf } from './scripted.ts'

const ACCOUNT = idOf(1)
const CONTACT = idOf(2, '003')

const one: InterventionRecord = {
  key: '6f1c5d1e-0000-4000-8000-000000000003',
  customerId: ACCOUNT,
  recipientId: CONTACT,
  action: 'discount_10',
  actionName: 'Offer 10% Discount',
  channel: 'email',
  status: 'awaiting approval',
  reason: null,
  decidedAt: new Date('2026-11-20T08:00:00Z'),
  sentAt: null,
}

describe('interventions', () => {
  it('are upserted by their unique external id, with customer, person, action and state', async () => {
    const { context, asked } = scripted(undefined, { namespace: 'hold' })
    const [result] = await upsertInterventions(context, [one])
    expect(result).toMatchObject({ id: one.key, ok: true })
    const [call] = writesOf(asked)
    expect(call).toMatchObject({
      method: 'PATCH',
      path: '/composite/sobjects/hold__Retention_Intervention__c/hold__Key__c',
    })
    expect(recordsOf(call)).toEqual([
      {
        attributes: { type: 'hold__Retention_Intervention__c' },
        hold__Key__c: one.key,
        hold__Account__c: ACCOUNT,
        hold__Contact__c: CONTACT,
        hold__Action__c: 'Offer 10% Discount',
        hold__Action_Key__c: 'discount_10',
        hold__Channel__c: 'email',
        hold__Status__c: 'awaiting approval',
        hold__Reason__c: null,
        hold__Decided_At__c: '2026-11-20T08:00:00.000Z',
        hold__Sent_At__c: null,
      },
    ])
  })

  it('are brought up to date under the same key: nothing is looked for first', async () => {
    const { context, asked } = scripted()
    await upsertInterventions(context, [one])
    await upsertInterventions(context, [
      { ...one, status: 'sent', sentAt: new Date('2026-11-21T08:00:00Z'), reason: 'Approved by Anna.' },
    ])
    expect(asked.filter(({ soql }) => soql !== '')).toEqual([])
    expect(recordsOf(writesOf(asked)[1])[0]).toMatchObject({
      Key__c: one.key,
      Status__c: 'sent',
      Reason__c: 'Approved by Anna.',
      Sent_At__c: '2026-11-21T08:00:00.000Z',
    })
  })

  it('of a Contact who is the customer stand on the contact', async () => {
    const { context, asked } = scripted(undefined, { object: 'Contact' })
    await upsertInterventions(context, [{ ...one, customerId: CONTACT, recipientId: null }])
    expect(recordsOf(writesOf(asked)[0])[0]).toMatchObject({ Account__c: null, Contact__c: CONTACT })
  })

  it('are kept without the person where that contact is gone', async () => {
    const { context } = scripted((call) => {
      if (!call.path.startsWith('/composite/')) return undefined
      return 'Contact__c' in recordsOf(call)[0]
        ? { body: [refusal('ENTITY_IS_DELETED', 'entity is deleted')] }
        : undefined
    })
    expect(await upsertInterventions(context, [one])).toMatchObject([{ ok: true }])
  })

  it('are refused, saying what to install, where the org has no such object', async () => {
    const { context, asked } = scripted(({ path }) =>
      path === '/sobjects/Retention_Intervention__c/describe'
        ? {
            status: 404,
            body: [{ errorCode: 'NOT_FOUND', message: 'The requested resource does not exist' }],
          }
        : undefined,
    )
    const [result] = await upsertInterventions(context, [one])
    expect(result).toMatchObject({ ok: false, code: 'property_missing', retryable: false })
    expect(result).toHaveProperty(
      'message',
      expect.stringMatching(/Retention_Intervention__c is missing .* Install the Holdfast package/),
    )
    expect(writesOf(asked)).toEqual([])
  })
})
