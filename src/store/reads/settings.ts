/** Versions of a tenant's settings as they were saved: the newest first, and one of them. */
import { z } from 'zod'
import { HoldfastError } from '../../contracts/errors.ts'
import type { Transaction } from '../database.ts'
import { pageOf, pageSize, readCursor, type Page, type PageRequest } from './paging.ts'

export interface SavedSettings {
  readonly version: number
  /** Null of version 0: nobody saved the defaults. */
  readonly at: Date | null
  readonly author: string | null
  /** Why, where something other than a person at the form saved it. */
  readonly note: string | null
  /** As it was saved, which today's schema may refuse. */
  readonly settings: unknown
}

export interface SettingsStep extends SavedSettings {
  /** What it was made from: the settings of the version before. */
  readonly before: unknown
}

const COLUMNS = 'version, created_at as at, author, note, settings'

/**
 * @param request at most 50 a page: each of them is a book of settings
 * @throws HoldfastError `request_invalid` for a cursor of another list
 */
export async function listSettingsVersions(
  tx: Transaction,
  request: PageRequest,
): Promise<Page<SettingsStep>> {
  const size = Math.min(MOST, pageSize(request))
  const after = readCursor('settings', request, z.tuple([z.int().min(0).max(999_999_999)]))
  const rows = await tx.query<SavedSettings>(
    `select ${COLUMNS} from settings_versions
     where tenant_id = $1 and ($2::integer is null or version < $2) order by version desc limit $3`,
    [tx.tenant, after?.[0] ?? null, size + 1],
  )
  const page = pageOf(rows, size, 'settings', ({ version }) => [version])
  // Versions are numbered without a gap, so that the row beneath is what each was made from.
  return {
    ...page,
    items: page.items.map((row, at) => ({ ...row, before: rows[at + 1]?.settings ?? {} })),
  }
}

export const MOST = 50

/**
 * @param version 0: the defaults
 * @throws HoldfastError `not_found`
 */
export async function readSettingsVersion(tx: Transaction, version: number): Promise<SavedSettings> {
  if (version === 0) return { version, at: null, author: null, note: null, settings: {} }
  const [row] = await tx.query<SavedSettings>(
    `select ${COLUMNS} from settings_versions where tenant_id = $1 and version = $2`,
    [tx.tenant, version],
  )
  if (row === undefined)
    throw new HoldfastError(
      'not_found',
      `There is no version ${version} of the settings. GET /v1/settings/versions lists them.`,
    )
  return row
}

/** Who saved what since a version, oldest first, at most 20. */
export function savedSince(
  tx: Transaction,
  version: number,
): Promise<readonly Pick<SavedSettings & { at: Date; author: string }, 'version' | 'at' | 'author'>[]> {
  return tx.query(
    `select version, created_at as at, author from settings_versions
     where tenant_id = $1 and version > $2 order by version limit 20`,
    [tx.tenant, version],
  )
}
