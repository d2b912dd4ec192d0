/**
 * The book of a company as columns, read once: everybody with a score, and what each action is worth for them, ready to be
 * decided on under any settings as often as somebody moves a slider.
 *
 * It is as if everybody were decided on anew today, with the whole budget and all places of a period: what was decided this
 * period does not count, and who was contacted lately is still left in peace.
 */
import { drawCustomers } from '../../models/policy/draw.ts'
import type { ConnectionId, TenantId } from '../contracts/ids.ts'
import { HoldfastError } from '../contracts/errors.ts'
import { readTerms } from '../loop/decide-book.ts'
import { readUndecided } from '../loop/decide-read.ts'
import type { ScoredBook } from '../loop/decide.ts'
import { trainingOf } from '../loop/policy-terms.ts'
import type { LoopServices } from '../loop/services.ts'
import { solvedPolicy } from '../loop/solved-policy.ts'
import { listConnections } from '../store/connections.ts'

/** Plain data: it goes to the thread that decides. */
export interface WhatIfBook {
  /** When it was read, ISO 8601. */
  readonly asOf: string
  readonly settingsVersion: number
  readonly rows: number
  readonly parts: readonly WhatIfPart[]
}

/** Customers of one connection. */
export interface WhatIfPart {
  readonly connection: ConnectionId
  /** Our numbers of the customers, in the order of the columns. */
  readonly ids: Float64Array
  readonly scored: ScoredBook
  /** Whether its CRM can be given tasks. */
  readonly tasks: boolean
}

/** Decides on everybody whatever was decided: no decision has this cause. */
const NEVER = 'what-if'
/** So that any waiting time between contacts can be asked about. */
const LONGEST_COOLDOWN_DAYS = 365
/** Some 300 bytes each. */
export const MOST_ROWS = 1_000_000

/**
 * @throws HoldfastError `too_few_rows` while nobody is scored; `request_too_large` for a book beyond {@link MOST_ROWS}
 * @example
 * const book = await readWhatIfBook(services, tenant, signal)
 */
export async function readWhatIfBook(
  {
    database,
    engines,
    clock,
    connectors,
  }: Pick<LoopServices, 'database' | 'engines' | 'clock' | 'connectors'>,
  tenant: TenantId,
  signal: AbortSignal,
): Promise<WhatIfBook> {
  const now = clock()
  const connections = await database.withTenant(tenant, listConnections)
  const parts: WhatIfPart[] = []
  let rows = 0
  let settingsVersion = 0
  for (const { id: connection, status } of connections) {
    if (status !== 'active') continue
    const terms = await database.withTenant(tenant, (tx) =>
      readTerms(tx, { tenant, connection, now, connectors }),
    )
    if (terms === null) continue
    const { settings, tasks, period } = terms
    settingsVersion = terms.settingsVersion
    const contact = { ...settings.contact, cooldownDays: LONGEST_COOLDOWN_DAYS }
    const customers = await readUndecided(
      (work) => database.withTenant(tenant, work),
      { ...terms, settings: { ...settings, contact }, connection, cause: NEVER },
      () => signal.aborted,
    )
    signal.throwIfAborted()
    if (customers.rows === 0) continue
    if ((rows += customers.rows) > MOST_ROWS)
      throw new HoldfastError(
        'request_too_large',
        `The book has more than ${MOST_ROWS.toLocaleString('en')} customers, which is more than is asked "what if" at once. Use holdfast what-if on a file.`,
      )
    const engine = await engines.get(terms.location, solvedPolicy(database, tenant, terms.policy))
    const { policy } = engine
    const identity = { tenant, period, policyVersion: policy.hash, salt: settings.exploration.salt }
    parts.push({
      connection,
      tasks,
      ids: Float64Array.from(customers.ids),
      scored: {
        values: {
          rows: customers.rows,
          actions: policy.actions.length,
          value: await engine.values(customers.states, customers.rows),
        },
        trained: trainingOf(policy),
        hazard: customers.hazards,
        recurring: customers.recurring,
        context: customers.context,
        draws: drawCustomers(
          identity,
          customers.names.map((name) => `${connection}/${name}`),
        ),
      },
    })
  }
  if (rows === 0)
    throw new HoldfastError(
      'too_few_rows',
      'Nobody is scored yet, so there is nothing to ask "what if" about. Sync a connection first.',
      { retryable: true },
    )
  return { asOf: now.toISOString(), settingsVersion, rows, parts }
}
