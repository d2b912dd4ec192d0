/**
 * Our unsubscribes and re-subscribes, as flags of the contacts. What Salesforce was told later stands, and a no that
 * may be younger than our yes is never taken back.
 */
import type { ConsentChange, WriteResult } from '../connector.ts'
import { sendRows, type Outcome, type Row as SentRow } from './collections.ts'
import { CONSENT_FIELDS, consentStandingOf, FLAGS, type ConsentStanding } from './consent.ts'
import { openContext, type SalesforceContext } from './context.ts'
import { id18 } from './ids.ts'
import type { Channel } from './individuals.ts'
import { PERMISSION_SETS } from './package.ts'
import { present } from './present.ts'
import { refused } from './refusals.ts'
import { idIn, isTrue, rowsOf, timeIn } from './rows.ts'
import { urgently } from './urgent.ts'

/**
 * A status that is there already costs no write. The contact of a person account is written through its Account.
 *
 * @returns a result for each change: `id` is the recipient's
 * @throws HoldfastError when nothing at all could be tried
 * @example
 * await writeConsents(context, [change]) // [{ id: '003…', ok: true }]
 */
export async function writeConsents(
  given: SalesforceContext,
  changes: readonly ConsentChange[],
): Promise<readonly WriteResult[]> {
  const { client, config, memory, clock } = given
  const context = openContext({ client: urgently(client), config, memory, clock })
  const possible = changes.filter(({ channel }) => channel !== 'sms')
  const standing = await standingFor(context, possible)
  const self = possible.length === 0 ? null : (await context.client.user()).id
  const decided: Decided[] = []
  for (const change of changes) {
    const known = standing.get(id18(change.recipientId))
    decided.push({ change, ...(await decide(context, change, known, self)) })
  }
  const outcomes = await send(context, decided)
  return decided.map(({ change, result, write }) => {
    const id = change.recipientId
    const outcome = write === undefined ? undefined : outcomes.get(`${write.type} ${write.id}`)
    if (outcome === undefined) return { ...result!, id }
    return outcome.ok
      ? { id, ok: true }
      : refused({ id, what: `the consent of the contact ${id}` }, outcome.refusal)
  })
}

async function standingFor(
  context: SalesforceContext,
  changes: readonly ConsentChange[],
): Promise<ReadonlyMap<string, ConsentStanding>> {
  const wanted = ['Id', 'AccountId', 'LastModifiedDate', ...CONSENT_FIELDS]
  const fields = changes.length === 0 ? null : await present(context, 'Contact', wanted)
  if (fields === null) return new Map()
  const ids = changes.map(({ recipientId }) => recipientId)
  return consentStandingOf(context, await rowsOf(context, { fields, from: 'Contact', by: 'Id', ids }))
}

/** Either what came of it already, or what is to be written. */
interface Decision {
  readonly result?: WriteResult
  readonly write?: Write
}
interface Decided extends Decision {
  readonly change: ConsentChange
}

interface Write {
  readonly type: 'Contact' | 'Account'
  readonly id: string
  readonly field: string
  readonly value: boolean
}

