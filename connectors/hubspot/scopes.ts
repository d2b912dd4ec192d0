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
  readonly probe: Pick<HubSpotCall<unknown>, 'method' | 'path' | 'query' | 'body'>
}

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
      what: 'read consent to e-mails',
      scopes: ['communication_preferences.statuses.batch.read'],
      probe: {
        method: 'POST',
        path: `${preferences}/statuses/batch/read`,
        query: { channel: 'EMAIL' },
        body: { inputs: [] },
      },
    },
    writing(
      'write consent to e-mails',
      ['communication_preferences.statuses.batch.write'],
      `${preferences}/statuses/batch/write`,
    ),
  ]
}

/** All scopes that a connection asks for, each once. */
export function scopesFor(place: ScopePlace): readonly string[] {
  return [...new Set(callGroups(place).map(({ scopes }) => scopes[0]))]
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
    return groups.filter(({ scopes }) => !scopes.some((scope) => has.has(scope)))
  }
  const lacking: CallGroup[] = []
  for (const group of groups) {
    try {
      await client.call({ ...group.probe, schema: z.unknown(), repeatable: true })
    } catch (error) {
      const status = failureOf(error)?.status
      if (status === 403) lacking.push(group)
      else if (!(error instanceof HoldfastError) || status === undefined || ![400, 404].includes(status))
        throw error
    }
  }
  return lacking
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
