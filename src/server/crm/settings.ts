/** The settings page inside the CRM: how things stand for everybody of the account, and for admins what they change there. */
import { z } from 'zod'
import { HoldfastError } from '../../contracts/errors.ts'
import type { CardLink, CardSettings, CardSettingsSaved } from '../../contracts/record-card.ts'
import { resumeSending } from '../../loop/standing.ts'
import { problemsSentence, type SettingsFault } from '../../settings/problems.ts'
import type { ServiceSettings } from '../../settings/service.ts'
import { recordAudit } from '../../store/audit.ts'
import type { Transaction } from '../../store/database.ts'
import { readPauses } from '../../store/pauses.ts'
import { heldCounts } from '../../store/reads/connection-health.ts'
import { readStanding } from '../../store/reads/record-card.ts'
import { currentSettings } from '../../store/settings-versions.ts'
import { pauseTenant, readTenant } from '../../store/tenants.ts'
import { patch, save } from '../api/settings.ts'
import type { RouteServices } from '../services.ts'
import { formatsFor } from '../words/formats.ts'
import { sentence } from '../words/notices.ts'
import { callerAt } from './card.ts'
import { connectionNotices, distinct, dryOf, sendingNotices } from './card-notices.ts'
import { CRMS, wordsOf } from './crm.ts'
import { hasRole, type CrmReader } from './reader.ts'
import { fieldOfProblem, fieldSections, settingsFrom } from './settings-fields.ts'

const MOST_VALUES = 100

export const settingsChange = z.strictObject({
  version: z.int().min(0),
  values: z
    .record(z.string().min(1).max(200), z.union([z.boolean(), z.number(), z.string().max(1000), z.null()]))
    .refine((values) => Object.keys(values).length <= MOST_VALUES, `takes at most ${MOST_VALUES} values`)
    .refine((values) => Object.keys(values).length > 0, 'names nothing to change'),
})

export const pausing = z.strictObject({ paused: z.boolean() })

const isAdmin = (reader: CrmReader): boolean => hasRole(reader, ['admin'])
const operates = (reader: CrmReader): boolean => hasRole(reader, ['operator', 'admin'])

type Services = Pick<RouteServices, 'database' | 'clock' | 'publicUrl'>

export async function settingsOf(
  { database, clock, publicUrl }: Services,
  reader: CrmReader,
): Promise<CardSettings> {
  const now = clock()
  const { version, settings, standings, pauses, activated } = await database.withTenant(
    reader.tenant,
    async (tx) => ({
      ...(await currentSettings(tx)),
      standings: await standingsOf(tx, reader),
      pauses: await readPauses(tx),
      activated: (await readTenant(tx, reader.tenant)).activatedAt !== null,
    }),
  )
  const accounts: Account[] = []
  for (const one of standings) {
    const { active } = await heldCounts(database, reader.tenant, one.connection.id)
    accounts.push({ ...one, customers: active })
  }
  const formats = formatsFor({ now, zone: 'UTC' })
  const { sandbox } = reader.connections[0]
  const { crm } = reader
  const dry = dryOf({ crm, activated, mode: settings.delivery.mode, sandbox })
  const paused = pauses.tenant
  const link = (label: string, path: string): CardLink | null =>
    publicUrl === null || reader.person === null ? null : { label, href: `${publicUrl}/app${path}` }
  const notices = [
    ...accounts.flatMap((one) => connectionNotices({ crm, ...one, now, formats })),
    // What a button here cannot let go on.
    ...sendingNotices({
      crm,
      activated,
      settings,
      pauses: { ...pauses, tenant: null },
      sandbox,
      of: null,
    }).filter(({ kind }) => kind === 'paused'),
  ]
  return {
    sentence: `${looksAfter(reader, accounts, formats.count)} ${dry ?? 'Actions go out to customers.'}`,
    notices: distinct(notices),
    mayChange: isAdmin(reader),
    paused: paused === null ? null : sentence(paused),
    mayPause: paused === null ? operates(reader) : isAdmin(reader),
    sections:
      reader.person === null
        ? []
        : [
            ...accounts.map(({ connection, customers, standing }) => ({
              key: `connection ${connection.id}`,
              title: `Connection: ${wordsOf(connection.object).many}`,
              text: accountWords(reader, { customers, standing, connection }, formats),
              fields: [],
              more: link('Connection, who is a customer, and mapping', `/connections/${connection.id}`),
            })),
            ...fieldSections(settings).map((section) => ({
              ...section,
              more: link('All of it in Holdfast', `/settings?section=${section.key}`),
            })),
          ],
    version,
  }
}

interface Account {
  readonly connection: CrmReader['connections'][number]
  readonly standing: Awaited<ReturnType<typeof readStanding>>
  /** In the population. */
  readonly customers: number
}

async function standingsOf(
  tx: Transaction,
  { connections }: CrmReader,
): Promise<readonly Omit<Account, 'customers'>[]> {
  const found: Omit<Account, 'customers'>[] = []
  for (const connection of connections)
    found.push({ connection, standing: await readStanding(tx, connection.id) })
  return found
}

