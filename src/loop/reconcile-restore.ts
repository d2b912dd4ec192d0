/**
 * After a restore: what went out between the backup and the loss is asked for where it went, before anything is sent
 * again.
 *
 * | what | who knows | found | not found |
 * |---|---|---|---|
 * | task | the CRM, by key | sent | made as planned: its key makes it the same one |
 * | SMS | the CRM's timeline, by key; the provider, by number and time | sent | not sent: due again |
 * | e-mail | the CRM's timeline, by key | sent | stays uncertain: its entry may have been lost with the database |
 *
 * What is decided anew after the restore has the same ids (intervention-id.ts) and comes in doubt (migration 0017), so
 * that it is asked for in the same way.
 */
import type { Connector } from '../../connectors/connector.ts'
import type { CustomerId, InterventionId, TenantId } from '../contracts/ids.ts'
import { readRecipients, type RecipientRow } from '../store/act-context.ts'
import type { Database } from '../store/database.ts'
import {
  knownAtProvider,
  messagesInDoubt,
  noteReconciled,
  restoreGap,
  settleSent,
  settleUnsent,
  tasksToMake,
  type FoundOut,
  type Gap,
  type InDoubt,
} from '../store/restored.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { listTenants } from '../store/tenants.ts'
import { contactOf } from './act-facts.ts'
import { numberOf } from './act-recipient.ts'
import type { ActServices } from './act-services.ts'
import { storedText } from './act-text.ts'

/** What asking has shown. */
export interface Reconciled {
  /** They went out before, and are not sent again. */
  readonly sent: number
  /** They certainly did not: they are due. */
  readonly unsent: number
  /** Nobody can say: a person looks. */
  readonly uncertain: number
  /** Why some could not be asked about now, as sentences; they stay as they are until somebody asks again. */
  readonly problems: readonly string[]
}

type Services = Pick<ActServices, 'database' | 'channels' | 'connectors' | 'secrets' | 'clock'>

/** Rows of one look. */
const BATCH = 100

/**
 * For every company of the installation. Safe to repeat; nothing is done where nothing was restored.
 *
 * @throws HoldfastError `database_unavailable`
 * @example
 * await reconcileRestore(services) // { sent: 41, unsent: 3, uncertain: 2, problems: [] }
 */
export async function reconcileRestore(
  services: Services,
  signal: AbortSignal = new AbortController().signal,
): Promise<Reconciled> {
  const { database, clock } = services
  const { gap, tenants } = await database.asSystem('what a restore left open', async (tx) => ({
    gap: await restoreGap(tx),
    tenants: await listTenants(tx),
  }))
  const total = { sent: 0, unsent: 0, uncertain: 0, problems: [] as string[] }
  if (gap === null) return total
  for (const { id } of tenants) {
    const one = await reconcileTenant(services, { tenant: id, gap, signal })
    total.sent += one.sent
    total.unsent += one.unsent
    total.uncertain += one.uncertain
    total.problems.push(...one.problems)
  }
  if (total.problems.length === 0 && !signal.aborted)
    await database.asSystem('everything was asked about', (tx) => noteReconciled(tx, clock()))
  return total
}

interface Place {
  readonly tenant: TenantId
  readonly gap: Gap
  readonly signal: AbortSignal
}

