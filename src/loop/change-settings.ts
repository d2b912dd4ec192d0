/**
 * Saves settings for somebody who looked at a version of them. Who saves after another is told what they changed, and
 * nothing is lost: either nothing of theirs is saved, or, where they ask for it, what both changed is put together.
 */
import { actorName } from '../contracts/actor.ts'
import { HoldfastError } from '../contracts/errors.ts'
import { changed, compare, type Change, type Merge } from '../settings/changes.ts'
import { asToday, wordsOf } from '../settings/history.ts'
import { parseServiceSettings, type ServiceSettings } from '../settings/service.ts'
import { settingsFields } from '../settings/sections.ts'
import { told, type ToldChange } from '../settings/words.ts'
import type { Transaction } from '../store/database.ts'
import { lockNames } from '../store/named-locks.ts'
import { readSettingsVersion, savedSince } from '../store/reads/settings.ts'
import { currentSettings, saveSettings } from '../store/settings-versions.ts'

export interface SettingsRequest {
  /** The version that its author looked at. */
  readonly looked: number
  /** What they want, made of what they looked at. */
  wanted(looked: unknown): unknown
  /** `merge`: where both changed other fields, both are kept. */
  readonly onConflict: 'refuse' | 'merge'
  readonly author: string
  readonly note?: string | null
}

export interface SavedChange {
  readonly version: number
  readonly settings: ServiceSettings
  /** Whether somebody else had saved meanwhile, and what they changed was kept. */
  readonly merged: boolean
}

/** What goes with the error `conflict`. */
export interface SettingsConflict {
  /** The newest, which theirs are part of. */
  readonly version: number
  readonly saves: readonly { readonly version: number; readonly at: string; readonly who: string }[]
  readonly theirs: readonly ToldChange[]
  readonly yours: readonly ToldChange[]
  /** Paths of yours that they changed as well, to something else. */
  readonly both: readonly string[]
  /** Whether `onConflict=merge` would keep what both changed. */
  readonly mergeable: boolean
}

/**
 * @throws HoldfastError `conflict` with {@link SettingsConflict}, `settings_invalid`, `template_invalid`, `not_found` for
 *   a version that never was
 * @example
 * await changeSettings(tx, { looked: 3, wanted: () => body, onConflict: 'refuse', author: caller.actor })
 */
export async function changeSettings(tx: Transaction, request: SettingsRequest): Promise<SavedChange> {
  const { looked, onConflict, author, note = null } = request
  // One after the other, so that each sees what the one before saved.
  await lockNames(tx, ['settings'])
  const current = await currentSettings(tx)
  const merged = looked !== current.version
  const next = merged
    ? await mergedWith(tx, current, request, onConflict === 'merge')
    : request.wanted(current.settings)
  await saveSettings(tx, next, { expected: current.version, author, note })
  return { ...(await currentSettings(tx)), merged }
}

async function mergedWith(
  tx: Transaction,
  current: { readonly version: number; readonly settings: ServiceSettings },
  { looked, wanted }: Pick<SettingsRequest, 'looked' | 'wanted'>,
  asked: boolean,
): Promise<unknown> {
  const base = asToday((await readSettingsVersion(tx, looked)).settings)
  const yours = parseServiceSettings(wanted(base.settings))
  const merge = compare(settingsFields(), { base: base.settings, theirs: current.settings, yours })
  if (asked && merge.both.length === 0) return changed(settingsFields(), current.settings, merge.yours)
  const saves = await savedSince(tx, looked)
  throw conflict(merge, {
    version: current.version,
    saves: saves.map(({ version, at, author }) => ({
      version,
      at: at.toISOString(),
      who: actorName(author),
    })),
    tell: (changes) => {
      const words = wordsOf(current.settings, base.valid, yours)
      return changes.map((one) => told(one, words))
    },
  })
}

function conflict(
  { theirs, yours, both }: Merge,
  {
    version,
    saves,
    tell,
  }: Pick<SettingsConflict, 'version' | 'saves'> & {
    readonly tell: (changes: readonly Change[]) => readonly ToldChange[]
  },
): HoldfastError {
  const toldBoth = tell(both)
  const mergeable = both.length === 0
  const others = [...new Set(saves.map(({ who }) => who))].join(' and ')
  const next = mergeable
    ? 'You changed other fields than they did: save again with onConflict=merge, and both are kept.'
    : `Both of you changed ${listed(toldBoth.map(({ label }) => label))}: look at what they saved, and repeat what you still want.`
  const found: SettingsConflict = {
    version,
    saves,
    theirs: tell(theirs),
    yours: tell(yours),
    both: toldBoth.map(({ path }) => path),
    mergeable,
  }
  return new HoldfastError(
    'conflict',
    `${others} saved the settings meanwhile (version ${version}), so nothing of yours is saved. ${next}`,
    { cause: { conflict: found } },
  )
}

function listed(labels: readonly string[]): string {
  const [first, second, ...rest] = labels.map((label) => `“${label}”`)
  if (second === undefined) return first
  return rest.length === 0 ? `${first} and ${second}` : `${first}, ${second} and ${rest.length} more`
}
