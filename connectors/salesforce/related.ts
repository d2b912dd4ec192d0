/** Other objects whose changes concern customers, and whom they belong to. */
import type { SalesforceContext } from './context.ts'
import { versionOf } from './cursor.ts'
import { id18 } from './ids.ts'
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

/** From a row to ids of customers: what a field of it holds, and where that leads over other objects. */
interface Way {
  readonly field: string
  readonly over: readonly Step[]
}

/** Rows of an object that tie two others together. */
interface Step {
  readonly object: string
  readonly from: string
  readonly to: string
}

interface Link {
  readonly object: string
  /** All of them are gone, as far as the org has what they lead over. */
  readonly ways: readonly Way[]
}

const by = (field: string, ...over: readonly Step[]): Way => ({ field, over })
/** A contact may have to do with other accounts than its own. */
const RELATION: Step = { object: 'AccountContactRelation', from: 'ContactId', to: 'AccountId' }
const contactsOf = (to: 'Id' | 'AccountId'): Step => ({ object: 'Contact', from: 'IndividualId', to })

const LINKS: Readonly<Record<SalesforceContext['config']['object'], readonly Link[]>> = {
  Account: [
    { object: 'Opportunity', ways: [by('AccountId')] },
    { object: 'Contract', ways: [by('AccountId')] },
    { object: 'Contact', ways: [by('AccountId'), by('Id', RELATION)] },
    { object: 'AccountTeamMember', ways: [by('AccountId')] },
    { object: 'AccountContactRelation', ways: [by('AccountId')] },
    {
      object: 'Individual',
      ways: [by('Id', contactsOf('AccountId')), by('Id', contactsOf('Id'), RELATION)],
    },
    {
      object: 'ContactPointTypeConsent',
      ways: [by('PartyId', contactsOf('AccountId')), by('PartyId', contactsOf('Id'), RELATION)],
    },
  ],
  Contact: [
    {
      object: 'Opportunity',
      ways: [by('Id', { object: 'OpportunityContactRole', from: 'OpportunityId', to: 'ContactId' })],
    },
    {
      object: 'Contract',
      ways: [by('Id', { object: 'ContractContactRole', from: 'ContractId', to: 'ContactId' })],
    },
    { object: 'OpportunityContactRole', ways: [by('ContactId')] },
    { object: 'Individual', ways: [by('Id', contactsOf('Id'))] },
    { object: 'ContactPointTypeConsent', ways: [by('PartyId', contactsOf('Id'))] },
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
  for (const { object, ways } of LINKS[context.config.object]) {
    if (!concerns(context, object)) continue
    // Before the object itself is asked for: what leads nowhere costs no call.
    const open = await passable(context, ways)
    const known = open.length === 0 ? null : await shapeOf(context, object)
    if (known === null || !known.isFollowable) continue
    const there = open.filter(({ field }) => known.fields.has(field))
    if (there.length === 0) continue
    found.push({
      object,
      fields: [...new Set(['Id', 'SystemModstamp', 'IsDeleted', ...there.map(({ field }) => field)])],
      // A person account is changed together with its contact, and handed over for itself.
      where: known.fields.has('IsPersonAccount') ? compare('IsPersonAccount', '=', false) : null,
      customersOf: (rows) => customersBehind(context, there, rows),
    })
  }
  return found
}

/** What a row is known by. */
export function relatedVersion({ object, fields }: Related, row: Row): string {
  const said = fields.map((name) => row[name] ?? null)
  return versionOf(object, id18(String(row['Id'])), readTime(row['SystemModstamp']) ?? new Date(0), said)
}

interface Shape {
  readonly fields: ReadonlySet<string>
  readonly isFollowable: boolean
}

/** What an org has around its customers hardly ever changes, and is not asked for with every pass that finds nothing. */
const KEEP_MS = 3_600_000

function shapeOf(context: SalesforceContext, object: string): Promise<Shape | null> {
  const read = async (): Promise<Shape | null> => {
    const known = await context.describe(object)
    if (known === null) return null
    const fields = new Set(known.fields.keys())
    const isFollowable = known.queryable && fields.has('SystemModstamp') && fields.has('IsDeleted')
    return { fields, isFollowable }
  }
  return context.memory.recall(`shape of ${object}`, read, KEEP_MS)
}

/** Those whose steps the org has and shows to our user. */
async function passable(context: SalesforceContext, ways: readonly Way[]): Promise<readonly Way[]> {
  const open: Way[] = []
  for (const way of ways) if (await every(way.over, (step) => isThere(context, step))) open.push(way)
  return open
}

async function isThere(context: SalesforceContext, { object, from, to }: Step): Promise<boolean> {
  const known = await shapeOf(context, object)
  return known !== null && known.fields.has(from) && known.fields.has(to)
}

async function every<T>(items: readonly T[], holds: (one: T) => Promise<boolean>): Promise<boolean> {
  for (const one of items) if (!(await holds(one))) return false
  return true
}

async function customersBehind(
  context: SalesforceContext,
  ways: readonly Way[],
  rows: readonly Row[],
): Promise<readonly string[]> {
  const found = new Set<string>()
  for (const { field, over } of ways) {
    let ids: readonly string[] = idsIn(rows, field)
    for (const { object, from, to } of over)
      ids = idsIn(
        await rowsOf(context, { fields: [...new Set([from, to])], from: object, by: from, ids }),
        to,
      )
    for (const id of ids) found.add(id)
  }
  return [...found]
}

const idsIn = (rows: readonly Row[], field: string): readonly string[] => [
  ...new Set(rows.flatMap((row) => idIn(row, field) ?? [])),
]

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
  const ways = await passable(context, link.ways)
  const known = ways.length === 0 ? null : await shapeOf(context, object)
  if (known === null) return []
  const there = ways.filter(({ field }) => known.fields.has(field))
  const fields = [...new Set(there.map(({ field }) => field))]
  if (there.length === 0) return []
  // The ids alone need not be asked for.
  if (fields.every((field) => field === 'Id')) {
    const rows = ids.map((id) => ({ Id: id }))
    return customersBehind(context, there, rows)
  }
  const rows = await rowsOf(context, { fields: [...new Set(['Id', ...fields])], from: object, by: 'Id', ids })
  return customersBehind(context, there, rows)
}
