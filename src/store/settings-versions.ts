/** Versions of a tenant's settings, append-only: a decision names the one that it was made under. */
import { HoldfastError } from '../contracts/errors.ts'
import { budgetLimitOf } from '../settings/budget-limit.ts'
import { checkTemplates, parseServiceSettings, type ServiceSettings } from '../settings/service.ts'
import { setBudget } from './budget.ts'
import { forgetApprovals } from './approvals.ts'
import type { Transaction } from './database.ts'

export interface SettingsVersion {
  /** 0: nobody saved any yet, the defaults stand. */
  readonly version: number
  readonly settings: ServiceSettings
}

/**
 * @example
 * const { version, settings } = await currentSettings(tx)
 */
export async function currentSettings(tx: Transaction): Promise<SettingsVersion> {
  // Not prepared: pages and reports begin with this look, too, and read whole tables after it.
  const [row] = await tx.query<{ version: number; settings: string }>(
    'select version, settings::text as settings from settings_versions where tenant_id = $1 order by version desc limit 1',
    [tx.tenant],
  )
  return { version: row?.version ?? 0, settings: parsed(row?.settings ?? '{}') }
}

/** By their text, the newest last: those of companies that have work are read in every transaction of it. */
const parsedBefore = new Map<string, ServiceSettings>()
/** Characters of them, all in all; templates make one as long as a book. */
const KEPT = 4_000_000
let kept = 0

/** Shared by all who read the same text, so nobody may change them. */
function parsed(text: string): ServiceSettings {
  const known = parsedBefore.get(text)
  if (known !== undefined) return known
  const settings = frozen(parseServiceSettings(JSON.parse(text)))
  parsedBefore.set(text, settings)
  kept += text.length
  for (const oldest of parsedBefore.keys()) {
    if (kept <= KEPT) break
    parsedBefore.delete(oldest)
    kept -= oldest.length
  }
  return settings
}

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen)
  return value
}

/**
 * Settings as they were, such as those of a decision.
 *
 * @param version 0: the defaults
 * @throws HoldfastError `not_found`
 */
export async function settingsOfVersion(tx: Transaction, version: number): Promise<ServiceSettings> {
  if (version === 0) return parseServiceSettings({})
  const [row] = await tx.query<{ settings: unknown }>(
    'select settings from settings_versions where tenant_id = $1 and version = $2',
    [tx.tenant, version],
  )
  if (row === undefined)
    throw new HoldfastError('not_found', `There is no version ${version} of the settings.`)
  return parseServiceSettings(row.settings)
}

const REACHES_PEOPLE: ReadonlySet<string> = new Set(['test_list', 'live'])

/**
 * @param expected the version that the author saw
 * @returns the new version
 * @throws HoldfastError `conflict` when somebody saved another since, `settings_invalid`, `template_invalid`
 */
export async function saveSettings(
  tx: Transaction,
  value: unknown,
  { expected, author, note = null }: { expected: number; author: string; note?: string | null },
): Promise<number> {
  const settings = parseServiceSettings(value)
  checkTemplates(settings)
  const [saved] = await tx.query<{ version: number }>(
    `insert into settings_versions (tenant_id, version, settings, author, note)
     select $1, $2::integer + 1, $3::jsonb, $4, $5
     where coalesce((select max(version) from settings_versions where tenant_id = $1), 0) = $2
     on conflict do nothing returning version`,
    [tx.tenant, expected, JSON.stringify(settings), author, note],
  )
  if (saved !== undefined) {
    // What is planned from now on is held to the new budget, whatever was held before.
    await setBudget(tx, budgetLimitOf(settings), saved.version)
    // A yes that was said to a rehearsal is none to the real thing.
    const before = await settingsOfVersion(tx, expected)
    if (!REACHES_PEOPLE.has(before.delivery.mode) && REACHES_PEOPLE.has(settings.delivery.mode))
      await forgetApprovals(tx)
    return saved.version
  }
  throw new HoldfastError(
    'conflict',
    `The settings were changed since version ${expected}. Load them again and repeat the change.`,
  )
}
