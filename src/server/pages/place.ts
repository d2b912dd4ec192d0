/** What every page knows beside its own subject: whose it is, how the company stands, who looks, how things are written. */
import type { TenantId } from '../../contracts/ids.ts'
import { allows, type Caller, type Role } from '../../security/access.ts'
import { actionNames, reportingCurrency } from '../../settings/planning.ts'
import type { ServiceSettings } from '../../settings/service.ts'
import { pauseFacts } from '../../loop/pauses.ts'
import { readPause, type Pause } from '../../store/act-context.ts'
import type { Transaction } from '../../store/database.ts'
import { currentSettings } from '../../store/settings-versions.ts'
import { listTenantNames, readTenant, type Tenant } from '../../store/tenants.ts'
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
  /** Why the kill switch is on; null: it is off. */
  readonly killed: string | null
  readonly outbox: OutboxCounts
  readonly caller: Caller
  readonly now: Date
  readonly formats: Formats
  readonly hasInbox: boolean
  readonly hasTexts: boolean
  /** Other companies that the caller may switch to; empty but for who holds the installation. */
  readonly others: readonly { readonly id: TenantId; readonly name: string }[]
  /** Whether the caller may press what needs this role. */
  may(role: Role): boolean
}

/** A tenant has no zone of its own yet. */
const ZONE = 'UTC'

/** More of them make no list that anybody reads: `holdfast sign-in --company` leads to the rest. */
const MOST_COMPANIES = 50

interface Asked {
  readonly caller: Caller
  readonly services: Pick<RouteServices, 'clock' | 'database' | 'inbox' | 'texts'>
}

/**
 * A transaction of the caller's company, with what every page knows.
 *
 * @example
 * return withPlace({ caller, services }, async (tx, place) => shell(place, { … }))
 */
export async function withPlace<T>(
  asked: Asked,
  work: (tx: Transaction, place: Place) => Promise<T>,
): Promise<T> {
  const { database } = asked.services
  const { caller } = asked
  const companies =
    caller.kind === 'session' && caller.installation
      ? await database.asSystem('companies to switch to', (tx) => listTenantNames(tx, MOST_COMPANIES))
      : []
  const others = companies.filter(({ id }) => id !== caller.tenant)
  return database.withTenant(caller.tenant, async (tx) => work(tx, await readPlace(tx, asked, others)))
}

async function readPlace(
  tx: Transaction,
  { caller, services }: Asked,
  others: Place['others'],
): Promise<Place> {
  const now = services.clock()
  const { settings } = await currentSettings(tx)
  return {
    tenant: await readTenant(tx, caller.tenant),
    settings,
    currency: reportingCurrency(settings),
    pause: await readPause(tx),
    killed: (await pauseFacts(tx)).killedReason,
    outbox: await outboxCounts(tx, { database: services.database, tenant: caller.tenant }),
    caller,
    now,
    formats: formatsFor({ now, zone: ZONE, action: actionNames(settings) }),
    hasInbox: services.inbox !== null,
    hasTexts: (services.texts ?? null) !== null,
    others,
    may: (role) => allows({ scope: null, role }, caller),
  }
}
