/** The installation's own admin: the hash of one password. In system transactions alone; no company may look. */
import type { Transaction } from './database.ts'

/** @returns as `hashPassword` made it; null: none is set */
export async function readLocalPassword(tx: Transaction): Promise<string | null> {
  const [row] = await tx.query<{ password: string }>('select password from local_admin')
  return row?.password ?? null
}

/** Null takes it away. Whoever signed in by the one before is signed out. */
export async function keepLocalPassword(tx: Transaction, password: string | null): Promise<void> {
  if (password === null) await tx.query('delete from local_admin')
  else
    await tx.query(
      `insert into local_admin (password) values ($1)
       on conflict (one) do update set password = excluded.password, set_at = now()`,
      [password],
    )
  await tx.query("update sessions set revoked_at = now() where means = 'password' and revoked_at is null")
}
