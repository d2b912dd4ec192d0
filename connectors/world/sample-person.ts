/** The people at a made-up company, as any CRM would know them. */
import type { Random } from '../../models/random.ts'
import { drawNumber, type Place } from './sample-firm.ts'

const FIRST =
  'Alex Anouk Bao Camille Dara Emre Freya Gül Hanna Ivo Jonas Kim Lea Mika Noor Olu Pia Quinn Remy Sanne Tomás Uma Vera Wim Yara Zoë'.split(
    ' ',
  )
const LAST =
  'Ahlers Bakker Çelik Dubois Engel Fischer Garcia Hughes Ivanova Jansen Klein Lindqvist Moreau Novak Okafor Petit Quist Rossi Smith Tanaka Ünal Visser Weber Young'.split(
    ' ',
  )

/** Job titles by what somebody decides on, in the languages of the people: nobody keeps them alike. */
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

export interface Person {
  readonly email: string | null
  readonly first: string | null
  readonly last: string | null
  readonly title: string | null
  readonly phone: string | null
  readonly mobile: string | null
  readonly language: string | null
  readonly timezone: string | null
}

/** @param which number of the person at this company, from 0: the first decides more often than the others */
export function drawPerson(rng: Random, place: Place, index: number, which: number): Person {
  const first = FIRST[rng.integer(FIRST.length)]
  const last = LAST[rng.integer(LAST.length)]
  const titles = TITLES[KINDS[which % KINDS.length]]
  const address = `${plain(first)}.${plain(last)}.c${index + 1}${which === 0 ? '' : `-${which + 1}`}`
  const email = rng.next() < 0.05 ? null : `${address}@example.${rng.next() < 0.6 ? 'com' : 'org'}`
  return {
    email,
    first: rng.next() < 0.02 ? null : first,
    last: rng.next() < 0.03 ? null : rng.next() < 0.01 ? `${last} 🌻` : last,
    title: rng.next() < 0.1 ? null : titles[rng.integer(titles.length)],
    phone: drawNumber(rng, 0.4, place.phone),
    mobile: drawNumber(rng, 0.3, place.mobile),
    language: rng.next() < 0.25 ? null : place.language,
    timezone: rng.next() < 0.5 ? null : place.timezone,
  }
}

/** Whether somebody agreed to be written to: the first at a customer as the world says, the others by chance. */
export function drawConsent(
  rng: Random,
  which: number,
  ofTheFirst: string | number | null,
): string | number | null {
  if (which === 0) return ofTheFirst
  return rng.next() < 0.75 ? 'Yes' : rng.next() < 0.5 ? 'No' : null
}

/** ASCII for an address. */
function plain(name: string): string {
  return name.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase()
}
