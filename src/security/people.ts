/**
 * Who of a company gets in, and as what. Each change is in the audit log with its transaction, and counts at once: a role
 * is read with the session, and who is removed has none any more. Another process heeds it within five seconds, for as long
 * as it remembers whom a cookie belongs to.
 */
import { randomUUID } from 'node:crypto'
import { HoldfastError } from '../contracts/errors.ts'
import { recordAudit } from '../store/audit.ts'
import type { Transaction } from '../store/database.ts'
import {
  disablePerson,
  findPerson,
  insertPerson,
  lockAdmins,
  updatePerson,
  type Person,
} from '../store/people.ts'
import { deleteLinksOf, revokeSessionsOf } from '../store/sessions.ts'
import type { Role } from './access.ts'
import { normaliseEmail } from './address-hash.ts'
import { createSignInLink, IDLE_MINUTES, type Sessions } from './sessions.ts'

/** Hours that the link of an invitation works: whoever gets it may be asleep. */
export const INVITATION_HOURS = 48

/** Who makes a change, for the audit log. */
export interface Author {
  readonly actor: string
  readonly requestId: string | null
}

/**
 * Somebody new, or somebody who was removed before, with a link that signs them in once.
 *
 * @returns the token of `<address>/sign-in?token=…`, which is shown this once
 * @throws HoldfastError `request_invalid` for what is no address; `conflict` when they are here already
 * @example
 * const { person, token } = await invitePerson(tx, { email: 'ann@example.com', name: 'Ann', role: 'operator' }, author)
 */
export async function invitePerson(
  tx: Transaction,
  { email, name, role }: { readonly email: string; readonly name: string; readonly role: Role },
  author: Author,
): Promise<{ readonly person: Person; readonly token: string }> {
  const address = normaliseEmail(email)
  if (address === null)
    throw new HoldfastError('request_invalid', `"${email}" is no e-mail address. Correct it.`)
  const person = await insertPerson(tx, {
    id: randomUUID(),
    email: address,
    name,
    role,
    origin: 'invited',
    createdBy: author.actor,
  })
  if (person === null)
    throw new HoldfastError(
      'conflict',
      `${address} is among the people of this company already. Change their role, or make them a new sign-in link.`,
    )
  await recordAudit(tx, { ...author, action: 'person.invite', object: address, detail: { name, role } })
  return { person, token: await linkFor(tx, person, author) }
}

/**
 * Another link for somebody who is here, such as one who lost the first. The ones before work no more.
 *
 * @throws HoldfastError `not_found`
 */
export async function renewInvitation(
  tx: Transaction,
  id: string,
  author: Author,
): Promise<{ readonly person: Person; readonly token: string }> {
  const person = (await findPerson(tx, id)) ?? nobody()
  await deleteLinksOf(tx, id)
  return { person, token: await linkFor(tx, person, author) }
}

function linkFor(tx: Transaction, person: Person, author: Author): Promise<string> {
  const { id, email, role } = person
  const minutes = INVITATION_HOURS * 60
  return createSignInLink(tx, { subject: email, role, person: id, minutes, ...author })
}

/**
 * Another name, another role, or both.
 *
 * @throws HoldfastError `not_found`; `conflict` when nobody would be admin any more
 */
export async function changePerson(
  tx: Transaction,
  {
    id,
    name,
    role,
  }: {
    readonly id: string
    readonly name?: string | undefined
    readonly role?: Role | undefined
  },
  author: Author,
  sessions: Pick<Sessions, 'forget'>,
): Promise<Person> {
  // The admins first: of two changes at one time each sees what the other did.
  const admins = await lockAdmins(tx)
  const before = (await findPerson(tx, id)) ?? nobody()
  const wanted = { name: name ?? before.name, role: role ?? before.role }
  if (wanted.role !== 'admin') expectAnotherAdmin(admins, id)
  const after = (await updatePerson(tx, id, wanted)) ?? nobody()
  if (after.role !== before.role)
    await recordAudit(tx, {
      ...author,
      action: 'person.role',
      object: after.email,
      detail: { from: before.role, to: after.role },
    })
  if (after.name !== before.name)
    await recordAudit(tx, {
      ...author,
      action: 'person.name',
      object: after.email,
      detail: { from: before.name, to: after.name },
    })
  tx.afterCommit(() => sessions.forget((caller) => caller.person === id))
  return after
}

/**
 * Ends their sessions and their links. What they did keeps their name.
 *
 * @throws HoldfastError `not_found`; `conflict` when nobody would be admin any more
 */
export async function removePerson(
  tx: Transaction,
  id: string,
  author: Author,
  sessions: Pick<Sessions, 'forget'>,
): Promise<void> {
  expectAnotherAdmin(await lockAdmins(tx), id)
  const person = (await disablePerson(tx, id)) ?? nobody()
  await deleteLinksOf(tx, id)
  const ended = await revokeSessionsOf(tx, person.email, { idleMinutes: IDLE_MINUTES })
  await recordAudit(tx, {
    ...author,
    action: 'person.remove',
    object: person.email,
    detail: { role: person.role, sessions: ended },
  })
  tx.afterCommit(() => sessions.forget((caller) => caller.person === id))
}

/**
 * An admin who never signed in is none yet: a mistyped address can be taken back, and does not count as the one who is
 * left.
 */
function expectAnotherAdmin(admins: readonly string[], id: string): void {
  if (!admins.includes(id) || admins.length > 1) return
  throw new HoldfastError(
    'conflict',
    'This is the last admin who has signed in. Make somebody else admin first, and have them sign in.',
  )
}

function nobody(): never {
  throw new HoldfastError('not_found', 'There is no such person here, or they were removed.')
}
