/**
 * What HubSpot answers when something is not right.
 *
 * @see https://developers.hubspot.com/docs/api-reference/error-handling
 */

export interface ErrorDetail {
  readonly message: string
  readonly code?: string
  readonly in?: string
  readonly subCategory?: string
  readonly context?: Readonly<Record<string, readonly string[]>>
}

export interface Problem {
  readonly status: number
  readonly message: string
  readonly category: string
  readonly subCategory?: string
  readonly context?: Readonly<Record<string, readonly string[]>>
  readonly errors?: readonly ErrorDetail[]
  readonly links?: Readonly<Record<string, string>>
  /** Fields beside those of every error: `policyName` of a 429, `error` of OAuth. */
  readonly more?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
  /** What stands in `status` of the body, where it is not `error`: `BAD_REFRESH_TOKEN`. */
  readonly word?: string
}

/** Thrown by a route to answer with the problem. Recognised by its shape, as errors of node are by their code. */
export interface ProblemError extends Error {
  readonly problem: Problem
}

export function problem(given: Problem): ProblemError {
  return Object.assign(new Error(given.message), { problem: given })
}

export const asProblem = (error: unknown): Problem | null =>
  error instanceof Error && 'problem' in error ? (error as ProblemError).problem : null

/**
 * @param correlationId a UUID
 * @returns the body of the answer
 */
export function problemBody(given: Problem, correlationId: string): Record<string, unknown> {
  return {
    status: given.word ?? 'error',
    message: given.message,
    correlationId,
    category: given.category,
    ...(given.subCategory === undefined ? {} : { subCategory: given.subCategory }),
    ...(given.context === undefined ? {} : { context: given.context }),
    ...(given.errors === undefined ? {} : { errors: given.errors }),
    ...(given.links === undefined ? {} : { links: given.links }),
    ...given.more,
  }
}

export const invalid = (
  message: string,
  more: Partial<Omit<Problem, 'status' | 'message'>> = {},
): ProblemError => problem({ status: 400, message, category: 'VALIDATION_ERROR', ...more })

export const notFound = (message: string, more: Partial<Omit<Problem, 'message'>> = {}): ProblemError =>
  problem({ status: 404, message, category: 'OBJECT_NOT_FOUND', ...more })

/** One of the errors within a 207. */
export interface BatchError {
  readonly status: 'error'
  readonly category: string
  readonly subCategory?: unknown
  readonly message: string
  readonly context: Readonly<Record<string, readonly string[]>>
  readonly errors: readonly ErrorDetail[]
  readonly links: Readonly<Record<string, string>>
}

export const batchError = (given: {
  category: string
  message: string
  subCategory?: string
  context: Readonly<Record<string, readonly string[]>>
  errors?: readonly ErrorDetail[]
}): BatchError => ({
  status: 'error',
  category: given.category,
  ...(given.subCategory === undefined ? {} : { subCategory: given.subCategory }),
  message: given.message,
  context: given.context,
  errors: given.errors ?? [],
  links: {},
})
