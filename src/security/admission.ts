/**
 * Whom a sign-in at the provider lets in, and where: people whom an admin invited by the address that the provider has
 * verified, and, where groups are mapped to roles, those of the groups. Nobody else, however well the provider knows them.
 */
import { hash, randomUUID } from 'node:crypto'
import type { SignInServiceConfig } from '../config-sign-in.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { TenantId } from '../contracts/ids.ts'
import { recordAudit } from '../store/audit.ts'
import type { Database } from '../store/database.ts'
import { bindIdentity, insertPerson, membershipsOf, setGroupRole, type Membership } from '../store/people.ts'
import { revokeSessionsOf } from '../store/sessions.ts'
import { listTenants } from '../store/tenants.ts'
import { ROLES, type Role } from './access.ts'
import { IDLE_MINUTES, type NewSession, type Sessions, type SigningIn } from './sessions.ts'
import type { Identity } from './sign-in-service.ts'

export interface AdmissionServices {
  readonly database: Database
  readonly sessions: Sessions
  readonly config: Pick<SignInServiceConfig, 'name' | 'domains' | 'groups'>
}

/**
 * @returns a session in the company that they were in last
 * @throws HoldfastError `forbidden` for everybody who is not let in, with why
 * @example
 * const { token } = await admit(services, await service.finish(answer, attempt), { requestId, address, agent })
 */
export async function admit(
  services: AdmissionServices,
  identity: Identity,
  from: SigningIn,
): Promise<NewSession> {
  const { database, sessions, config } = services
  const { email } = identity
  if (email === null)
    throw new HoldfastError(
      'forbidden',
      `${config.name} gives no e-mail address that it has verified. Have it verified there, then sign in again.`,
    )
  const domain = email.slice(email.lastIndexOf('@') + 1)
  if (config.domains.length > 0 && !config.domains.includes(domain))
    throw new HoldfastError(
      'forbidden',
      `People sign in here with an address of ${config.domains.join(' or ')}.`,
    )
  const mark = Buffer.from(hash('sha256', `${identity.issuer}\n${identity.subject}`, 'hex'), 'hex')
  const byGroup = await followGroups(services, email, identity, mark)
  const places = await openPlaces(services, { email, mark, byGroup })
  for (const { tenant, id } of places) {
    const session = await database.withTenant(tenant, async (tx) => {
      await bindIdentity(tx, { tenant, person: id }, mark)
      const who = { subject: email, role: 'viewer', installation: false, person: id } as const
      return sessions.begin(tx, { ...who, tenant, means: 'service' }, from)
    })
    // Null: removed in this very moment.
    if (session !== null) return session
  }
  throw new HoldfastError(
    'forbidden',
    `${email} is not among the people of a company here. Have an admin invite this address.`,
  )
}

/**
 * Companies that somebody with this address and identity may come into now.
 *
 * @param who.byGroup the one that their groups let them into; whoever a group let in elsewhere once, before the settings
 *   named another company, is let in there by none any more
 */
async function openPlaces(
  { database, config }: AdmissionServices,
  {
    email,
    mark,
    byGroup,
  }: { readonly email: string; readonly mark: Buffer; readonly byGroup: TenantId | null },
): Promise<readonly Membership[]> {
  const all = await database.asSystem('sign in by the sign-in service', (tx) => membershipsOf(tx, email))
  const open = all.filter(
    ({ removed, origin, tenant }) => !removed && (origin === 'invited' || tenant === byGroup),
  )
  const own = open.filter((one) => one.identity === null || one.identity.equals(mark))
  if (own.length === 0 && open.length > 0)
    throw new HoldfastError(
      'forbidden',
      `${email} belongs to another account of ${config.name} than before. If it is the same person, have an admin remove and invite them anew.`,
    )
  return own
}

/** The role of the highest of their groups; null: none of them is mapped. */
function roleOf({ groups }: AdmissionServices['config'], identity: Identity): Role | null {
  const found = identity.groups.map((group) => groups?.roles.get(group))
  return ROLES.findLast((role) => found.includes(role)) ?? null
}

/**
 * What the groups say today: who is new comes in, whose group changed has its role, who is in none any more is out.
 * People whom an admin invited, or gave another role, stay what the admin said; people whom an admin removed stay out.
 *
 * @returns the company that they are let into by a group; null: by none
 */
async function followGroups(
  { database, sessions, config }: AdmissionServices,
  email: string,
  identity: Identity,
  mark: Buffer,
): Promise<TenantId | null> {
  if (config.groups === null) return null
  const { company: named } = config.groups
  const role = roleOf(config, identity)
  const { company, member } = await database.asSystem('groups of the sign-in service', async (tx) => {
    const tenants = await listTenants(tx)
    const company = tenants.find(({ id, name }) => id === named || name === named)?.id
    const members = await membershipsOf(tx, email)
    return { company, member: members.find(({ tenant }) => tenant === company) }
  })
  if (company === undefined)
    throw new HoldfastError(
      'forbidden',
      `OIDC_COMPANY names "${named}", and there is no such company here. Have whoever runs Holdfast correct it.`,
    )
  const entered = role === null ? null : company
  if (member === undefined) {
    if (role !== null) await letIn(database, company, { email, role, name: identity.name })
    return entered
  }
  if (member.removed || member.origin !== 'group') return entered
  // Somebody else's account under the same address says nothing about them.
  if (member.identity !== null && !member.identity.equals(mark)) return entered
  await database.withTenant(company, async (tx) => {
    if (role === null) await revokeSessionsOf(tx, email, { idleMinutes: IDLE_MINUTES })
    else if (role !== member.role) {
      await setGroupRole(tx, member.id, role)
      await recordAudit(tx, {
        actor: GROUPS,
        action: 'person.role',
        object: email,
        detail: { from: member.role, to: role },
      })
    }
    tx.afterCommit(() => sessions.forget((caller) => caller.person === member.id))
  })
  return entered
}

/** As the audit log names whose word it was. */
const GROUPS = 'sign-in service'

async function letIn(
  database: Database,
  company: TenantId,
  { email, role, name }: { readonly email: string; readonly role: Role; readonly name: string | null },
): Promise<void> {
  await database.withTenant(company, async (tx) => {
    const person = await insertPerson(tx, {
      id: randomUUID(),
      email,
      name: name ?? email,
      role,
      origin: 'group',
      createdBy: GROUPS,
    })
    // Null: they came in twice at the same time.
    if (person !== null)
      await recordAudit(tx, { actor: GROUPS, action: 'person.group', object: email, detail: { role } })
  })
}
