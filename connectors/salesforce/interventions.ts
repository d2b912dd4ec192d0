/**
 * What was done for a customer, as records of the package's own object: for reports, for flows and for the record's
 * card. Only of customers on whom something was done, each once, and brought up to date as it goes on.
 */
import type { InterventionRecord, WriteResult } from '../connector.ts'
import { cleanText } from '../plain-text.ts'
import { personContacts } from './activity-records.ts'
import type { Pauses } from './collections.ts'
import { fitted, type Cell } from './fields.ts'
import { id18 } from './ids.ts'
import { INTERVENTION } from './package.ts'
import type { WritingContext } from './standing.ts'
import { upsertOnce } from './upsert.ts'

/**
 * @returns a result for each: `id` is its key, `externalId` the record in Salesforce
 * @throws HoldfastError when nothing at all could be tried
 * @example
 * await upsertInterventions(context, [record]) // [{ id: record.key, ok: true, externalId: 'a00…' }]
 */
export async function upsertInterventions(
  context: WritingContext,
  records: readonly InterventionRecord[],
  pauses?: Pauses,
): Promise<readonly WriteResult[]> {
  if (records.length === 0) return []
  const { object } = context.config
  const people =
    object === 'Contact'
      ? new Map<string, string>()
      : await personContacts(
          context,
          records.map(({ customerId }) => customerId),
        )
  const contactOf = ({ customerId, recipientId }: InterventionRecord): string | null => {
    if (object === 'Contact') return id18(customerId)
    return recipientId === null ? (people.get(id18(customerId)) ?? null) : id18(recipientId)
  }
  return upsertOnce(
    context,
    records,
    {
      object: INTERVENTION.name,
      key: INTERVENTION.key,
      name: 'the intervention',
      optional: object === 'Account' ? [context.ours.of('Contact__c')] : [],
      kept: false,
      record: (one, { usable }) => {
        const cells: Readonly<Record<string, Cell>> = {
          Account__c: object === 'Account' ? id18(one.customerId) : null,
          Contact__c: contactOf(one),
          Action__c: cleanText(one.actionName),
          Action_Key__c: one.action,
          Channel__c: one.channel,
          Status__c: cleanText(one.status),
          Reason__c: one.reason === null ? null : cleanText(one.reason),
          Decided_At__c: one.decidedAt.toISOString(),
          Sent_At__c: one.sentAt === null ? null : one.sentAt.toISOString(),
        }
        const record: Record<string, Cell> = {}
        for (const [name, cell] of Object.entries(cells)) {
          const field = usable.get(name)
          const value = field === undefined ? undefined : fitted(cell, field)
          if (field !== undefined && value !== undefined) record[field.name] = value
        }
        return record
      },
    },
    pauses,
  )
}