/** "Holdfast looks after 1,204 companies of this account." */
function looksAfter(
  { crm }: Pick<CrmReader, 'crm'>,
  accounts: readonly Account[],
  count: (n: number) => string,
): string {
  const parts = accounts.map(({ customers, connection }) => {
    const { one, many } = wordsOf(connection.object)
    return `${count(customers)} ${customers === 1 ? one : many}`
  })
  return `Holdfast looks after ${parts.join(' and ')} of this ${CRMS[crm].account}.`
}

function accountWords(
  { crm }: Pick<CrmReader, 'crm'>,
  { customers, standing, connection }: Account,
  { ago, count }: { ago(date: Date): string; count(n: number): string },
): string {
  const { many } = wordsOf(connection.object)
  const read = standing.sync?.lastDoneAt ?? null
  if (!standing.populationStated)
    return `Nobody has said yet which ${many} are customers: until then nothing is scored.`
  return read === null
    ? `The ${many} are being read for the first time.`
    : `${count(customers)} ${many} are customers. The ${CRMS[crm].account} was read whole ${ago(read)}; changes are read as they come.`
}

export async function saveChange(
  services: RouteServices,
  reader: CrmReader,
  { version, values }: z.infer<typeof settingsChange>,
  requestId: string,
): Promise<CardSettingsSaved> {
  if (!isAdmin(reader))
    throw new HoldfastError('forbidden', 'Admins of Holdfast change settings. Ask one of them.')
  const { settings } = await services.database.withTenant(reader.tenant, currentSettings)
  const { set, unknown } = settingsFrom(settings, values)
  if (unknown.length > 0)
    throw new HoldfastError(
      'request_invalid',
      `This page does not have ${unknown.join(', ')} any more. Open it again.`,
    )
  try {
    const caller = callerAt(reader, { responsible: false, role: 'admin' })
    await save(
      services,
      { tenant: reader.tenant, caller, requestId },
      { looked: version, wanted: patch({ set, reset: [] }), onConflict: 'merge' },
    )
  } catch (error) {
    const wrong = faultOf(error)
    if (wrong === null) throw error
    return {
      said: `Nothing is saved. ${unplaced(settings, wrong)}`.trim(),
      tone: 'warning',
      problems: Object.fromEntries(
        wrong.flatMap(({ path, message }) => {
          const key = fieldOfProblem(settings, path)
          return key === null ? [] : [[key, message]]
        }),
      ),
      settings: await settingsOf(services, reader),
    }
  }
  return {
    said: 'Saved. It counts from now on.',
    tone: 'success',
    problems: {},
    settings: await settingsOf(services, reader),
  }
}

function faultOf(error: unknown): SettingsFault['fields'] | null {
  if (!(error instanceof HoldfastError) || error.code !== 'settings_invalid') return null
  const fields = (error.cause as SettingsFault | undefined)?.fields ?? []
  return fields.length === 0 ? null : fields
}

/** Of problems that stand at no field of the page what they are, of others where to look. */
function unplaced(settings: ServiceSettings, wrong: SettingsFault['fields']): string {
  const others = wrong.filter(({ path }) => fieldOfProblem(settings, path) === null)
  return others.length === 0 ? 'What is wrong stands at the field.' : problemsSentence(others)
}

export async function pause(
  services: RouteServices,
  reader: CrmReader,
  wanted: boolean,
  requestId: string,
): Promise<CardSettingsSaved> {
  const { database, queue } = services
  if (wanted ? !operates(reader) : !isAdmin(reader))
    throw new HoldfastError(
      'forbidden',
      wanted
        ? 'Operators and admins of Holdfast pause it. Ask one of them.'
        : 'Admins of Holdfast let it go on. Ask one of them.',
    )
  const { actor, tenant } = reader
  const changed = await database.withTenant(tenant, async (tx) => {
    const isPaused = (await readTenant(tx, tenant)).status === 'paused'
    if (isPaused === wanted) return false
    if (wanted) {
      const reason = `Paused in ${CRMS[reader.crm].label} by ${reader.person?.name ?? reader.email ?? 'an operator'}`
      await pauseTenant(tx, tenant, reason)
      await recordAudit(tx, { actor, action: 'tenant.pause', detail: { reason }, requestId })
    } else {
      await resumeSending(tx, tenant)
      await recordAudit(tx, { actor, action: 'tenant.resume', requestId })
    }
    tx.afterCommit(() => queue?.wake())
    return true
  })
  return {
    said: SAID[wanted ? 'paused' : 'resumed'][changed ? 'now' : 'before'],
    tone: changed ? 'success' : 'info',
    problems: {},
    settings: await settingsOf(services, reader),
  }
}

const SAID = {
  paused: { now: 'Paused: nothing is sent until an admin lets it go on.', before: 'It is paused already.' },
  resumed: { now: 'It goes on: what is due is sent.', before: 'It is running already.' },
} as const
