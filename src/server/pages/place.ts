/** What every page of a sandbox knows beside its own subject: whose it is, how it delivers, how things are written. */
import { allows, type Caller } from '../../security/access.ts'
import { actionNames } from '../../settings/planning.ts'
import type { ServiceSettings } from '../../settings/service.ts'
import type { Transaction } from '../../store/database.ts'
import { currentSettings } from '../../store/settings-versions.ts'
import { readTenant, type Tenant } from '../../store/tenants.ts'
import type { RouteServices } from '../services.ts'
import { formatsFor, type Formats } from '../words/formats.ts'

export interface Place {
  readonly tenant: Tenant
  readonly settings: ServiceSettings
  readonly formats: Formats
  /** There is such a sandbox here, and the caller may look into it. */
  readonly hasInbox: boolean
  readonly hasTexts: boolean
}

/** A tenant has no zone of its own yet. */
const ZONE = 'UTC'

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
export function withPlace<T>(
  { caller, services }: Asked,
  work: (tx: Transaction, place: Place) => Promise<T>,
): Promise<T> {
  const { clock, database, inbox, texts } = services
  const operates = allows({ scope: null, role: 'operator' }, caller)
  return database.withTenant(caller.tenant, async (tx) => {
    const { settings } = await currentSettings(tx)
    return work(tx, {
      tenant: await readTenant(tx, caller.tenant),
      settings,
      formats: formatsFor({ now: clock(), zone: ZONE, action: actionNames(settings) }),
      hasInbox: inbox !== null && operates,
      hasTexts: (texts ?? null) !== null && operates,
    })
  })
}
