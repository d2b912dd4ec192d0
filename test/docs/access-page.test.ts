import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { API_SCOPES, ROLES, type Restricted } from '../../src/security/access.ts'
import { apiRoutes } from '../../src/server/api/routes.ts'
import type { Route } from '../../src/server/route.ts'

const page = readFileSync(new URL('../../docs/access.md', import.meta.url), 'utf8')

const restricted = ({ access }: Route): Restricted[] => (access === 'public' ? [] : [access])

/** What the code says of a subject, as a row of the page. */
function rowOf(tag: string): string {
  const routes = apiRoutes.filter((route) => route.tag === tag)
  const roles = (of: readonly Route[]): string => {
    const found = of.flatMap(restricted).map(({ role }) => role)
    return ROLES.filter((role) => found.includes(role)).join(', ') || '–'
  }
  const scopes = routes.flatMap(restricted).map(({ scope }) => scope)
  return [
    tag,
    roles(routes.filter(({ method }) => method === 'get')),
    roles(routes.filter(({ method }) => method !== 'get')),
    API_SCOPES.filter((scope) => scopes.includes(scope)).join(', ') || '–',
  ].join(' | ')
}

describe('docs/access.md', () => {
  it('says of every subject of the API who may look, who may change, and which scopes keys need', () => {
    const table = page.slice(page.indexOf('| subject'), page.indexOf('\n\n', page.indexOf('| subject')))
    const rows = table
      .split('\n')
      .slice(2)
      .map((line) =>
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim())
          .join(' | '),
      )
    const tags = [...new Set(apiRoutes.map(({ tag }) => tag))]
    expect(rows.toSorted()).toEqual(tags.map(rowOf).toSorted())
  })

  it('names every variable of the sign-in service, and no other', () => {
    const config = readFileSync(new URL('../../src/config.ts', import.meta.url), 'utf8')
    const known = new Set([...config.matchAll(/^ {2}(OIDC_\w+|RATE_\w+):/gm)].map(([, name]) => name))
    const named = new Set([...page.matchAll(/`((?:OIDC|RATE)_\w+)`/g)].map(([, name]) => name))
    expect(named).toEqual(known)
  })
})
