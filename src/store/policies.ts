/** Policies that were solved for a company's own catalogue, and which is in charge. The shipped one has no row. */
import type { PolicyContents } from '../../models/onnx/bundle-contents.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { Transaction } from './database.ts'

/** What came of solving for some beliefs. */
export interface KnownPolicy {
  /** SHA-256 of the beliefs that it was solved for. */
  readonly wanted: string
  /** SHA-256 over its bundle. */
  readonly hash: string
  readonly settingsVersion: number
  readonly seed: number
  readonly solvedAt: Date
  /** `PolicyFigures` as plain JSON. */
  readonly figures: unknown
  /** Why it may not take over; none when it may. */
  readonly problems: readonly string[]
}

export interface NewPolicy extends Omit<KnownPolicy, 'solvedAt'> {
  readonly contents: PolicyContents
}

const COLUMNS = `wanted, hash, settings_version as "settingsVersion", seed, solved_at as "solvedAt", figures, problems`

/** Results that a company keeps beside the one in charge: settings that go back and forth are answered at once. */
const KEPT = 8

/**
 * The hash of the company's own policy in charge; null: the shipped one is.
 *
 * @example
 * await engines.get(location, solvedPolicy(database, tenant, await policyInCharge(tx)))
 */
export async function policyInCharge(tx: Transaction): Promise<string | null> {
  const [row] = await tx.query<{ hash: string }>(
    `select hash from models
     where tenant_id = $1 and kind = 'policy' and status = 'champion' and connection_id is null`,
    [tx.tenant],
  )
  return row?.hash ?? null
}

/** The policy in charge with what came of solving it; null: the shipped one is. */
export async function knownInCharge(tx: Transaction): Promise<KnownPolicy | null> {
  const hash = await policyInCharge(tx)
  if (hash === null) return null
  const [row] = await tx.query<KnownPolicy>(
    `select ${COLUMNS} from policies where tenant_id = $1 and hash = $2`,
    [tx.tenant, hash],
  )
  return row ?? null
}

/** What came of solving for these beliefs, if somebody did. */
export async function knownPolicy(tx: Transaction, wanted: string): Promise<KnownPolicy | null> {
  const [row] = await tx.query<KnownPolicy>(
    `select ${COLUMNS} from policies where tenant_id = $1 and wanted = $2`,
    [tx.tenant, wanted],
  )
  return row ?? null
}

/**
 * The bundle of a policy, to be written and served.
 *
 * @throws HoldfastError `model_missing`
 */
export async function policyContentsOf(tx: Transaction, hash: string): Promise<PolicyContents> {
  const [row] = await tx.query<{ contents: string }>(
    'select contents from policies where tenant_id = $1 and hash = $2',
    [tx.tenant, hash],
  )
  if (row === undefined)
    throw new HoldfastError(
      'model_missing',
      `The policy ${hash.slice(0, 12)} is not in the database any more. Save the settings again, and it is solved anew.`,
    )
  const { onnx, ...rest } = JSON.parse(row.contents) as Omit<PolicyContents, 'onnx'> & { onnx: string }
  return { ...rest, onnx: Uint8Array.from(Buffer.from(onnx, 'base64')) }
}

/** Keeps what came of solving, also of one that is no good, and forgets the oldest results. */
export async function savePolicy(tx: Transaction, policy: NewPolicy): Promise<void> {
  const { wanted, hash, settingsVersion, seed, figures, problems, contents } = policy
  const text = JSON.stringify({ ...contents, onnx: Buffer.from(contents.onnx).toString('base64') })
  await tx.query(
    `insert into policies (tenant_id, wanted, hash, settings_version, seed, figures, problems, contents)
     values ($1, $2, $3, $4, $5, $6::jsonb, $7::text[], $8)
     on conflict do nothing`,
    [tx.tenant, wanted, hash, settingsVersion, seed, JSON.stringify(figures), problems, text],
  )
  await tx.query(
    `delete from policies p where p.tenant_id = $1
       and p.hash not in (select hash from policies where tenant_id = $1 order by solved_at desc limit $2)
       and not exists (
         select from models m where m.tenant_id = $1 and m.kind = 'policy' and m.hash = p.hash and m.status = 'champion'
       )`,
    [tx.tenant, KEPT],
  )
}

export interface RegisteredPolicy {
  readonly hash: string
  readonly name: string
  readonly version: string
  readonly card: unknown
}

/**
 * Puts a policy in charge of all of a company's connections, the one before is retired; null puts the shipped one back.
 * One statement after the other in the caller's transaction: whoever decides meanwhile sees the old one or the new one.
 *
 * @returns false: it was in charge already
 */
export async function putInCharge(tx: Transaction, policy: RegisteredPolicy | null): Promise<boolean> {
  const retired = await tx.query(
    `update models set status = 'retired', retired_at = clock_timestamp()
     where tenant_id = $1 and kind = 'policy' and status = 'champion' and connection_id is null
       and hash is distinct from $2
     returning hash`,
    [tx.tenant, policy?.hash ?? null],
  )
  if (policy === null) return retired.length > 0
  const put = await tx.query(
    `insert into models (tenant_id, hash, kind, connection_id, name, version, location, status, card)
     values ($1, $2, 'policy', null, $3, $4, $5, 'champion', $6::jsonb)
     on conflict (tenant_id, hash, connection_id) do update set status = 'champion', card = excluded.card,
       since = clock_timestamp(), retired_at = null
       where models.status <> 'champion'
     returning hash`,
    [
      tx.tenant,
      policy.hash,
      policy.name,
      policy.version,
      `policies/${policy.hash}`,
      JSON.stringify(policy.card ?? null),
    ],
  )
  return put.length > 0
}

/** Registers a policy that does not reach its bars, for the record. */
export async function refusePolicy(tx: Transaction, policy: RegisteredPolicy): Promise<void> {
  await tx.query(
    `insert into models (tenant_id, hash, kind, connection_id, name, version, location, status, card)
     values ($1, $2, 'policy', null, $3, $4, $5, 'challenger', $6::jsonb)
     on conflict (tenant_id, hash, connection_id) do nothing`,
    [
      tx.tenant,
      policy.hash,
      policy.name,
      policy.version,
      `policies/${policy.hash}`,
      JSON.stringify(policy.card ?? null),
    ],
  )
}

export interface ListedPolicy extends Omit<KnownPolicy, 'wanted' | 'seed' | 'figures'> {
  readonly inCharge: boolean
  /** Since when it is, or was last; null: never. */
  readonly since: Date | null
}

/** Everything that was solved and is kept, newest first. */
export function listPolicies(tx: Transaction): Promise<ListedPolicy[]> {
  return tx.query<ListedPolicy>(
    `select p.hash, p.settings_version as "settingsVersion", p.solved_at as "solvedAt", p.problems,
       coalesce(m.status = 'champion', false) as "inCharge", case when m.status <> 'challenger' then m.since end as since
     from policies p
     left join models m on m.tenant_id = p.tenant_id and m.kind = 'policy' and m.hash = p.hash and m.connection_id is null
     where p.tenant_id = $1 order by p.solved_at desc, p.hash`,
    [tx.tenant],
  )
}

/** Since when the shipped policy serves again; null: since the beginning. */
export async function shippedSince(tx: Transaction): Promise<Date | null> {
  const [row] = await tx.query<{ at: Date | null }>(
    `select max(retired_at) as at from models
     where tenant_id = $1 and kind = 'policy' and status = 'retired' and connection_id is null`,
    [tx.tenant],
  )
  return row?.at ?? null
}
