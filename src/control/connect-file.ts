/** Connecting a customer file: the command line names one on this machine, the app brings one. */
import { randomUUID } from 'node:crypto'
import { basename } from 'node:path'
import { viewFile } from '../../connectors/csv/account-view.ts'
import type { Connector } from '../../connectors/connector.ts'
import { asConnection, type TenantId } from '../contracts/ids.ts'
import { memberOf } from '../loop/population.ts'
import type { Service } from '../service.ts'
import { recordAudit } from '../store/audit.ts'
import { createConnection, type Population } from '../store/connections.ts'
import { foundIn, type AccountFound, type Connected } from './account-found.ts'
import { populationOf } from './account-views.ts'
import { auditOf, type Person } from './acting-person.ts'
import { expectFreeName } from './crm-connection.ts'

export interface ConnectingFile {
  readonly tenant: TenantId
  /** As the connector takes it: where the file is, and columns that somebody names. */
  readonly config: Readonly<Record<string, unknown>> & { readonly path: string }
  readonly name: string
  /** Null: it is said later. */
  readonly population: Population | null
  /** Customers made up: nobody is ever written to. */
  readonly sandbox?: boolean
  readonly by: Person
  /** Has the queue look at once. */
  readonly wake: () => void
}

/** @throws HoldfastError `conflict` for a name that is taken */
export async function connectFile(
  { database }: Pick<Service, 'database'>,
  { tenant, config, name, population, sandbox = false, by, wake }: ConnectingFile,
): Promise<Connected> {
  const id = await database.withTenant(tenant, async (tx) => {
    await expectFreeName(tx, name, by)
    const made = await createConnection(tx, { kind: 'csv', name, sandbox, config, population })
    await recordAudit(tx, { ...auditOf(by), action: 'connection.create', object: made, detail: { name } })
    tx.afterCommit(wake)
    return made
  })
  return { id, connection: name, warnings: [] }
}

/**
 * What is in a file, with nothing kept.
 *
 * @throws HoldfastError what reading it throws: `input_format`, `input_header`, …
 */
export async function lookAtFile(
  service: Pick<Service, 'connectors' | 'clock'>,
  { tenant, config }: Pick<ConnectingFile, 'tenant' | 'config'>,
): Promise<AccountFound> {
  return withFile(service, { tenant, config }, async (connector) => {
    const [{ profile, object }] = await connector.describe()
    const view = viewFile(connector, (membership) => memberOf(populationOf(membership)))
    return {
      system: 'File',
      account: {
        id: basename(config.path),
        name: null,
        kind: 'a file',
        test: false,
        currency: null,
        timeZone: null,
      },
      object,
      connectedAs: null,
      records: profile.rows,
      checks: await connector.verify(),
      ...(await foundIn(view, profile, Math.floor(service.clock().getTime() / 86_400_000))),
      sensitive: [],
      notes: [],
    }
  })
}

/** Opens a file that is not connected yet, for `work`. */
export async function withFile<T>(
  { connectors }: Pick<Service, 'connectors'>,
  { tenant, config }: Pick<ConnectingFile, 'tenant' | 'config'>,
  work: (connector: Connector) => Promise<T>,
): Promise<T> {
  const connector = await connectors.open({ tenant, id: asConnection(randomUUID()), kind: 'csv', config })
  try {
    return await work(connector)
  } finally {
    await connector.close()
  }
}
