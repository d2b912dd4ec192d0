/**
 * The way in when no other is left: one password of the installation, for whoever holds the machine. It has no user name,
 * so that nobody can ask which ones there are.
 */
import { HoldfastError } from '../contracts/errors.ts'
import { recordAudit } from '../store/audit.ts'
import type { Database } from '../store/database.ts'
import { keepLocalPassword, readLocalPassword } from '../store/local-admin.ts'
import { listTenants } from '../store/tenants.ts'
import type { Attempts } from './attempts.ts'
import { hashPassword, isPassword } from './password.ts'
import type { NewSession, Sessions, SigningIn } from './sessions.ts'

/** As sessions and the audit log name whoever signs in by it. */
const LOCAL_ADMIN = 'local admin'

/**
 * Sets the password, or takes it away. Sessions that began with the one before end. The oldest company's audit log says
 * so; while there is no company, none does.
 *
 * @throws HoldfastError `usage` for a password that is too short
 */
export async function setLocalPassword(
  database: Database,
  { password, actor }: { readonly password: string | null; readonly actor: string },
): Promise<void> {
  const kept = password === null ? null : await hashPassword(password)
  const company = await database.asSystem('the local password', async (tx) => {
    await keepLocalPassword(tx, kept)
    return (await listTenants(tx))[0]?.id
  })
  if (company === undefined) return
  await database.withTenant(company, (tx) =>
    recordAudit(tx, { actor, action: kept === null ? 'local_password.remove' : 'local_password.set' }),
  )
}

/** Guesses that wait for the one before: each takes 128 MiB while it is looked at. */
const MOST_WAITING = 8

export interface LocalAdmin {
  /**
   * @returns a session in the oldest company, which may go on in every other
   * @throws HoldfastError `unauthenticated`; `too_many_requests` after too many wrong ones from an address
   */
  signIn(
    services: { readonly database: Database; readonly sessions: Sessions },
    password: string,
    from: SigningIn & { readonly address: string },
  ): Promise<NewSession>
}

/** One for each server: guesses wait for one another. */
export function openLocalAdmin(attempts: Attempts): LocalAdmin {
  const inTurn = oneAtATime()

  return {
    signIn: ({ database, sessions }, password, from) =>
      inTurn(async () => {
        // In here, where one is looked at after the other: many at once get no more guesses than few.
        await attempts.check(from.address)
        const { kept, company } = await database.asSystem('sign in by the local password', async (tx) => ({
          kept: await readLocalPassword(tx),
          company: (await listTenants(tx)).at(0),
        }))
        if (!(await isPassword(kept, password)) || company === undefined) {
          await attempts.failed(from.address)
          throw notIt()
        }
        const who = { subject: LOCAL_ADMIN, role: 'admin', installation: true, person: null } as const
        const session = await database.withTenant(company.id, (tx) =>
          sessions.begin(tx, { ...who, tenant: company.id, means: 'password' }, from),
        )
        return session ?? never()
      }),
  }
}

function notIt(): HoldfastError {
  return new HoldfastError(
    'unauthenticated',
    'This is not the password of this installation. Whoever holds its machine sets one with "holdfast password".',
  )
}

/** Only people are removed. */
function never(): never {
  throw new HoldfastError('internal', 'The local admin was taken for a person.')
}

function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0
  return async (work) => {
    if (waiting >= MOST_WAITING)
      throw new HoldfastError(
        'too_many_requests',
        'Too many sign in by password at this moment. Wait some seconds and try again.',
        { retryable: true, cause: { retryAfter: 5 } },
      )
    waiting++
    const mine = last.then(work)
    last = mine.catch(() => undefined)
    try {
      return await mine
    } finally {
      waiting--
    }
  }
}
