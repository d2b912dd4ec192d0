/** The people who may be written to: the contacts of a company, best first, or the contact itself. */
import { countryOf, languageOf, zoneOf } from '../csv/recipient-cells.ts'
import type { Properties, Recipient } from '../connector.ts'
import { ranking } from '../roles.ts'
import { associationsOf, type Associated } from './associations.ts'
import type { HubSpotClient } from './client.ts'
import type { HubSpotConfig } from './config.ts'
import { consentsOf, optOutProperties } from './consent.ts'
import type { Objects, RawRecord } from './objects.ts'
import { isoTime } from './values.ts'

export interface RecipientSource {
  readonly client: HubSpotClient
  readonly objects: Objects
  readonly config: HubSpotConfig
  /** Contacts as they were read a moment ago, with {@link contactProperties}; those that are not here are read. */
  readonly recent: (id: string) => RawRecord | undefined
}

/**
 * What has to be known of a contact.
 *
 * @example
 * contactProperties({ subscription: '87' }).includes('hs_email_optout_87') // true
 */
export function contactProperties({ subscription }: Pick<HubSpotConfig, 'subscription'>): readonly string[] {
  return [
    'email',
    'firstname',
    'lastname',
    'jobtitle',
    'hs_buying_role',
    'phone',
    'mobilephone',
    'hs_language',
    'hs_timezone',
    'country',
    'hs_country_region_code',
    'notes_last_updated',
    'createdate',
    ...optOutProperties(subscription),
  ]
}

/**
 * @returns those of a customer together, best first: by the roles of the config, then those who belong to the company
 *   above all others, then those with whom there was contact last
 */
export async function recipientsOf(
  source: RecipientSource,
  ids: readonly string[],
): Promise<readonly Recipient[]> {
  if (ids.length === 0) return []
  const { client, config } = source
  const belonging =
    config.object === 'contacts'
      ? new Map(ids.map((id) => [id, [{ id, labels: [], primary: true }] as readonly Associated[]]))
      : await associationsOf(client, 'companies', 'contacts', ids)
  const contacts = await readContacts(
    source,
    [...belonging.values()].flatMap((list) => list.map(({ id }) => id)),
  )
  const consents = await consentsOf(
    client,
    config,
    [...contacts.values()].map(({ id, properties }) => ({
      id,
      email: properties['email'] || null,
      properties: properties as Properties,
    })),
  )
  const rank = ranking(config.recipients.roles)
  return [...belonging].flatMap(([customerId, list]) =>
    oncePerContact(list)
      .flatMap((one) => {
        const contact = contacts.get(one.id)
        if (contact === undefined) return []
        const { hs_buying_role: buying, jobtitle } = contact.properties
        const labels = [...one.labels, ...(buying ?? '').split(';')]
        return [{ ...one, contact, rank: rank(labels, jobtitle ?? '') }]
      })
      .sort(
        (a, b) =>
          a.rank - b.rank ||
          Number(b.primary) - Number(a.primary) ||
          compare(lastContact(b.contact), lastContact(a.contact)) ||
          Number(a.id) - Number(b.id),
      )
      .map(({ contact, labels }) => recipientOf(customerId, contact, labels, consents.get(contact.id)!)),
  )
}

async function readContacts(
  { objects, config, recent }: RecipientSource,
  ids: readonly string[],
): Promise<ReadonlyMap<string, RawRecord>> {
  const wanted = [...new Set(ids)]
  const known = wanted.flatMap((id) => recent(id) ?? [])
  const have = new Set(known.map(({ id }) => id))
  const read = await objects.batch(
    'contacts',
    wanted.filter((id) => !have.has(id)),
    { properties: contactProperties(config) },
  )
  return new Map([...known, ...read].map((contact) => [contact.id, contact]))
}

/** A contact is told once for each label that it has. */
function oncePerContact(list: readonly Associated[]): readonly Associated[] {
  const byId = new Map<string, Associated>()
  for (const one of list) {
    const other = byId.get(one.id)
    byId.set(one.id, {
      id: one.id,
      labels: [...new Set([...(other?.labels ?? []), ...one.labels])],
      primary: one.primary || other?.primary === true,
    })
  }
  return [...byId.values()]
}

function recipientOf(
  customerId: string,
  { id, properties }: RawRecord,
  labels: readonly string[],
  consent: Recipient['consent'],
): Recipient {
  const text = (name: string): string | null => properties[name]?.trim() || null
  const name = [text('firstname'), text('lastname')].filter((part) => part !== null).join(' ')
  return {
    customerId,
    id,
    name: name || null,
    role: text('jobtitle') ?? labels[0] ?? null,
    email: text('email'),
    phone: text('mobilephone') ?? text('phone'),
    language: languageOf(text('hs_language')),
    zone: zoneOf(zoneName(text('hs_timezone'))),
    country: countryOf(text('hs_country_region_code')) ?? countryOf(text('country')),
    consent,
  }
}

/**
 * HubSpot's options have no slash in them.
 *
 * @example zoneName('america_slash_new_york') // 'america/new_york'
 */
function zoneName(option: string | null): string | null {
  return option?.replaceAll('_slash_', '/').replaceAll('_hyphen_', '-').replaceAll('_plus_', '+') ?? null
}

function lastContact({ properties }: RawRecord): string {
  return isoTime(properties['notes_last_updated'] ?? '') ?? isoTime(properties['createdate'] ?? '') ?? ''
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
