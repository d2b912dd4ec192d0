/** Answers held against the schemas that describe them, in whatever test asks. */
import { expect } from 'vitest'
import { apiRoutes } from '../../src/server/api/routes.ts'
import type { Route } from '../../src/server/route.ts'
import { ask, type ApiAnswer, type TestApi } from './api.ts'

/**
 * A successful answer has the fields that its route's schema has, and no others.
 *
 * @param path as it was asked for, without its query
 */
export function expectDescribed(method: string, path: string, status: number, body: unknown): void {
  if (status >= 400) return
  const route = routeOf(method, path)
  const described = route?.answers[status]
  expect(described, `${method} ${path} answered with ${status}`).toBeDefined()
  const parsed = described!.schema?.safeParse(body)
  expect(parsed?.error?.issues ?? [], `${method} ${path}`).toEqual([])
  expect(parsed?.data, `${method} ${path}`).toEqual(body)
}

function routeOf(method: string, path: string): Route | undefined {
  const fits = (route: Route): boolean =>
    route.method === method.toLowerCase() &&
    new RegExp(`^${route.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path)
  // One without a parameter wins, as in the server.
  return apiRoutes.filter(fits).toSorted((a, b) => a.path.split('{').length - b.path.split('{').length)[0]
}

/** As `ask`, with the answer held against its schema. */
export async function askDescribed<Body = Readonly<Record<string, unknown>>>(
  api: TestApi,
  key: string,
  method: string,
  path: string,
  more: Parameters<typeof ask>[4] = {},
): Promise<ApiAnswer<Body>> {
  const answer = await ask<Body>(api, key, method, path, more)
  expectDescribed(method, path.split('?')[0], answer.status, answer.body)
  return answer
}
