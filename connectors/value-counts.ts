/** How many records a CRM has for each value of a field that may say who is a customer. */

export interface ValueCount {
  /** As the API has it. */
  readonly value: string
  /** As people see it. */
  readonly label: string
  readonly records: number
}

export interface StageCounts {
  readonly property: string
  readonly label: string
  /** How the CRM writes its values in a condition; default text. */
  readonly type?: 'boolean' | 'number'
  /** Those that occur, most first. */
  readonly values: readonly ValueCount[]
}
