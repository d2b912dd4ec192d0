/** The people at a company, as contacts of the sample. */
import type { Random } from '../../../models/random.ts'
import type { Place } from '../../world/sample-firm.ts'
import { drawPerson } from '../../world/sample-person.ts'

/** HubSpot's own names of zones. */
const ZONES: Readonly<Record<string, string>> = {
  'Europe/Berlin': 'europe_slash_berlin',
  'Europe/Vienna': 'europe_slash_berlin',
  'Europe/London': 'europe_slash_london',
  'Europe/Paris': 'europe_slash_paris',
  'Europe/Amsterdam': 'europe_slash_amsterdam',
  'America/New_York': 'america_slash_new_york',
  'America/Los_Angeles': 'america_slash_los_angeles',
  'Australia/Sydney': 'australia_slash_sydney',
}

/** @param which number of the person at this company, from 0 */
export function contactProperties(
  rng: Random,
  { place, company, index, which }: { place: Place; company: string; index: number; which: number },
): { readonly email: string | null } & Readonly<Record<string, string | null>> {
  const person = drawPerson(rng, place, index, which)
  return {
    firstname: person.first,
    lastname: person.last,
    email: person.email,
    jobtitle: person.title,
    phone: person.phone,
    mobilephone: person.mobile,
    company,
    country: place.country,
    hs_language: person.language,
    hs_timezone: person.timezone === null ? null : (ZONES[person.timezone] ?? null),
  }
}
