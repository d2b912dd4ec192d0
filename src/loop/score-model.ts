/** Which model scores a connection: the one in charge, or at the first scoring the shipped one that fits best. */
import { HoldfastError } from '../contracts/errors.ts'
import type { TenantId } from '../contracts/ids.ts'
import type { Connection } from '../store/connections.ts'
import type { Database } from '../store/database.ts'
import { championOf, registerModel } from '../store/models.ts'
import { chooseModel } from './choose-model.ts'
import type { Engine } from './engine.ts'
import { mappingOf } from './mapping.ts'
import type { Engines } from './services.ts'

export interface ModelRequest {
  readonly tenant: TenantId
  readonly connection: Connection
  /** Days since 1970-01-01. */
  readonly today: number
}

/**
 * A shipped model that came anew with an update of Holdfast takes over from the one of before: everybody is due then.
 *
 * @throws HoldfastError `model_missing`, `model_corrupt`, `model_version`; `connector_configuration` where there is no
 *   model yet and nothing is known of the customers that one could be chosen by
 */
export async function modelInCharge(
  { database, engines }: { readonly database: Database; readonly engines: Engines },
  { tenant, connection, today }: ModelRequest,
): Promise<Engine> {
  const champion = await database.withTenant(tenant, (tx) => championOf(tx, connection.id))
  const location = champion?.location ?? (await chosen(connection, today))
  const engine = await engines.get(location)
  const { hash, name, version, card } = engine.churn
  if (champion?.hash === hash) return engine
  if (champion !== null && !location.startsWith('shipped:'))
    throw new HoldfastError(
      'model_corrupt',
      `The model at ${location} is another one than "${champion.name}" that was put in charge. Put that one back, or choose a model again; until then the old scores stand.`,
    )
  await database.withTenant(tenant, (tx) =>
    registerModel(tx, connection.id, { kind: 'churn', hash, name, version, location, card }),
  )
  return engine
}

async function chosen(connection: Connection, today: number): Promise<string> {
  const mapping = mappingOf(connection, { today })
  // A profile is there: without one there is no mapping.
  const { name } = await chooseModel(connection.profile!, mapping, today)
  return `shipped:${name}`
}
