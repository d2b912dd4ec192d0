/** What runs by itself, waits for a person, and stops by itself. */
import { z } from 'zod'
import { field, flag, hinted } from './field.ts'

const days = (standard: number, about: string, title: string) =>
  field(z.number().int().min(1).max(60).default(standard), about, 'a whole number from 1 to 60', {
    title,
    unit: 'days',
  })

export const DELIVERY_MODES = ['off', 'dry_run', 'sandbox', 'test_list', 'live'] as const

/** How actions leave at all, and which of them a person approves first: `delivery` of the settings. */
export const deliverySettings = z
  .strictObject({
    mode: field(
      z.enum(DELIVERY_MODES).default('dry_run'),
      'Whether actions are carried out: not at all, recorded without being sent, sent into the sandbox inbox and nowhere else, sent to the test list only, or sent to the customers',
      'off, dry_run, sandbox, test_list or live',
      {
        title: 'What leaves Holdfast',
        labels: {
          off: 'Nothing',
          dry_run: 'Nothing: it is recorded as if it were sent',
          sandbox: 'Into the sandbox inbox only',
          test_list: 'To the test list only',
          live: 'To customers',
        },
      },
    ),
    testList: field(
      z.array(z.email()).max(100).default([]),
      'Addresses that an admin verified; while the mode is the test list, nobody else is sent anything',
      'a list of at most 100 e-mail addresses',
      'Test list: e-mail addresses',
    ),
    testNumbers: field(
      z
        .array(
          hinted(z.string().regex(/^\+[1-9]\d{6,14}$/, "has to be a number such as '+4366012345678'"), {
            format: 'phone',
          }),
        )
        .max(100)
        .default([]),
      'Phone numbers that an admin verified; while the mode is the test list, no other number is sent an SMS',
      "a list of at most 100 numbers in E.164, such as '+4366012345678'",
      'Test list: phone numbers',
    ),
    approval: z
      .strictObject({
        discounts: flag(true, 'Whether a person approves each discount', 'Approve each discount'),
        calls: flag(true, 'Whether a person approves each call', 'Approve each call'),
        email: flag(false, 'Whether a person approves each e-mail without a discount', 'Approve each e-mail'),
        sms: flag(false, 'Whether a person approves each SMS without a discount', 'Approve each SMS'),
        byTask: flag(
          true,
          'Whether whoever is responsible is also asked by a task in the CRM, where it has tasks: completing it approves, deleting or cancelling it rejects',
          'Ask in the CRM as well',
        ),
        waitDays: days(
          7,
          'Days that an action waits for an approval before it expires',
          'An approval is waited for',
        ),
        perPerson: field(
          z.number().int().min(1).max(1000).nullable().default(20),
          'Such tasks that one person has open at a time, those worth most first; the others are asked about as soon as there is room, and can be answered in Holdfast meanwhile',
          'a whole number from 1 to 1000, or null',
          { title: 'Open approval tasks of a person', none: 'No limit' },
        ),
        validDays: days(
          14,
          'Days that an approval holds; what has not gone out by then is asked about again',
          'An approval holds',
        ),
      })
      .prefault({}),
  })
  .prefault({})

export type DeliverySettings = z.infer<typeof deliverySettings>

const share = (standard: number, about: string, title: string) =>
  field(z.number().min(0.0001).max(0.5).default(standard), about, 'a number from 0.0001 to 0.5', {
    title,
    as: 'percent',
    step: 0.001,
    advanced: true,
  })

/** `automation` of the settings: when something stops by itself. */
export const automationSettings = z
  .strictObject({
    stop: z
      .strictObject({
        enabled: flag(
          true,
          'Whether an action or a channel stops by itself when people turn away from it',
          'Stop by itself',
        ),
        windowHours: field(
          z.number().int().min(1).max(168).default(24),
          'Hours that are compared with what is usual',
          'a whole number from 1 to 168',
          { title: 'Compared over', unit: 'hours', advanced: true },
        ),
        fewest: field(
          z.number().int().min(2).max(1000).default(4),
          'Opt-outs, complaints or bounces in that time below which nothing stops by itself',
          'a whole number from 2 to 1000',
          { title: 'Never below so many', advanced: true },
        ),
        optOuts: share(
          0.01,
          'Share of opt-outs that is usual where less is known',
          'Usual share of opt-outs',
        ),
        complaints: share(
          0.001,
          'Share of complaints that is usual where less is known',
          'Usual share of complaints',
        ),
        bounces: share(
          0.02,
          'Share of bounces and failures that is usual where less is known',
          'Usual share of bounces',
        ),
      })
      .prefault({}),
  })
  .prefault({})

export type AutomationSettings = z.infer<typeof automationSettings>
