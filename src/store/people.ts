/** The people of a company who sign in: whom an admin invited, or a group of the sign-in service let in. */
import { asTenant, type TenantId } from '../contracts/ids.ts'
import type { Role } from '../security/access.ts'
import type { Transaction } from './database.ts'

export interface Person {
  readonly id: string
  /** As `normaliseEmail` has it. */
  readonly email: string
  readonly name: string
  readonly role: Role
  /** Who says the role: an admin of ours, or a group of the sign-in service. */
  readonly origin: 'invited' | 'group'
  readonly createdBy: string
  readonly createdAt: Date
  /** Null: not removed. */
  readonly removedAt: Date | null
  /** Null: never yet. */
  readonly lastSignInAt: Date | null
}

/** Of `people`, as {@link Person} has them. */
export const PERSON_COLUMNS = `id, email, name, role, origin, created_by as "createdBy", created_at as "createdAt",
  disabled_at as "removedAt", last_sign_in_at as "lastSignInAt"`

type NewPerson = Pick<Person, 'id' | 'email' | 'name' | 'role' | 'origin' | 'createdBy'>

/**
 * A new person, or one who was removed before and comes back as if new.
 *
 * @returns null when somebody with this address is here already
 */
export async function insertPerson(tx: Transaction, person: NewPerson): Promise<Person | null> {
  const [row] = await tx.query<Person>(
    `insert into people (tenant_id, id, email, name, role, origin, created_by)
     values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (tenant_id, email) do update
       set name = excluded.name, role = excluded.role, origin = excluded.origin, created_by = excluded.created_by,
         created_at = now(), disabled_at = null, last_sign_in_at = null, identity = null
       where people.disabled_at is not null
     returning ${PERSON_COLUMNS}`,
    [tx.tenant, person.id, person.email, person.name, person.role, person.origin, person.createdBy],
  )
  return row ?? null
}

/** Null: there is none with this id, or they were removed. */
export async function findPerson(tx: Transaction, id: string): Promise<Person | null> {
  const [row] = await tx.query<Person>(
    `select ${PERSON_COLUMNS} from people where tenant_id = $1 and id = $2 and disabled_at is null`,
    [tx.tenant, id],
  )
  return row ?? null
}

/** A role that is changed here is an admin's word from now on. */
export async function updatePerson(
  tx: Transaction,
  id: string,
  { name, role }: { readonly name: string; readonly role: Role },
): Promise<Person | null> {
  const [row] = await tx.query<Person>(
    `update people set name = $3, role = $4, origin = case when role = $4 then origin else 'invited' end
     where tenant_id = $1 and id = $2 and disabled_at is null returning ${PERSON_COLUMNS}`,
    [tx.tenant, id, name, role],
  )
  return row ?? null
}

/** @returns null when there is no such person any more */
export async function disablePerson(tx: Transaction, id: string): Promise<Person | null> {
  const [row] = await tx.query<Person>(
    `update people set disabled_at = now(), identity = null
     where tenant_id = $1 and id = $2 and disabled_at is null returning ${PERSON_COLUMNS}`,
    [tx.tenant, id],
  )
  return row ?? null
}

/**
 * The admins who have signed in, held until the transaction ends: of two who remove one another at the same time the
 * second finds who is left.
 */
export async function lockAdmins(tx: Transaction): Promise<readonly string[]> {
  const rows = await tx.query<{ id: string }>(
    `select id from people where tenant_id = $1 and role = 'admin' and disabled_at is null
       and last_sign_in_at is not null
     order by id for update`,
    [tx.tenant],
  )
  return rows.map(({ id }) => id)
}

/**
 * Notes that a person signs in, and holds their row: whoever removes them at the same time waits, and then finds the
 * session. In any transaction.
 *
 * @returns their address and role as they are now; null when they were removed
 */
export async function noteSignIn(
  tx: Transaction,
  { tenant, person }: { readonly tenant: TenantId; readonly person: string },
): Promise<{ readonly subject: string; readonly role: Role } | null> {
  const [row] = await tx.query<{ subject: string; role: Role }>(
    `update people set last_sign_in_at = now() where tenant_id = $1 and id = $2 and disabled_at is null
     returning email as subject, role`,
    [tenant, person],
  )
  return row ?? null
}

/** Where somebody with this address is, and as what. */
export interface Membership {
  readonly tenant: TenantId
  readonly company: string
  readonly id: string
  readonly role: Role
  readonly origin: Person['origin']
  /** Null: never signed in by a sign-in service. */
  readonly identity: Buffer | null
  readonly removed: boolean
}

/** In every company, those first that they signed in to last. In a system transaction. */
export async function membershipsOf(tx: Transaction, email: string): Promise<readonly Membership[]> {
  const rows = await tx.query<Omit<Membership, 'tenant'> & { tenant: string }>(
    `select p.tenant_id as tenant, t.name as company, p.id, p.role, p.origin, p.identity,
       p.disabled_at is not null as removed
     from people p join tenants t on t.id = p.tenant_id
     where p.email = $1 order by p.last_sign_in_at desc nulls last, t.created_at, t.id`,
    [email],
  )
  return rows.map(({ tenant, ...rest }) => ({ ...rest, tenant: asTenant(tenant) }))
}

/** From now on this person is who has this identity, and nobody else with their address. In any transaction. */
export async function bindIdentity(
  tx: Transaction,
  { tenant, person }: { readonly tenant: TenantId; readonly person: string },
  identity: Buffer,
): Promise<void> {
  await tx.query('update people set identity = $3 where tenant_id = $1 and id = $2', [
    tenant,
    person,
    identity,
  ])
}

/** What a group of the sign-in service says their role is today. */
export async function setGroupRole(tx: Transaction, id: string, role: Role): Promise<void> {
  await tx.query("update people set role = $3 where tenant_id = $1 and id = $2 and origin = 'group'", [
    tx.tenant,
    id,
    role,
  ])
}
