/** What tasks and entries on the timeline have in common: whom they are about, and on which day they fall. */
import { z } from 'zod'
import { dayIn } from '../agreement-values.ts'
import { id18 } from './ids.ts'
import { ACTION_FIELD, type PackageNames } from './package.ts'
import { idIn, rowsOf } from './rows.ts'
import { compare, select } from './soql.ts'
import { standingOf, type Definition, type Standing, type WritingContext } from './standing.ts'
import type { Keyed } from './upsert.ts'

export interface About extends Keyed {
  readonly action: string | null
  readonly recipientId: string | null
}

export interface Related {
  /** A Contact: "Name" on the activity. */
  readonly WhoId?: string
  /** The Account: "Related To". */
  readonly WhatId?: string
}

/**
 * Whom each is about. A person account is its contact: on its activities it stands as the name, and Salesforce relates
 * the account by itself, as it does with the account of a contact.
 *
 * @see https://developer.salesforce.com/docs/platform/object-reference/references/standard-objects/object-task.html "AccountId"
 */
export async function relationsOf(
  context: WritingContext,
  things: readonly About[],
): Promise<(one: About) => Related> {
  if (context.config.object === 'Contact') return ({ customerId }) => ({ WhoId: id18(customerId) })
  const people = await personContacts(
    context,
    things.map(({ customerId }) => customerId),
  )
  return ({ customerId, recipientId }) => {
    const person = people.get(id18(customerId))
    if (person !== undefined) return { WhoId: person }
    return { WhatId: id18(customerId), ...(recipientId === null ? {} : { WhoId: id18(recipientId) }) }
  }
}

/** Contacts of the person accounts among these; nothing is asked where the org has none. */
export async function personContacts(
  context: WritingContext,
  accounts: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const account = await standingOf(context, 'Account')
  if (account.field('IsPersonAccount') === undefined || account.field('PersonContactId') === undefined)
    return new Map()
  const rows = await rowsOf(context, {
    fields: ['Id', 'PersonContactId'],
    from: 'Account',
    by: 'Id',
    ids: accounts,
    where: compare('IsPersonAccount', '=', true),
  })
  return new Map(
    rows.flatMap((row) => {
      const [id, contact] = [idIn(row, 'Id'), idIn(row, 'PersonContactId')]
      return id === null || contact === null ? [] : [[id, contact] as const]
    }),
  )
}

/** The day on which a moment falls where the org is: an activity has a date, and no time. */
export async function dayInOrg(context: WritingContext): Promise<(at: Date) => string> {
  const zone = await context.memory.recall('time zone of the org', () => readTimeZone(context))
  const day = dayIn(zone)
  return (at) => day(at.toISOString())
}

const zoneRow = z.object({ TimeZoneSidKey: z.string() })

async function readTimeZone({ client }: WritingContext): Promise<string> {
  const soql = select({ fields: ['TimeZoneSidKey'], from: 'Organization' })
  for await (const { records } of client.query(soql, zoneRow))
    for (const { TimeZoneSidKey } of records) return TimeZoneSidKey
  return 'UTC'
}

/** The first of the choices that a list of the org has; it may have renamed them, and then the org's default stands. */
export function choiceIn(
  standing: Standing,
  field: string,
  ...wanted: readonly string[]
): string | undefined {
  const definition: Definition | undefined = standing.field(field)
  if (definition === undefined || !definition.createable) return undefined
  const values = definition.picklistValues ?? []
  return wanted.find((one) => values.some(({ value, active }) => active && value === one))
}

/** Which action it carries out, where the field stands. */
export function actionCell(
  { usable }: Standing,
  ours: PackageNames,
  action: string | null,
): Readonly<Record<string, string>> {
  return action !== null && usable.has(ACTION_FIELD) ? { [ours.of(ACTION_FIELD)]: action } : {}
}
