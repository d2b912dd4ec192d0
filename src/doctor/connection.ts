/** One connection: whether it works, what the CRM or file says, and which of its steps do not go on. */
import type { Check } from '../contracts/checks.ts'
import type { Service } from '../service.ts'
import type { Connection, ConnectionStatus } from '../store/connections.ts'
import type { StepState } from '../store/steps.ts'
import type { Tenant } from '../store/tenants.ts'
import { checkCrm, isCrm } from './crm.ts'
import { failedCheck } from './doctor.ts'

/** Why a connection that does not work is left alone. */
const STATUS_WORDS: Readonly<Record<Exclude<ConnectionStatus, 'active'>, string>> = {
  paused: 'is paused',
  needs_reconnect: 'needs a new sign-in',
  disconnected: 'was disconnected',
}

/**
 * Asks the CRM, so it takes some seconds and some calls.
 *
 * @returns checks whose name is '' for the connection as a whole
 * @example
 * const checks = await checkConnection(service, { tenant, connection, steps })
 */
export async function checkConnection(
  service: Service,
  {
    tenant,
    connection,
    steps,
  }: {
    readonly tenant: Pick<Tenant, 'id'>
    readonly connection: Connection
    /** Of this connection. */
    readonly steps: readonly StepState[]
  },
): Promise<readonly Check[]> {
  const { status, statusReason, kind, id, config } = connection
  if (status !== 'active')
    return [
      {
        name: '',
        status: status === 'needs_reconnect' ? 'failed' : 'off',
        message: `The connection ${STATUS_WORDS[status]}: ${(statusReason ?? 'no reason was given').replace(/\.$/, '')}. Its customers stay as they were.`,
      },
    ]
  const place = { tenant: tenant.id, id, kind, config }
  const found = isCrm(kind)
    ? await checkCrm(service, { tenant, place, connection })
    : await verified('', () => service.connectors.open(place))
  return [
    ...found,
    ...steps.flatMap(({ step, error, state }): readonly Check[] =>
      error === null
        ? []
        : [
            {
              name: step.replace('_', ' '),
              status: state === 'dead' ? 'failed' : 'warning',
              message: `${error.message} ${state === 'dead' ? 'It was given up; holdfast sync or run tries it again.' : 'It is tried again by itself.'}`,
            },
          ],
    ),
  ]
}

/**
 * What a connector or channel says of itself. Channels of a tenant stay open; only connectors are closed after they were
 * looked at.
 *
 * @param name before the name of each check; '' for none
 */
export async function verified(
  name: string,
  open: () => Promise<{ verify(): Promise<readonly Check[]>; close(): Promise<void> }>,
): Promise<readonly Check[]> {
  try {
    const place = await open()
    const found = await place.verify()
    if ('describe' in place) await place.close()
    return name === '' ? found : found.map((check) => ({ ...check, name: `${name}, ${check.name}` }))
  } catch (cause) {
    return [failedCheck(name, cause)]
  }
}
