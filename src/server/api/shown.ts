/** What a caller is shown of lines that may name a person. */
import type { Caller } from '../../security/access.ts'
import { maskEmail, maskName, seesPeople } from '../../security/masking.ts'

/** A name, and whether it may be that of a person: `MAY_BE_PERSON` of src/store/reads/persons.ts. */
interface Named {
  readonly customerName: string | null
  readonly person: boolean
}

/**
 * The name of a customer: in full of companies, and of what may be people to those who are shown people.
 *
 * @example
 * customerNameFor(caller, { customerName: 'Ines Vogt', person: true }) // 'I••• V•••' for a viewer
 */
export function customerNameFor(caller: Caller, { customerName, person }: Named): string | null {
  return customerName === null || !person || seesPeople(caller) ? customerName : maskName(customerName)
}

/** A line as it may be shown. */
export const lineFor = <Line extends Named>(caller: Caller, line: Line): Line => ({
  ...line,
  customerName: customerNameFor(caller, line),
})

/** Whoever is responsible, by name or address: a person. */
export function responsibleFor(caller: Caller, responsible: string | null): string | null {
  if (responsible === null || seesPeople(caller)) return responsible
  return responsible.includes('@') ? maskEmail(responsible) : maskName(responsible)
}

/** As {@link responsibleFor}, of all that is known of them. Some CRMs have the address for an id. */
export function responsibleShown<
  Person extends { readonly id: string; readonly name: string | null; readonly email: string | null },
>(caller: Caller, person: Person): Person {
  if (seesPeople(caller)) return person
  const shown = (text: string | null): string | null => responsibleFor(caller, text)
  return {
    ...person,
    id: person.id.includes('@') ? maskEmail(person.id) : person.id,
    name: shown(person.name),
    email: shown(person.email),
  }
}
