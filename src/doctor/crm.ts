/** A connection to a CRM: what it says of itself, what it refused, and how it tells of changes. */
import type { Check } from '../contracts/checks.ts'
import { neededColumns, redemptionColumns } from '../loop/needed-properties.ts'
import type { ConnectionPlace } from '../loop/services.ts'
import type { Service } from '../service.ts'
import type { Connection } from '../store/connections.ts'
import { countStored } from '../store/crm-connections.ts'
import { streamHealth, type StreamHealth } from '../store/event-streams.ts'
import { watchCrms, type Refusal } from '../store/reads/crm-connections.ts'
import { currentSettings } from '../store/settings-versions.ts'
import type { Tenant } from '../store/tenants.ts'
import { failedCheck } from './doctor.ts'
import { checkWebhooks } from './hubspot.ts'

export interface CheckedCrm {
  readonly tenant: Pick<Tenant, 'id'>
  readonly place: ConnectionPlace
  readonly connection: Connection
}

const CRMS: Readonly<Record<string, string>> = { hubspot: 'HubSpot', salesforce: 'Salesforce' }

/** Whether a connection is looked at by {@link checkCrm}. */
export const isCrm = (kind: string): boolean => Object.hasOwn(CRMS, kind)

export async function checkCrm(
  service: Service,
  { tenant, place, connection }: CheckedCrm,
): Promise<readonly Check[]> {
  const { database, clock } = service
  const { stored, view, stream, settings } = await database.withTenant(tenant.id, async (tx) => ({
    settings: (await currentSettings(tx)).settings,
    stored: (await countStored(tx, connection.id)).all,
    view: (await watchCrms(tx)).find((one) => one.connection === connection.id),
    stream: await streamHealth(tx, connection.id),
  }))
  const crm = CRMS[connection.kind]
  const today = Math.floor(clock().getTime() / 86_400_000)
  const { population } = connection
  const mapped = [
    ...(connection.profile === null ? [] : neededColumns(connection, today).map(({ column }) => column)),
    ...(population?.kind === 'property' ? [population.property] : []),
    ...redemptionColumns(connection, settings.offers),
  ]
  const known = { mapped: [...new Set(mapped)], stored }
  const found = await (
    connection.kind === 'salesforce'
      ? service.salesforce.verify(place, {
          ...known,
          condition: population?.kind === 'condition' ? population.condition : null,
        })
      : service.hubspot.verify(place, known)
  ).catch((cause: unknown) => [failedCheck(crm, cause)])
  const refused = (view?.refusals ?? []).map(({ what, count, message }): Check => ({
    name: 'Refused',
    status: 'warning',
    message: `${count} ${THINGS[what]} in ${crm}: ${message}`,
  }))
  const notes = connection.notes.map(({ subject, message }): Check => ({
    name: `Mapping of ${subject}`,
    status: 'warning',
    message,
  }))
  const last = view?.lastHintAt ?? null
  const changes =
    connection.kind === 'salesforce'
      ? checkEvents(connection, stream, last)
      : await checkWebhooks(service, { tenant, connection, last })
  const journal =
    connection.kind === 'hubspot'
      ? checkJournal(connection, stream, service.hubspot.hasJournal(connection.config))
      : []
  return [...found, ...notes, ...refused, changes, ...journal]
}

const THINGS: Readonly<Record<Refusal['what'], string>> = {
  record: 'records could not be written',
  activity: 'sent e-mails are missing on timelines',
  consent: 'unsubscriptions are not known',
  intervention: 'actions have no record',
  approval: 'approvals are asked for by no task',
  workflow: 'steps of workflows waited in vain in the last seven days',
}

/** Whether the stream of change events is followed, and what it said last. */
function checkEvents({ config }: Connection, { at, problem }: StreamHealth, last: Date | null): Check {
  const name = 'Following changes'
  const otherwise = 'Changes are found within five minutes, by looking.'
  if (config['events'] === false)
    return { name, status: 'off', message: `They are switched off for this connection. ${otherwise}` }
  if (problem !== null) return { name, status: 'warning', message: `${problem} ${otherwise}` }
  if (at === null)
    return {
      name,
      status: 'off',
      message: `The stream was not followed yet: the server does that, once the first sync is done. ${otherwise}`,
    }
  const heard = last === null ? 'No change has come yet.' : `The last change came ${minute(last)}.`
  return { name, status: 'ok', message: `The stream is followed, and spoke last ${minute(at)}. ${heard}` }
}

/** Whether the journal of an account's changes is read; none for private apps, which have none. */
function checkJournal(
  { config }: Connection,
  { at, problem }: StreamHealth,
  isRead: boolean,
): readonly Check[] {
  const name = 'Journal'
  // The sandbox of another process is followed there.
  if (config['auth'] !== 'oauth' || (config['builtIn'] === true && at === null)) return []
  const otherwise = 'Changes come by webhooks, or are found within five minutes, by looking.'
  if (!isRead && config['builtIn'] !== true)
    return [
      {
        name,
        status: 'off',
        message: `HubSpot's journal of changes needs HUBSPOT_CLIENT_ID and HUBSPOT_CLIENT_SECRET. ${otherwise}`,
      },
    ]
  if (problem !== null) return [{ name, status: 'warning', message: `${problem} ${otherwise}` }]
  if (at === null)
    return [{ name, status: 'off', message: `It was not read yet: the server does that. ${otherwise}` }]
  const message = `HubSpot's journal of the last three days is read, last ${minute(at)}.`
  return [{ name, status: 'ok', message }]
}

const minute = (at: Date): string => `${at.toISOString().slice(0, 16)} UTC`
