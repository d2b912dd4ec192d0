/** The API as the pages ask it: JSON in and out, refusals as errors that say what to do. */
import type { Problem } from '../../server/problem.ts'
import { csrfToken } from './csrf.ts'
import { takeEarly } from './early.ts'

/** What the server answered instead; its message is made for people. */
export class Refusal extends Error {
  readonly problem: Problem
  constructor(problem: Problem, options?: ErrorOptions) {
    super(problem.detail, options)
    this.name = 'Refusal'
    this.problem = problem
  }
}

export interface Send {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/**
 * @throws Refusal when the server refuses, cannot be reached, or answers what is no JSON
 * @example
 * const page = await ask<CustomersAnswer>('/v1/customers?level=HIGH')
 */
export async function ask<T>(path: string, { method = 'GET', body, headers, signal }: Send = {}): Promise<T> {
  const early = method === 'GET' && headers === undefined ? await takeEarly(path) : null
  const response = early ?? (await answerTo(path, { method, body, headers, signal }))
  if (response.status === 204) return undefined as T
  const answer: unknown = await response.json().catch((cause: unknown) => {
    throw new Refusal({ ...UNREADABLE, status: response.status }, { cause })
  })
  if (response.ok) return answer as T
  throw new Refusal(answer as Problem)
}

async function answerTo(
  path: string,
  { method = 'GET', body, headers, signal }: Partial<{ [Key in keyof Send]: Send[Key] | undefined }>,
): Promise<Response> {
  return fetch(path, {
    method,
    credentials: 'same-origin',
    headers: {
      Accept: 'application/json',
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(method === 'GET' ? {} : csrfToken()),
      ...headers,
    },
    body: body === undefined ? null : JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  }).catch((cause: unknown) => {
    if (signal?.aborted === true) throw cause
    throw new Refusal(UNREACHABLE, { cause })
  })
}

/** Whether the session is over, so that only signing in helps. */
export const isSignedOut = (error: unknown): boolean =>
  error instanceof Refusal && error.problem.code === 'unauthenticated'

const ABOUT = { requestId: '', retryable: true } as const
export const UNREACHABLE: Problem = {
  ...ABOUT,
  type: 'about:blank',
  title: 'Holdfast does not answer',
  status: 0,
  code: 'unreachable',
  detail:
    'Holdfast does not answer. Look whether this computer is online, and try again: nothing of what you see is lost.',
}
export const UNREADABLE: Problem = {
  ...ABOUT,
  type: 'about:blank',
  title: 'The answer cannot be read',
  status: 0,
  code: 'unreadable',
  detail: 'Something between this browser and Holdfast answered in its place. Try again in a moment.',
}
