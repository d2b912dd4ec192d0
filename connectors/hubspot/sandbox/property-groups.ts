/** Groups that properties are shown in. */
import { z } from 'zod'
import type { PropertyGroup } from './definitions.ts'
import { invalid, notFound, problem } from './problems.ts'
import { propertyRoute as route } from './property-route.ts'
import { parseBody, type SandboxRequest, type SandboxRoute } from './route.ts'

export const propertyGroupRoutes: readonly SandboxRoute[] = [
  route('GET', '/groups', 'read', (request, type) => ({
    status: 200,
    body: { results: request.state.groups(type) },
  })),
  route('POST', '/groups', 'write', (request, type) => {
    const given = parseBody(
      z.object({
        name: z.string().min(1),
        label: z.string().min(1),
        displayOrder: z.number().int().default(-1),
      }),
      request,
    )
    if (request.state.groups(type).some(({ name }) => name === given.name)) {
      throw problem({
        status: 409,
        category: 'OBJECT_ALREADY_EXISTS',
        message: `A property group named '${given.name}' already exists.`,
      })
    }
    const group: PropertyGroup = { ...given, archived: false }
    request.state.setGroup(type, group)
    return { status: 201, body: group }
  }),
  route('GET', '/groups/:groupName', 'read', (request, type) => ({
    status: 200,
    body: groupOf(request, type),
  })),
  route('PATCH', '/groups/:groupName', 'write', (request, type) => {
    const { label, displayOrder } = parseBody(
      z.object({ label: z.string().optional(), displayOrder: z.number().int().optional() }),
      request,
    )
    const known = groupOf(request, type)
    const group = { ...known, label: label ?? known.label, displayOrder: displayOrder ?? known.displayOrder }
    request.state.setGroup(type, group)
    return { status: 200, body: group }
  }),
  route('DELETE', '/groups/:groupName', 'write', (request, type) => {
    const { name } = groupOf(request, type)
    if (
      request.state
        .properties(type)
        .some(({ groupName, archivedAt }) => groupName === name && archivedAt === null)
    ) {
      throw invalid(`Property group '${name}' still has properties.`)
    }
    request.state.removeGroup(type, name)
    return { status: 204 }
  }),
]

function groupOf(request: SandboxRequest, type: string): PropertyGroup {
  const group = request.state.groups(type).find(({ name }) => name === request.params.groupName)
  if (!group) throw notFound(`Property group ${request.params.groupName} does not exist`)
  return group
}