async function reconcileTenant(services: Services, place: Place): Promise<Reconciled> {
  const { database } = services
  const { tenant } = place
  const problems = new Set<string>()
  const crms = openOnce(services, tenant, problems)
  let sent = 0
  let unsent = 0
  const settle = async (found: readonly FoundOut[]): Promise<void> => {
    if (found.length > 0) sent += await database.withTenant(tenant, (tx) => settleSent(tx, found))
  }
  try {
    for await (const tasks of pages(database, place, tasksToMake)) await settle(await foundTasks(tasks, crms))
    const texts: InDoubt[] = []
    for await (const messages of pages(database, place, messagesInDoubt)) {
      const { found, rest } = await foundOnTimeline(messages, crms)
      await settle(found)
      texts.push(...rest.filter(({ channel }) => channel === 'sms'))
    }
    // All at once: two texts to one number are told apart by counting them.
    const asked = await foundAtProvider(services, place, texts).catch((error: unknown) => {
      problems.add(`Texts could not be looked up: ${messageOf(error)}`)
      return { sent: [], unsent: [] }
    })
    await settle(asked.sent)
    if (asked.unsent.length > 0)
      unsent += await database.withTenant(tenant, (tx) => settleUnsent(tx, asked.unsent))
  } finally {
    await crms.close()
  }
  let uncertain = 0
  for await (const left of pages(database, place, messagesInDoubt)) uncertain += left.length
  return { sent, unsent, uncertain, problems: [...problems] }
}

/** Page by page, each after the last one: what is settled meanwhile is passed by. */
async function* pages(
  database: Database,
  { tenant, signal }: Place,
  read: typeof messagesInDoubt,
): AsyncGenerator<readonly InDoubt[]> {
  for (let after: InterventionId | null = null; !signal.aborted;) {
    const from: InterventionId | null = after
    const rows: readonly InDoubt[] = await database.withTenant(tenant, (tx) =>
      read(tx, { after: from, limit: BATCH }),
    )
    if (rows.length === 0) return
    yield rows
    after = rows[rows.length - 1].id
  }
}

interface Crms {
  /** For rows of each connection; one that cannot be asked now is noted, and gives nothing. */
  ask<T>(
    rows: readonly InDoubt[],
    question: (connector: Connector, rows: readonly InDoubt[]) => Promise<readonly T[]> | undefined,
  ): Promise<readonly T[]>
  close(): Promise<void>
}

function openOnce({ connectors }: Services, tenant: TenantId, problems: Set<string>): Crms {
  const open = new Map<string, Promise<Connector>>()
  const openIt = ({ connection: id, kind, config }: InDoubt): Promise<Connector> => {
    const known = open.get(id) ?? connectors.open({ tenant, id, kind, config })
    open.set(id, known)
    return known
  }
  return {
    async ask(rows, question) {
      const able = rows.filter(
        ({ kind }) => connectors.can(kind, 'tasks') || connectors.can(kind, 'activities'),
      )
      const answers = []
      for (const some of Map.groupBy(able, ({ connection }) => connection).values())
        try {
          answers.push(...((await question(await openIt(some[0]), some)) ?? []))
        } catch (error) {
          problems.add(`A CRM could not be asked: ${messageOf(error)}`)
        }
      return answers
    },
    async close() {
      for (const one of open.values()) await (await one.catch(() => null))?.close()
    },
  }
}

async function foundTasks(tasks: readonly InDoubt[], crms: Crms): Promise<readonly FoundOut[]> {
  const outcomes = await crms.ask(tasks, (crm, some) =>
    crm.taskOutcomes?.(some.map(({ id }) => ({ key: id, externalId: null }))),
  )
  const there = new Set(outcomes.flatMap(({ key, status }) => (status === 'missing' ? [] : [key])))
  return tasks.flatMap(({ id, state }) =>
    there.has(id)
      ? [{ id, state, providerId: null, reason: 'The CRM has the task: it was made before the restore.' }]
      : [],
  )
}

async function foundOnTimeline(
  messages: readonly InDoubt[],
  crms: Crms,
): Promise<{ readonly found: readonly FoundOut[]; readonly rest: readonly InDoubt[] }> {
  const there = new Set(
    await crms.ask(messages, async (crm, some) => [
      ...((await crm.loggedActivities?.(
        some.map(({ id, channel }) => ({ key: id, kind: channel === 'sms' ? 'sms' : 'email' })),
      )) ?? []),
    ]),
  )
  const reason = 'It is on the timeline of the record in the CRM: it went out before the restore.'
  return {
    found: messages.flatMap(({ id, state }) =>
      there.has(id) ? [{ id, state, providerId: null, reason }] : [],
    ),
    rest: messages.filter(({ id }) => !there.has(id)),
  }
}

