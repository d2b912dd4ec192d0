/** A connection to HubSpot, and whether its webhooks find the way here. */
import { createHmac } from 'node:crypto'
import type { Check } from '../contracts/checks.ts'
import { neededColumns } from '../loop/needed-properties.ts'
import type { ConnectionPlace } from '../loop/services.ts'
import { portalSecret } from '../security/private-app-tokens.ts'
import type { Service } from '../service.ts'
import type { Connection } from '../store/connections.ts'
import { countStored } from '../store/crm-connections.ts'
import { watchCrms } from '../store/reads/crm-connections.ts'
import type { Tenant } from '../store/tenants.ts'
import { failedCheck } from './doctor.ts'

export interface CheckedPortal {
  /** As a heading: the company and the connection. */
  readonly name: string
  readonly tenant: Tenant
  readonly place: ConnectionPlace
  readonly connection: Connection
}

/** What the portal says, what it refused, and how it tells of changes. */
export async function checkPortal(
  service: Service,
  { name, tenant, place, connection }: CheckedPortal,
): Promise<readonly Check[]> {
  const { database, clock } = service
  const { stored, view } = await database.withTenant(tenant.id, async (tx) => ({
    stored: (await countStored(tx, connection.id)).all,
    view: (await watchCrms(tx)).find((one) => one.connection === connection.id),
  }))
  const today = Math.floor(clock().getTime() / 86_400_000)
  const { population } = connection
  const mapped = [
    ...(connection.profile === null ? [] : neededColumns(connection, today).map(({ column }) => column)),
    ...(population?.kind === 'property' ? [population.property] : []),
  ]
  const found = await service.hubspot
    .verify(place, { mapped: [...new Set(mapped)], stored })
    .catch((cause: unknown) => [failedCheck('HubSpot', cause)])
  const refused = (view?.refusals ?? []).map(({ what, count, message }): Check => ({
    name: 'Refused',
    status: 'warning',
    message: `${count} ${THINGS[what]} in HubSpot: ${message}`,
  }))
  const notes = connection.notes.map(({ subject, message }): Check => ({
    name: `Mapping of ${subject}`,
    status: 'warning',
    message,
  }))
  const webhooks = await checkWebhooks(service, { tenant, connection, last: view?.lastHintAt ?? null })
  return [...found, ...notes, ...refused, webhooks].map((check) => ({
    ...check,
    name: `${name}, ${check.name}`,
  }))
}

const THINGS = {
  record: 'records could not be written',
  activity: 'sent e-mails are missing on timelines',
  consent: 'unsubscriptions are not known',
  intervention: 'interventions are missing among the records',
} as const

/** Where HubSpot's events arrive, beneath the public address. */
const PATH = '/webhooks/hubspot'

/** Whether an event of HubSpot's would be taken: one of no portal, signed as HubSpot signs, is sent there. */
async function checkWebhooks(
  { config, vault, database, clock, publicUrl }: Service,
  { tenant, connection, last }: { tenant: Tenant; connection: Connection; last: Date | null },
): Promise<Check> {
  const name = 'Webhooks'
  const heard =
    last === null ? 'None has come yet.' : `The last one came ${last.toISOString().slice(0, 16)} UTC.`
  if (connection.config['builtIn'] === true)
    return {
      name,
      status: last === null ? 'off' : 'ok',
      message: `From the sandbox of this process. ${heard}`,
    }
  const otherwise = 'Until then changes are found within five minutes, by looking.'
  if (publicUrl === null)
    return {
      name,
      status: 'off',
      message: `PUBLIC_URL is not set, so HubSpot cannot tell of changes as they happen. ${otherwise}`,
    }
  const secret =
    connection.config['auth'] === 'private_app' && connection.externalId !== null
      ? await database.withTenant(tenant.id, async (tx) =>
          (await vault.unseal(tx, portalSecret(connection.externalId!, 'webhook_secret')))?.toString('utf8'),
        )
      : (config.hubspot.clientSecret ?? undefined)
  if (secret === undefined)
    return {
      name,
      status: 'off',
      message: `No secret to check their signature with is known. Connect again with --webhook-secret-file: the client secret of the app (HubSpot shows it on the app's Auth page). ${otherwise}`,
    }
  const url = publicUrl + PATH
  const body = JSON.stringify([
    {
      portalId: Number(connection.externalId),
      subscriptionType: 'holdfast.doctor',
      eventId: 0,
      occurredAt: 0,
    },
  ])
  const timestamp = String(clock().getTime())
  const signature = createHmac('sha256', secret).update(`POST${url}${body}${timestamp}`).digest('base64')
  try {
    const { status } = await fetch(url, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'X-HubSpot-Signature-v3': signature,
        'X-HubSpot-Request-Timestamp': timestamp,
      },
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(5000),
    })
    if (status === 204) return { name, status: 'ok', message: `${url} takes them. ${heard}` }
    return {
      name,
      status: 'failed',
      message: `${url} answers ${status} to a signed event${status === 401 ? ': another server, or one with another secret, or its clock is minutes off' : ''}. Correct PUBLIC_URL or the proxy. ${otherwise}`,
    }
  } catch (cause) {
    const detail = !(cause instanceof Error)
      ? ''
      : cause.cause instanceof Error
        ? cause.cause.message
        : cause.message
    return {
      name,
      status: 'failed',
      message: `${url} cannot be reached from here (${detail}). Start the server, or correct PUBLIC_URL, the name service or the proxy. ${otherwise}`,
    }
  }
}
