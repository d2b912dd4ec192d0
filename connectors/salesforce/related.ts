/** Other objects whose changes concern customers, and whom they belong to. */
import type { SalesforceContext } from './context.ts'
import { versionOf } from './cursor.ts'
import { id18 } from './ids.ts'
import type { ObjectFields } from './object-fields.ts'
import { idIn, rowsOf, type Row } from './rows.ts'
import { compare, type Condition } from './soql.ts'
import { readTime } from './values.ts'

export interface Related {
  /** `Opportunity`, `Contact`, … */
  readonly object: string
  /** What has to be asked for, so that {@link Related.customersOf} finds them. */
  readonly fields: readonly string[]
  /** Which rows matter; null: all. */
  readonly where: Condition | null
  /** Ids of the customers that its rows belong to. */
  customersOf(rows: readonly Row[]): Promise<readonly string[]>
}

/** A lookup that leads from an object to customers, or to something that leads there. */
interface Link {
  readonly object: string
  /** Leads to the customer. */
  readonly field?: string
  /** Another object whose rows tie the two together. */
  readonly over?: { readonly object: string; readonly from: string; readonly to: string }
}

const LINKS: Readonly<Record<SalesforceContext['config']['object'], readonly Link[]>> = {
  Account: [
    { object: 'Opportunity', field: 'AccountId' },
    { object: 'Contract', field: 'AccountId' },
    { object: 'Contact', field: 'AccountId' },
    { object: 'AccountTeamMember', field: 'AccountId' },
    { object: 'AccountContactRelation', field: 'AccountId' },
    { object: 'Individual', over: { object: 'Contact', from: 'IndividualId', to: 'AccountId' } },
  ],
  Contact: [
    {
      object: 'Opportunity',
      over: { object: 'OpportunityContactRole', from: 'OpportunityId', to: 'ContactId' },
    },
    { object: 'Contract', over: { object: 'ContractContactRole', from: 'ContractId', to: 'ContactId' } },
    { object: 'OpportunityContactRole', field: 'ContactId' },
    { object: 'Individual', over: { object: 'Contact', from: 'IndividualId', to: 'Id' } },
  ],
}

/** Which of them say something, as the connection is set up. */
function concerns({ config }: SalesforceContext, object: string): boolean {
  const { agreements, responsible } = config
  if (object === 'Opportunity' || object === 'OpportunityContactRole')
    return agreements.from === 'opportunities'
  if (object === 'Contract') return agreements.from === 'contracts'
  if (object === 'AccountTeamMember') return 'teamRole' in responsible
  return true
}

/**
 * Those that the org has and our user may see. A row that changed is enough: what it says is asked for by whoever needs it.
 *
 * @example
 * for (const { object, fields, customersOf } of await relatedOf(context)) …
 */
export async function relatedOf(context: SalesforceContext): Promise<readonly Related[]> {
  const found: Related[] = []
  for (const link of LINKS[context.config.object]) {
    if (!concerns(context, link.object)) continue
    const known = await context.describe(link.object)
    if (known === null || !isFollowable(known)) continue
    if (link.field !== undefined && !known.fields.has(link.field)) continue
    if (link.over !== undefined && !(await isWay(context, link.over))) continue
    found.push({
      object: link.object,
      fields: ['Id', 'SystemModstamp', 'IsDeleted', ...(link.field === undefined ? [] : [link.field])],
      // A person account is changed together with its contact, and handed over for itself.
      where: known.fields.has('IsPersonAccount') ? compare('IsPersonAccount', '=', false) : null,
      customersOf: (rows) => customersBehind(context, link, rows),
    })
  }
  return found
}

/** What a row is known by. */
export function relatedVersion({ object, fields }: Related, row: Row): string {
  const said = fields.map((name) => row[name] ?? null)
  return versionOf(object, id18(String(row['Id'])), readTime(row['SystemModstamp']) ?? new Date(0), said)
}

const isFollowable = ({ queryable, fields }: ObjectFields): boolean =>
  queryable && fields.has('SystemModstamp') && fields.has('IsDeleted')

async function isWay(context: SalesforceContext, { object, from, to }: NonNullable<Link['over']>) {
  const known = await context.describe(object)
  return known !== null && known.fields.has(from) && known.fields.has(to)
}

async function customersBehind(
  context: SalesforceContext,
  { field, over }: Link,
  rows: readonly Row[],
): Promise<readonly string[]> {
  if (field !== undefined) return [...new Set(rows.flatMap((row) => idIn(row, field) ?? []))]
  if (over === undefined) return []
  const { object, from, to } = over
  const ids = rows.map((row) => id18(String(row['Id'])))
  const between = await rowsOf(context, { fields: [...new Set([from, to])], from: object, by: from, ids })
  return [...new Set(between.flatMap((row) => idIn(row, to) ?? []))]
}

/**
 * The customers that records of another object belong to, by their ids.
 *
 * @example
 * await customersOf(context, 'Opportunity', ['006000000000001AAA'])
 */
export async function customersOf(
  context: SalesforceContext,
  object: string,
  ids: readonly string[],
): Promise<readonly string[]> {
  const { object: customers } = context.config
  if (object === customers) return [...new Set(ids.map(id18))]
  const link = LINKS[customers].find((one) => one.object === object)
  if (link === undefined) return []
  const known = await context.describe(object)
  if (known === null) return []
  if (link.field === undefined)
    return customersBehind(
      context,
      link,
      ids.map((id) => ({ Id: id })),
    )
  if (!known.fields.has(link.field)) return []
  const rows = await rowsOf(context, { fields: ['Id', link.field], from: object, by: 'Id', ids })
  return customersBehind(context, link, rows)
}
