/** What all routes of property definitions and their groups have in common. */
import { API_VERSION } from '../version.ts'
import { typeOf, type SandboxRequest, type SandboxRoute } from './route.ts'
import { schemaScopes } from './scopes.ts'

const PROPERTIES = `/crm/properties/${API_VERSION}/:objectType`

export const propertyRoute = (
  method: SandboxRoute['method'],
  path: string,
  access: 'read' | 'write',
  handle: (request: SandboxRequest, type: string) => ReturnType<SandboxRoute['handle']>,
): SandboxRoute => ({
  method,
  path: `${PROPERTIES}${path}`,
  kind: 'call',
  scopes: schemaScopes(access),
  handle: (request) => handle(request, typeOf(request)),
})
