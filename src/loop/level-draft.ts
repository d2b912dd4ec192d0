/** Levels before they are saved: how many customers and how much money each would have, and who would move. */
import { levelThresholds, type LevelSetting, type LevelThresholds } from '../../models/churn/levels.ts'
import type { ConnectionId, TenantId } from '../contracts/ids.ts'
import { listConnections } from '../store/connections.ts'
import type { Transaction } from '../store/database.ts'
import { championOf } from '../store/models.ts'
import {
  countScored,
  highestProbabilities,
  levelsUnder,
  type DraftedLevel,
} from '../store/reads/level-draft.ts'
import { hasCapacity } from './book-levels.ts'
import type { LoopServices } from './services.ts'

export interface DraftedConnection {
  readonly connection: ConnectionId
  readonly name: string
  readonly customers: number
  /** Share that leaves, of the customers that its model learnt from. */
  readonly baseRate: number
  readonly thresholds: LevelThresholds
  /** What the scores say: within how many days; null: a snapshot. */
  readonly horizonDays: number | null
  /** By the level that they would have and the one that they have. */
  readonly levels: readonly DraftedLevel[]
}

/**
 * @returns connections that are scored, oldest first
 * @throws HoldfastError `settings_invalid` for thresholds that make no sense
 * @example
 * await draftLevels(services, tenant, { kind: 'fixed', high: 0.6, medium: 0.3 })
 */
export async function draftLevels(
  { database, engines }: Pick<LoopServices, 'database' | 'engines'>,
  tenant: TenantId,
  setting: LevelSetting,
): Promise<readonly DraftedConnection[]> {
  const inTenant = <T>(work: (tx: Transaction) => Promise<T>): Promise<T> => database.withTenant(tenant, work)
  const connections = await inTenant(listConnections)
  const drafted: DraftedConnection[] = []
  for (const { id: connection, name } of connections) {
    const champion = await inTenant((tx) => championOf(tx, connection))
    if (champion === null) continue
    const { baseRate } = (await engines.get(champion.location)).churn.population
    const found = await inTenant(async (tx) => {
      const thresholds = await thresholdsFor(tx, connection, setting, baseRate)
      const levels = await levelsUnder(tx, connection, thresholds)
      const customers = levels.reduce((sum, one) => sum + one.customers, 0)
      if (customers === 0) return null
      const [most] = levels.toSorted((a, b) => b.customers - a.customers)
      return { customers, thresholds, horizonDays: most.horizonDays, levels }
    })
    if (found !== null) drafted.push({ connection, name, baseRate, ...found })
  }
  return drafted
}

/** With a capacity only the highest probabilities decide: as many as fit, and the first that does not. */
async function thresholdsFor(
  tx: Transaction,
  connection: ConnectionId,
  setting: LevelSetting,
  baseRate: number,
): Promise<LevelThresholds> {
  const { capacity, ...unbounded } = setting
  const wished = levelThresholds(unbounded, baseRate)
  if (!hasCapacity(setting)) return wished
  const share = capacity?.share
  const shared = share === undefined ? Infinity : share * (await countScored(tx, connection)) + 1e-9
  const most = Math.floor(Math.min(capacity?.customers ?? Infinity, shared))
  const highest = await highestProbabilities(tx, connection, most + 1)
  return levelThresholds({ ...unbounded, capacity: { customers: most } }, baseRate, highest)
}