async function decide(
  context: SalesforceContext,
  { recipientId: id, channel, status, changedAt }: ConsentChange,
  known: ConsentStanding | undefined,
  self: string | null,
): Promise<Decision> {
  const fail = (code: string, message: string): Decision => ({
    result: { id, ok: false, code, message, retryable: false },
  })
  if (channel === 'sms')
    return fail(
      'not_supported',
      'Salesforce keeps consent for e-mail and calls alone; the one for SMS stays in Holdfast.',
    )
  if (known === undefined)
    return fail(
      'record_gone',
      `The contact ${id} is not there any more in Salesforce, or is no longer shared with Holdfast's user. The consent in Holdfast holds.`,
    )
  const of = known[channel]
  const { label } = FLAGS[channel]
  const newer = newerThan(known, channel, { status, changedAt, self })
  if (newer !== null)
    return fail(
      'newer_in_salesforce',
      `Contact ${id} ${status === 'granted' ? 'refused' : 'agreed'} in Salesforce on ${newer.toISOString()}, after the change in Holdfast on ${changedAt.toISOString()}. Salesforce's stands; the next sync takes it over.`,
    )
  if (status === 'granted' && refusesBeside(known, channel))
    return fail(
      'refused_beside',
      `Contact ${id} has a no in Salesforce that Holdfast does not take back: its Individual says "Don't Market", "Don't Process" or "Forget this Individual", or a consent of that Individual says "Opt Out". Change it there if the person took it back; until then Salesforce counts it as a no.`,
    )
  const value = status === 'refused'
  if (of.flag === value) return { result: { id, ok: true } }
  const place = await placeOf(context, known, channel)
  if (of.flag === null || place === null)
    return fail(
      'property_missing',
      `Holdfast's user may not change "${label}" of contacts in Salesforce. Assign the permission set "${PERMISSION_SETS.integration.label}", or give the user "Edit Access" to the field; until then the consent in Holdfast holds.`,
    )
  if (!value && of.change === null && (timeIn(known.row, 'LastModifiedDate') ?? changedAt) > changedAt)
    return fail(
      'refusal_stands',
      `Contact ${id} is marked "${label}" in Salesforce and was changed there after the person agreed in Holdfast on ${changedAt.toISOString()}; whether the mark is younger Salesforce does not say. It stands: clear it there if the person agreed again. With field history for "${label}" Holdfast can tell.`,
    )
  return { write: { ...place, value } }
}

/**
 * When Salesforce was told the opposite after our change; null: it was not. What our own user wrote is an older change
 * of ours.
 */
function newerThan(
  known: ConsentStanding,
  channel: Channel,
  ours: { status: 'granted' | 'refused'; changedAt: Date; self: string | null },
): Date | null {
  const { flag, change } = known[channel]
  const opposite = ours.status === 'granted' ? 'refused' : 'granted'
  const times = (known.individual?.statements[channel] ?? [])
    .filter(({ status }) => status === opposite)
    .map(({ at }) => at)
  if (flag === (opposite === 'refused') && change !== null && change.by !== ours.self) times.push(change.at)
  if (opposite === 'refused' && known.individual?.refuses === true) times.push(known.individual.changedAt)
  const later = times.filter((at) => at !== null && at > ours.changedAt) as Date[]
  return later.length === 0 ? null : new Date(Math.max(...later.map((at) => at.getTime())))
}

/** Somebody else keeps these records, and they say more than one channel's flag. */
const refusesBeside = ({ individual }: ConsentStanding, channel: Channel): boolean =>
  individual !== null &&
  (individual.refuses || individual.statements[channel].some(({ status }) => status === 'refused'))

/** Record and field that a channel's flag is written into; null where our user may not write it. */
async function placeOf(
  context: SalesforceContext,
  { row }: ConsentStanding,
  channel: Channel,
): Promise<Omit<Write, 'value'> | null> {
  const isPerson = isTrue(row, 'IsPersonAccount')
  const type = isPerson ? 'Account' : 'Contact'
  const field = FLAGS[channel][isPerson ? 'person' : 'contact']
  const id = idIn(row, isPerson ? 'AccountId' : 'Id')
  const described = await context.describe(type)
  return id !== null && described?.fields.get(field)?.updateable === true ? { type, id, field } : null
}

/** @returns by type and id of the record; one record is written once, however many of its flags change */
async function send(
  { client }: SalesforceContext,
  decided: readonly Decided[],
): Promise<ReadonlyMap<string, Outcome>> {
  const outcomes = new Map<string, Outcome>()
  for (const type of ['Contact', 'Account'] as const) {
    const rows = new Map<string, SentRow>()
    // In the order in which people said it: the last word of several counts.
    const inOrder = decided.toSorted((a, b) => a.change.changedAt.getTime() - b.change.changedAt.getTime())
    for (const { write } of inOrder) {
      if (write?.type !== type) continue
      const trace = `${type} ${write.id}`
      const record = { ...(rows.get(trace)?.record ?? { Id: write.id }), [write.field]: write.value }
      rows.set(trace, { trace, record })
    }
    if (rows.size === 0) continue
    const sent = await sendRows(client, [...rows.values()], { type })
    for (const [trace, outcome] of sent) outcomes.set(trace, outcome)
  }
  return outcomes
}
