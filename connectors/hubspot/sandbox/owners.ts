/** The users who own records. Deactivated ones are archived. */
import { API_VERSION } from '../version.ts'
import type { Owner } from './entries.ts'
import { notFound } from './problems.ts'
import { limitOf, type SandboxRoute } from './route.ts'
import { fixedScopes } from './scopes.ts'

const OWNERS = `/crm/owners/${API_VERSION}`
const scopes = fixedScopes('crm.objects.owners.read')

const present = ({ email, userId, teams, archived, ...owner }: Owner): Record<string, unknown> => ({
  ...owner,
  type: 'PERSON',
  archived,
  ...(email === null ? {} : { email }),
  // A deactivated user has no id any more, but had one.
  ...(userId === null
    ? {}
    : archived
      ? { userIdIncludingInactive: userId }
      : { userId, userIdIncludingInactive: userId }),
  ...(teams === undefined ? {} : { teams }),
})

export const ownerRoutes: readonly SandboxRoute[] = [
  {
    method: 'GET',
    path: OWNERS,
    kind: 'call',
    scopes,
    handle({ query, state }) {
      const limit = limitOf(query, 100, 500)
      const archived = query.get('archived') === 'true'
      const email = query.get('email')?.toLowerCase()
      const owners = state
        .owners()
        .filter((owner) => owner.archived === archived && (!email || owner.email?.toLowerCase() === email))
        .sort((a, b) => Number(a.id) - Number(b.id))
      const after = Number(query.get('after') ?? '0')
      const rest = owners.filter(({ id }) => Number(id) > after)
      const page = rest.slice(0, limit)
      return {
        status: 200,
        body: {
          results: page.map(present),
          ...(rest.length > limit ? { paging: { next: { after: page.at(-1)!.id } } } : {}),
        },
      }
    },
  },
  {
    method: 'GET',
    path: `${OWNERS}/:ownerId`,
    kind: 'call',
    scopes,
    handle({ params, query, state }) {
      const archived = query.get('archived') === 'true'
      const byUser = query.get('idProperty') === 'userId'
      const owner = state
        .owners()
        .find(
          (one) =>
            one.archived === archived &&
            (byUser ? String(one.userId) === params.ownerId : one.id === params.ownerId),
        )
      if (!owner) throw notFound('resource not found')
      return { status: 200, body: present(owner) }
    },
  },
]
