/**
 * Which scopes a call asks for, as HubSpot's OpenAPI files list them: any one of those named will do.
 *
 * @see https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/scopes
 */
import { objectType, OBJECT_TYPES } from './object-types.ts'
import type { SandboxRequest } from './route.ts'

const scopeName = (request: SandboxRequest, param: string): string => {
  const type = objectType(request.params[param] ?? '')
  return type === null ? 'contacts' : OBJECT_TYPES[type].scope
}

/** To see values of sensitive properties. */
export const sensitiveScope = (type: string): string =>
  `crm.objects.${OBJECT_TYPES[type].scope}.sensitive.read.v2`

const objectScopes = (scope: string, access: 'read' | 'write'): readonly string[] =>
  scope === 'tickets' ? ['tickets'] : [`crm.objects.${scope}.${access}`]

/** Of the object that the path names. */
export const scopesOf =
  (access: 'read' | 'write') =>
  (request: SandboxRequest): readonly string[] =>
    objectScopes(scopeName(request, 'objectType'), access)

/** Definitions can be read by whoever can read or write the records. */
export const schemaScopes =
  (access: 'read' | 'write') =>
  (request: SandboxRequest): readonly string[] => {
    const scope = scopeName(request, 'objectType')
    if (scope === 'tickets') return ['tickets']
    return access === 'write'
      ? [`crm.schemas.${scope}.write`]
      : [`crm.schemas.${scope}.read`, ...objectScopes(scope, 'read'), ...objectScopes(scope, 'write')]
  }

/** The end that an association is asked from. */
export const associationScopes =
  (access: 'read' | 'write', param = 'fromObjectType') =>
  (request: SandboxRequest): readonly string[] => {
    const scope = scopeName(request, param)
    return access === 'read'
      ? [...objectScopes(scope, 'read'), ...objectScopes(scope, 'write')]
      : objectScopes(scope, 'write')
  }

export const fixedScopes =
  (...scopes: readonly string[]) =>
  (): readonly string[] =>
    scopes

/** Everything that the sandbox knows a scope for: what a token gets that is asked for without saying. */
export const ALL_SCOPES: readonly string[] = [
  'oauth',
  'tickets',
  'automation',
  'crm.objects.owners.read',
  ...['contacts', 'companies', 'deals'].flatMap((scope) => [
    `crm.objects.${scope}.read`,
    `crm.objects.${scope}.write`,
    `crm.schemas.${scope}.read`,
    `crm.schemas.${scope}.write`,
    `crm.objects.${scope}.sensitive.read.v2`,
  ]),
  'communication_preferences.read',
  'communication_preferences.write',
  'communication_preferences.read_write',
  'communication_preferences.statuses.batch.read',
  'communication_preferences.statuses.batch.write',
]
