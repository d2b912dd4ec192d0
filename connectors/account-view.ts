/**
 * A look into an account for whoever sets a connection up: who could be a customer, who could be responsible, how many
 * there are. It only reads, and stores nothing.
 */
import type { ColumnProfile } from '../src/contracts/table.ts'
import type { StageCounts } from './value-counts.ts'

/** Who would count as a customer; null is everybody. */
export type Membership =
  | { readonly kind: 'property'; readonly property: string; readonly values: readonly string[] }
  /** In the CRM's own language. */
  | { readonly kind: 'condition'; readonly condition: string }
  | null

/** A record as people know it. */
export interface SeenRecord {
  /** Id in the CRM. */
  readonly id: string
  readonly name: string | null
}

/** A property or field that names a user. */
export interface UserField {
  readonly field: string
  readonly label: string
  /** Records in which it names one. */
  readonly records: number
}

export interface AccountUser {
  readonly id: string
  readonly name: string | null
  readonly email: string | null
}

export interface AccountView {
  /**
   * Records by each value of the properties that tell customers from others.
   *
   * @param also properties that somebody names
   */
  stages(also?: readonly string[]): Promise<readonly StageCounts[]>
  /** @throws HoldfastError `connector_configuration`, `column_missing` for a membership that cannot be asked */
  count(membership: Membership): Promise<number>
  /** Any of them, at most `limit`. */
  examples(membership: Membership, limit: number): Promise<readonly SeenRecord[]>
  /** Most used first; null: of a file a column says who is responsible. */
  userFields(): Promise<readonly UserField[] | null>
  /** Those that can be given tasks, by name; null as above. */
  users(): Promise<readonly AccountUser[] | null>
}

/** Users that a list of them shows. */
export const MOST_USERS = 500

/** The values of a column that occur, as stages of a file. */
export function stageOf({ header, label, values }: ColumnProfile): StageCounts {
  return {
    property: header,
    label: label ?? header,
    values: values.map(({ value, count, label: shown }) => ({
      value,
      label: shown ?? value,
      records: count,
    })),
  }
}
