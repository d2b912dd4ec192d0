/**
 * Which scopes our calls need, by what they are for, and which of them an app lacks.
 *
 * @see https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/scopes
 */
import { z } from 'zod'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { HubSpotClient, HubSpotCall } from './client.ts'
import { failureOf } from './errors.ts'
import { SCHEMA_SCOPES } from './provision.ts'
import { API_VERSION } from './version.ts'

/** Calls of one purpose. */
export interface CallGroup {
  /** "read companies" */
  readonly what: string
  /** Any one of them will do; the first is the one to ask for. */
  readonly scopes: readonly string[]
  /** A call of the group that changes nothing. */
  readonly probe: Probe
  /** Does the same for many at a time, in accounts that can grant it. */
  readonly many?: { readonly scope: string; readonly probe: Probe }
}

type Probe = Pick<HubSpotCall<unknown>, 'method' | 'path' | 'query' | 'body'>

export interface ScopePlace {
  readonly object: 'companies' | 'contacts'
  /** Whether agreements are read from deals. */
  readonly deals: boolean
}

/**
 * @example
 * callGroups({ object: 'companies', deals: false })[0] // { what: 'read companies', scopes: ['crm.objects.companies.read'], … }
 */
export function callGroups({ object, deals }: ScopePlace): readonly CallGroup[] {
  const objects = `/crm/objects/${API_VERSION}`
  const preferences = `/communication-preferences/${API_VERSION}`
  const nobody = `${preferences}/statuses/nobody%40example.com`
  return [
    ...[...new Set([object, 'contacts', ...(deals ? ['deals'] : [])])].map((one) =>
      reading(`read ${one}`, [`crm.objects.${one}.read`], `${objects}/${one}`, { limit: 1 }),
    ),
    reading('read owners', ['crm.objects.owners.read'], `/crm/owners/${API_VERSION}`, { limit: 1 }),
    writing(`write risk to ${object}`, [`crm.objects.${object}.write`], `${objects}/${object}/batch/update`),
    ...(object === 'contacts'
      ? []
      : [
          writing(
            'make tasks and log e-mails',
            ['crm.objects.contacts.write'],
            `${objects}/tasks/batch/upsert`,
          ),
        ]),
    ...[...new Set([object, 'tasks'] as const)].map((one) =>
      writing(
        `make properties of Holdfast on ${one}`,
        [SCHEMA_SCOPES[one]],
        `/crm/properties/${API_VERSION}/${one}/batch/create`,
      ),
    ),
    reading(
      'read subscription types',
      ['communication_preferences.read', 'communication_preferences.read_write'],
      `${preferences}/definitions`,
    ),
    {
      what: 'answer workflows that wait',
      scopes: ['automation'],
      // Of a call that nobody made: refused, and nothing goes on.
      probe: {
        method: 'POST',
        path: `/automation/actions/callbacks/${API_VERSION}/holdfast-checks/complete`,
        body: { outputFields: {}, typedOutputs: {} },
      },
    },
    {
      what: 'read consent to e-mails',
      scopes: ['communication_preferences.read', 'communication_preferences.read_write'],
      probe: { method: 'GET', path: nobody, query: { channel: 'EMAIL' } },
      many: {
        scope: 'communication_preferences.statuses.batch.read',
        probe: {
          method: 'POST',
          path: `${preferences}/statuses/batch/read`,
          query: { channel: 'EMAIL' },
          body: { inputs: [] },
        },
      },
    },
    {
      what: 'write consent to e-mails',
      scopes: ['communication_preferences.write', 'communication_preferences.read_write'],
      // Of a kind of e-mail that there is not: refused, and nothing is written.
      probe: {
        method: 'POST',
        path: nobody,
        body: { channel: 'EMAIL', statusState: 'NOT_SPECIFIED', subscriptionId: 0 },
      },
      many: {
        scope: 'communication_preferences.statuses.batch.write',
        probe: { method: 'POST', path: `${preferences}/statuses/batch/write`, body: { inputs: [] } },
      },
    },
  ]
}

/** All scopes that a connection cannot do without, each once. */
export function scopesFor(place: ScopePlace): readonly string[] {
  return [...new Set(callGroups(place).map(({ scopes }) => scopes[0]))]
}

/**
 * What the app asks for when it is installed, whatever is chosen later. HubSpot refuses an installation whose address names
 * other required scopes than the app's definition does, and grants of the optional ones what the account has.
 *
 * Agreements may be read from deals, which not everybody wants; consent of many at a time is for Marketing Hub Enterprise.
 *
 * @see https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/scopes
 */
export const APP_SCOPES: { readonly required: readonly string[]; readonly optional: readonly string[] } =
  appScopes()

function appScopes(): typeof APP_SCOPES {
  const places = (['companies', 'contacts'] as const).map((object) => ({ object, deals: false }))
  const groups = places.flatMap(callGroups)
  const required = new Set(['oauth', ...groups.map(({ scopes }) => scopes[0])])
  const optional = [
    ...scopesFor({ object: 'companies', deals: true }),
    ...groups.flatMap(({ many }) => (many === undefined ? [] : [many.scope])),
  ]
  return { required: [...required], optional: [...new Set(optional)].filter((scope) => !required.has(scope)) }
}

/**
 * @param granted as the token says; null: it does not, and each group is tried by a call that changes nothing (a page
 *   of one record, a batch of none: HubSpot looks at scopes before it looks at what was sent)
 * @returns the groups that may not be called
 * @throws HoldfastError when HubSpot cannot be asked
 */
export async function lackingScopes(
  client: HubSpotClient,
  groups: readonly CallGroup[],
  granted: readonly string[] | null,
): Promise<readonly CallGroup[]> {
  if (granted !== null) {
    const has = new Set(granted)
    return groups.filter(
      ({ scopes, many }) =>
        !scopes.some((scope) => has.has(scope)) && !(many !== undefined && has.has(many.scope)),
    )
  }
  const lacking: CallGroup[] = []
  for (const group of groups) {
    if (await mayCall(client, group.probe)) continue
    if (group.many === undefined || !(await mayCall(client, group.many.probe))) lacking.push(group)
  }
  return lacking
}

async function mayCall(client: HubSpotClient, probe: Probe): Promise<boolean> {
  try {
    await client.call({ ...probe, schema: z.unknown(), repeatable: true })
  } catch (error) {
    const status = failureOf(error)?.status
    if (status === 403) return false
    if (!(error instanceof HoldfastError) || status === undefined || ![400, 404].includes(status)) throw error
  }
  return true
}

function reading(
  what: string,
  scopes: readonly string[],
  path: string,
  query: Readonly<Record<string, number>> = {},
): CallGroup {
  return { what, scopes, probe: { method: 'GET', path, query } }
}

function writing(what: string, scopes: readonly string[], path: string): CallGroup {
  return { what, scopes, probe: { method: 'POST', path, body: { inputs: [] } } }
}
