/** What every page knows beside its own subject: whose it is, how the company stands, who looks, how things are written. */
import { allows, type Caller, type Role } from '../../security/access.ts'
import { reportingCurrency } from '../../settings/planning.ts'
import type { ServiceSettings } from '../../settings/service.ts'
import { readPause, type Pause } from '../../store/act-context.ts'
import type { Transaction } from '../../store/database.ts'
import { currentSettings } from '../../store/settings-versions.ts'
import { readTenant, type Tenant } from '../../store/tenants.ts'
import type { RouteServices } from '../services.ts'
import { formatsFor, type Formats } from './formats.ts'
import { outboxCounts, type OutboxCounts } from './outbox-counts.ts'

export interface Place {
  readonly tenant: Tenant
  readonly settings: ServiceSettings
  /** Of budget and plan. */
  readonly currency: string
  /** Of the installation or of the tenant; null: nothing is paused. */
  readonly pause: Pause | null
  readonly outbox: OutboxCounts
  readonly caller: Caller
  readonly now: Date
  readonly formats: Formats
  readonly hasInbox: boolean
  /** Whether the caller may press what needs this role. */
  may(role: Role): boolean
}

/** A tenant has no zone of its own yet. */
const ZONE = 'UTC'

/**
 * @example
 * const place = await readPlace(tx, { caller, services })
 */
export async function readPlace(
  tx: Transaction,
  { caller, services }: { caller: Caller; services: Pick<RouteServices, 'clock' | 'database' | 'inbox'> },
): Promise<Place> {
  const now = services.clock()
  const { settings } = await currentSettings(tx)
  return {
    tenant: await readTenant(tx, caller.tenant),
    settings,
    currency: reportingCurrency(settings),
    pause: await readPause(tx),
    outbox: await outboxCounts(tx, { database: services.database, tenant: caller.tenant }),
    caller,
    now,
    formats: formatsFor({ now, zone: ZONE }),
    hasInbox: services.inbox !== null,
    may: (role) => allows({ scope: null, role }, caller),
  }
}
