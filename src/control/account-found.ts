/** What a person is told of an account before it is connected, the same of every CRM and of a file. */
import type { AccountView } from '../../connectors/account-view.ts'
import type { StageCounts } from '../../connectors/value-counts.ts'
import type { Check } from '../contracts/checks.ts'
import type { ConnectionId } from '../contracts/ids.ts'
import type { TableProfile } from '../contracts/table.ts'
import type { Connection, ConnectionStatus, Population } from '../store/connections.ts'
import { proposedStage, recognised, type Recognised } from './found-words.ts'

export interface AccountFound {
  readonly system: 'HubSpot' | 'Salesforce' | 'File'
  readonly account: {
    /** As the CRM names it: portal, org. */
    readonly id: string
    readonly name: string | null
    /** In words: "a live account". */
    readonly kind: string
    /** Always dry runs. */
    readonly test: boolean
    /** ISO 4217; null unknown. */
    readonly currency: string | null
    /** IANA; null unknown. */
    readonly timeZone: string | null
  }
  /** Whose records are customers: companies, Account. */
  readonly object: string
  /** Null: nothing of the company is connected to it. */
  readonly connectedAs: {
    readonly id: ConnectionId
    readonly name: string
    readonly status: ConnectionStatus
  } | null
  readonly records: number
  readonly checks: readonly Check[]
  readonly stages: readonly StageCounts[]
  /** Null: nothing tells customers from others. */
  readonly proposed: Population | null
  /** Properties that were described, and records of the sample. */
  readonly properties: number
  readonly sample: number
  readonly recognised: readonly Recognised[]
  /** Properties that are marked as sensitive and are left out. */
  readonly sensitive: readonly string[]
  /** What else is worth knowing, as sentences. */
  readonly notes: readonly string[]
}

/** What was made. */
export interface Connected {
  readonly id: ConnectionId
  /** The name of the connection. */
  readonly connection: string
  readonly reconnected?: boolean
  /** As sentences. */
  readonly warnings: readonly string[]
}

/** @param today days since 1970-01-01 */
export async function foundIn(
  view: AccountView,
  profile: TableProfile,
  today: number,
): Promise<Pick<AccountFound, 'stages' | 'proposed' | 'properties' | 'sample' | 'recognised'>> {
  const stages = await view.stages()
  const proposed = proposedStage(stages)
  return {
    stages,
    proposed:
      proposed === null ? null : { kind: 'property', property: proposed.property, values: proposed.values },
    properties: profile.columns.length,
    sample: profile.rows,
    recognised: recognised(profile, today),
  }
}

export const pickAccount = ({
  test,
  currency,
  timeZone,
}: Pick<AccountFound['account'], 'test' | 'currency' | 'timeZone'>) => ({ test, currency, timeZone })

export const connectedAs = (before: Connection | null): AccountFound['connectedAs'] =>
  before === null ? null : { id: before.id, name: before.name, status: before.status }
