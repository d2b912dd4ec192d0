/** Whether HubSpot's webhooks find the way here. */
import { APP_PATHS } from '../../connectors/hubspot/app.ts'
import { createHmac } from 'node:crypto'
import type { Check } from '../contracts/checks.ts'
import { portalSecret } from '../security/private-app-tokens.ts'
import type { Service } from '../service.ts'
import type { Connection } from '../store/connections.ts'
import type { Tenant } from '../store/tenants.ts'

/** Whether an event of HubSpot's would be taken: one of no portal, signed as HubSpot signs, is sent there. */
export async function checkWebhooks(
  { config, vault, database, clock, publicUrl }: Service,
  { tenant, connection, last }: { tenant: Pick<Tenant, 'id'>; connection: Connection; last: Date | null },
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
      message: `PUBLIC_URL is not set, so HubSpot cannot tell of changes as they happen${connection.config['auth'] === 'oauth' ? ', and the cards, pages, settings and workflow actions of the app there find no way here' : ''}. ${otherwise}`,
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
  const url = publicUrl + APP_PATHS.webhooks
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
