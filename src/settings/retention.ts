/** For how long things are kept. What nothing here names is kept for as long as its customer is one. */
import { z } from 'zod'
import { field } from './field.ts'

const days = (standard: number, least: number, title: string, about: string) =>
  field(
    z.number().int().min(least).max(36_500).nullable().default(standard),
    about,
    `a whole number of days from ${least} on, or null: kept for good`,
    { title, unit: 'days', none: 'Kept for good' },
  )

export const retentionSettings = z
  .strictObject({
    scoreHistory: days(
      1095,
      90,
      'History of scores',
      'Days of the history of scores; of what is older the newest score of each customer stays',
    ),
    propertyChanges: days(
      1095,
      400,
      'What changed of a customer',
      'Days of what changed of a customer; what is older is drawn together into what was so by then',
    ),
    customersLeft: days(
      1095,
      400,
      'Customers who left',
      'Days after which customers who left, or are gone from the CRM, go with all that is kept of them',
    ),
    messages: days(
      365,
      30,
      'Texts of messages',
      'Days after which the texts and addresses of messages go, and what providers said of them in words',
    ),
    auditLog: days(1095, 90, 'Audit log', 'Days of the audit log'),
    sessions: days(30, 1, 'Sign-ins that ended', 'Days after which sign-ins that ended go'),
    webhookReceipts: days(
      3,
      3,
      'Events of the CRM that were taken',
      'Days for which it is known which events of a CRM were taken',
    ),
    keptAnswers: days(
      30,
      1,
      'Answers kept by Idempotency-Key',
      'Days for which the same Idempotency-Key gets the same answer',
    ),
    notices: days(
      30,
      7,
      'Notices that were sent',
      'Days of the notices that were sent, to people and to other systems',
    ),
    exports: days(
      30,
      1,
      'Who asked for the data of a person',
      'Days of the list of who asked for the data of a person',
    ),
    backups: field(
      z.number().int().min(1).max(36_500).nullable().default(null),
      'Days for which you keep backups, which Holdfast does not delete: an erasure then says until when one may still hold the person',
      'a whole number of days from 1 on, or null: not stated',
      { title: 'Backups that you keep', unit: 'days', none: 'Not stated' },
    ),
  })
  .prefault({})

export type RetentionSettings = z.infer<typeof retentionSettings>

/** What Holdfast itself deletes by its age. */
export type AgeSetting = Exclude<keyof RetentionSettings, 'backups'>