const UNSENT =
  'The provider has no text to this number since the backup: it did not go out before the restore.'

/** Of texts that may have gone to one number none, or all, can be told; of anything between a person has to. */
async function foundAtProvider(
  services: Services,
  place: Place,
  texts: readonly InDoubt[],
): Promise<{
  readonly sent: readonly FoundOut[]
  readonly unsent: readonly Pick<FoundOut, 'id' | 'reason'>[]
}> {
  const sent: FoundOut[] = []
  const unsent: Pick<FoundOut, 'id' | 'reason'>[] = []
  if (texts.length === 0) return { sent, unsent }
  const { database, channels } = services
  const { tenant, gap } = place
  const { settings } = await database.withTenant(tenant, currentSettings)
  const delivery = settings.delivery.mode === 'sandbox' ? 'sandbox' : 'live'
  const channel = (await channels.sms?.({ tenant, delivery, settings })) ?? null
  if (channel?.sentTo === undefined) throw new Error('no provider for SMS is set up (settings: sms).')
  for (const { rows, numbers } of await sharing(services, tenant, texts)) {
    if (place.signal.aborted) break
    const made: { readonly providerId: string }[] = []
    for (const to of numbers) made.push(...(await channel.sentTo({ to, ...gap })))
    const known = await database.withTenant(tenant, (tx) =>
      knownAtProvider(
        tx,
        made.map(({ providerId }) => providerId),
      ),
    )
    const unknown = made.filter(({ providerId }) => !known.has(providerId))
    // Without a number nothing can have gone out by now, and nothing will.
    if (unknown.length === 0) unsent.push(...rows.map(({ id }) => ({ id, reason: UNSENT })))
    else if (unknown.length >= rows.length)
      sent.push(
        ...rows.map(({ id, state }, at) => ({
          id,
          state,
          providerId: unknown[at].providerId,
          reason: 'The provider has a text to this number since the backup: it went out before the restore.',
        })),
      )
  }
  return { sent, unsent }
}

interface Sharing {
  readonly rows: InDoubt[]
  readonly numbers: Set<string>
}

/** Texts that may have gone to the same number are judged together. */
async function sharing(
  { database, secrets }: Services,
  tenant: TenantId,
  texts: readonly InDoubt[],
): Promise<readonly Sharing[]> {
  const { recipients, key } = await database.withTenant(tenant, async (tx) => ({
    recipients: await readRecipients(tx, [...new Set(texts.map(({ customer }) => customer))]),
    key: await secrets.addressKey(tx),
  }))
  const groups = new Map<string, Sharing>()
  const all = new Set<Sharing>()
  for (const text of texts) {
    const group: Sharing = { rows: [text], numbers: new Set(numbersOf(text, recipients, key)) }
    all.add(group)
    for (const number of Array.from(group.numbers)) {
      const other = groups.get(number)
      if (other !== undefined && other !== group) {
        group.rows.push(...other.rows)
        for (const one of other.numbers) group.numbers.add(one)
        all.delete(other)
      }
    }
    for (const number of group.numbers) groups.set(number, group)
  }
  return [...all]
}

/** The one that it was written for; else any of the customer's people: nobody knows who was chosen. */
function numbersOf(
  text: InDoubt,
  recipients: ReadonlyMap<CustomerId, readonly RecipientRow[]>,
  key: Buffer,
): readonly string[] {
  const stored = storedText(text)
  const people = (recipients.get(text.customer) ?? []).flatMap((one) => {
    const number = numberOf(contactOf(one, key), key)
    return number === null || 'problem' in number ? [] : [number.to]
  })
  return stored === null ? people : [stored.to, ...people]
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
