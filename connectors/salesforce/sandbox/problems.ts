/**
 * What Salesforce answers when something is not right: a list of errors with a code each.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm
 * @see https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_concepts_core_data_objects.htm (status codes)
 */

export interface ApiError {
  readonly errorCode: string
  readonly message: string
  readonly fields?: readonly string[]
  /** Beside those of every error: `duplicateResult`. */
  readonly more?: Readonly<Record<string, unknown>>
}

export interface Problem {
  readonly status: number
  readonly errors: readonly ApiError[]
  /** In place of the list: OAuth has its own form. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** Thrown by a route to answer with the problem. Recognised by its shape, as errors of node are by their code. */
export interface ProblemError extends Error {
  readonly problem: Problem
}

export const problemOf = (problem: Problem): ProblemError =>
  Object.assign(new Error(problem.errors[0]?.message ?? 'refused'), { problem })

/** @example throw refused(400, 'MALFORMED_ID', 'malformed id 1') */
export const refused = (
  status: number,
  errorCode: string,
  message: string,
  fields?: readonly string[],
): ProblemError => problemOf({ status, errors: [{ errorCode, message, ...(fields ? { fields } : {}) }] })

export const asProblem = (error: unknown): Problem | null =>
  error instanceof Error && 'problem' in error ? (error as ProblemError).problem : null

/** The list that goes out. */
export const problemBody = (problem: Problem): unknown =>
  problem.body ??
  problem.errors.map(({ errorCode, message, fields, more }) => ({
    message,
    errorCode,
    ...(fields ? { fields } : {}),
    ...more,
  }))

export const notFound = (): ProblemError => refused(404, 'NOT_FOUND', 'The requested resource does not exist')
