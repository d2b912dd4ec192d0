/** The people at a company, as contacts of the sample. */
import type { Random } from '../../../models/random.ts'
import type { Place } from './sample-company.ts'

const FIRST =
  'Alex Anouk Bao Camille Dara Emre Freya Gül Hanna Ivo Jonas Kim Lea Mika Noor Olu Pia Quinn Remy Sanne Tomás Uma Vera Wim Yara Zoë'.split(
    ' ',
  )
const LAST =
  'Ahlers Bakker Çelik Dubois Engel Fischer Garcia Hughes Ivanova Jansen Klein Lindqvist Moreau Novak Okafor Petit Quist Rossi Smith Tanaka Ünal Visser Weber Young'.split(
    ' ',
  )

/** Job titles by what somebody decides on, in the languages of the portal: nobody keeps them alike. */
const TITLES: Readonly<Record<string, readonly string[]>> = {
  decides: ['CEO', 'Managing Director', 'Geschäftsführerin', 'Directeur général', 'Founder & CEO', 'Owner'],
  buys: ['Head of Procurement', 'Einkauf', 'CFO', 'Finance Manager', 'Responsable achats'],
  uses: [
    'Head of Operations',
    'Customer Success Lead',
    'IT Manager',
    'Office Manager',
    'Teamleiter',
    'Admin',
  ],
}
const KINDS = ['decides', 'uses', 'buys', 'uses', 'uses'] as const

const ZONES: Readonly<Record<string, string>> = {
  'Europe/Berlin': 'europe_slash_berlin',
  'Europe/Vienna': 'europe_slash_berlin',
  'Europe/London': 'europe_slash_london',
  'America/New_York': 'america_slash_new_york',
}

export interface Person {
  readonly email: string | null
  readonly properties: Readonly<Record<string, string | null>>
}

/** @param which number of the person at this company, from 0: the first decides more often than the others */
export function drawPerson(rng: Random, place: Place, company: string, index: number, which: number): Person {
  const first = FIRST[rng.integer(FIRST.length)]
  const last = LAST[rng.integer(LAST.length)]
  const titles = TITLES[KINDS[which % KINDS.length]]
  const address = `${plain(first)}.${plain(last)}.c${index + 1}${which === 0 ? '' : `-${which + 1}`}`
  const email = rng.next() < 0.05 ? null : `${address}@example.${rng.next() < 0.6 ? 'com' : 'org'}`
  return {
    email,
    properties: {
      firstname: rng.next() < 0.02 ? null : first,
      lastname: rng.next() < 0.03 ? null : rng.next() < 0.01 ? `${last} 🌻` : last,
      email,
      jobtitle: rng.next() < 0.1 ? null : titles[rng.integer(titles.length)],
      phone: rng.next() < 0.4 ? null : `+49 40 555 0${String(rng.integer(1000)).padStart(3, '0')}`,
      mobilephone: rng.next() < 0.6 ? null : `+49 151 555 0${String(rng.integer(1000)).padStart(3, '0')}`,
      company,
      country: place.country,
      hs_language: rng.next() < 0.25 ? null : place.language,
      hs_timezone: rng.next() < 0.5 ? null : (ZONES[place.timezone] ?? null),
    },
  }
}

/** ASCII for an address. */
function plain(name: string): string {
  return name.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase()
}
