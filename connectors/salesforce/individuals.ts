/**
 * What people stated beside their contacts, in orgs with Data Protection and Privacy switched on: the Individual that a
 * contact belongs to, which says no to everything, and consents to a kind of contact point, which say yes or no to
 * e-mail or calls.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_individual.htm
 * @see https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_contactpointtypeconsent.htm
 */
import type { SalesforceContext } from './context.ts'
import { present } from './present.ts'
import { idIn, isTrue, rowsOf, textIn, timeIn, type Row } from './rows.ts'

export type Channel = 'email' | 'call'

export interface Statement {
  readonly status: 'granted' | 'refused'
  /** Null: nobody knows. */
  readonly at: Date | null
}

export interface Individual {
  /** Wants no marketing, no processing, or to be forgotten: a no to every channel. */
  readonly refuses: boolean
  /** Wants not to be profiled, or nothing of the above: there must be no score. */
  readonly objects: boolean
  /** When anything of it changed last. */
  readonly changedAt: Date | null
  /** By channel, those in effect. */
  readonly statements: Readonly<Record<Channel, readonly Statement[]>>
}

export const INDIVIDUAL = 'Individual'
const CONSENT = 'ContactPointTypeConsent'

/** As people see them: Don't Market, Don't Process, Forget this Individual. */
export const REFUSALS: readonly string[] = ['HasOptedOutSolicit', 'HasOptedOutProcessing', 'ShouldForget']

/** Don't Profile: no to being scored, and nothing about messages. */
export const PROFILING = 'HasOptedOutProfiling'

/**
 * @param ids of Individuals
 * @returns by id; empty where the org has no Individuals
 */
export async function individualsOf(
  context: SalesforceContext,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Individual>> {
  const fields =
    ids.length === 0
      ? null
      : await present(context, INDIVIDUAL, ['Id', 'LastModifiedDate', ...REFUSALS, PROFILING])
  if (fields === null) return new Map()
  const rows = await rowsOf(context, { fields, from: INDIVIDUAL, by: 'Id', ids })
  const stated = await statementsOf(context, ids)
  return new Map(
    rows.flatMap((row) => {
      const id = idIn(row, 'Id')
      if (id === null) return []
      const statements = stated.get(id) ?? { email: [], call: [] }
      const refuses = REFUSALS.some((field) => isTrue(row, field))
      const objects = refuses || isTrue(row, PROFILING)
      return [[id, { refuses, objects, changedAt: timeIn(row, 'LastModifiedDate'), statements }] as const]
    }),
  )
}

type Statements = Record<Channel, Statement[]>

const CHANNELS: Readonly<Record<string, Channel>> = { Email: 'email', Phone: 'call' }
const STATUSES: Readonly<Record<string, Statement['status']>> = { OptIn: 'granted', OptOut: 'refused' }

async function statementsOf(
  context: SalesforceContext,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Statements>> {
  const wanted = ['PartyId', 'ContactPointType', 'PrivacyConsentStatus', ...DATES]
  const fields = await present(context, CONSENT, wanted)
  if (fields === null || !NEEDED.every((field) => fields.includes(field))) return new Map()
  const rows = await rowsOf(context, { fields, from: CONSENT, by: 'PartyId', ids })
  const now = context.clock()
  const found = new Map<string, Statements>()
  for (const row of rows) {
    const person = idIn(row, 'PartyId')
    const channel = CHANNELS[textIn(row, 'ContactPointType') ?? '']
    // Seen and NotSeen say nothing of what somebody wants.
    const status = STATUSES[textIn(row, 'PrivacyConsentStatus') ?? '']
    if (person === null || channel === undefined || status === undefined || !inEffect(row, now)) continue
    const of = found.get(person) ?? { email: [], call: [] }
    found.set(person, of)
    of[channel].push({ status, at: timeIn(row, 'CaptureDate') ?? timeIn(row, 'EffectiveFrom') })
  }
  return found
}

const NEEDED = ['PartyId', 'ContactPointType', 'PrivacyConsentStatus']
const DATES = ['CaptureDate', 'EffectiveFrom', 'EffectiveTo']

function inEffect(row: Row, now: Date): boolean {
  const from = timeIn(row, 'EffectiveFrom')
  const to = timeIn(row, 'EffectiveTo')
  return (from === null || from <= now) && (to === null || to > now)
}
