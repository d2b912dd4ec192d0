/** The conditions of a list, with their values: said once, for the rows and for how many there are. */

export interface Conditions {
  readonly values: unknown[]
  /** `$3` for a value. */
  parameter(value: unknown): string
  /** Adds a condition. */
  add(condition: string): void
  /** Adds a condition on a value that may not be asked for. */
  given<T>(value: T | undefined, condition: (parameter: string) => string): void
  /** All of them, for after `where`. */
  text(): string
}

/**
 * @param first values that the statement names already, as $1 and so on
 * @example
 * const where = conditions([tx.tenant], 'd.tenant_id = $1')
 * where.given(query.action, (it) => `d.action_key = ${it}`)
 * await tx.query(`select count(*) from decisions d where ${where.text()}`, where.values)
 */
export function conditions(first: readonly unknown[], ...begin: readonly string[]): Conditions {
  const values = [...first]
  const all = [...begin]
  const parameter = (value: unknown): string => `$${values.push(value)}`
  return {
    values,
    parameter,
    add: (condition) => void all.push(condition),
    given: (value, condition) => {
      if (value !== undefined) all.push(condition(parameter(value)))
    },
    text: () => all.join(' and '),
  }
}

/** A Date holds milliseconds, a cursor must hold what the database does. */
export const exactly = (column: string): string =>
  `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`

/** Whoever is responsible, by the id in the CRM or the e-mail address; of `customers c`. */
export const responsibleIs = (parameter: string): string =>
  `(c.responsible_id = ${parameter} or lower(c.responsible_email) = lower(${parameter}))`
