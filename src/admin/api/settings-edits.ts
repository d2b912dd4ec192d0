/** Settings as a step of set-up changes them: single fields by their paths, over the version that was looked at. */
import type { SettingsConflict } from '../../loop/change-settings.ts'
import type { SettingsAnswer } from '../../server/api/settings-shapes.ts'
import { useDraft, type Draft } from './draft.ts'
import { useRead, useSend, type Read, type Sending } from './queries.ts'
import { Refusal } from './request.ts'

/** By path, as PATCH /v1/settings takes them: `{ 'catalogue.sms.fixedCost': 0.07 }`. */
export type Edits = Readonly<Record<string, unknown>>

export interface SettingsEditing {
  readonly read: Read<SettingsAnswer>
  readonly draft: Draft<Edits, number>
  readonly edits: Edits
  /** A field as it would be. */
  value(path: string): unknown
  /** A field as it is saved. */
  saved(path: string): unknown
  /** All of them as they would be. */
  whole(): Record<string, unknown>
  set(path: string, value: unknown): void
  readonly saving: Sending<Save>
  readonly conflict: SettingsConflict | null
  /** What is wrong, by path. */
  readonly wrong: ReadonlyMap<string, string>
  /** Saves what was changed, made from the version that was looked at. */
  save(): void
}

export interface Save {
  readonly version: number
  readonly merge: boolean
}

/**
 * @param name of the step, whose draft is kept apart from that of others
 * @param done is called when all of it is in force
 * @example
 * const settings = useSettingsEditing('levels', () => go('actions'))
 * settings.set('levels', { kind: 'reference' })
 */
export function useSettingsEditing(name: string, done: () => void): SettingsEditing {
  const read = useRead<SettingsAnswer>('/v1/settings')
  const draft = useDraft<Edits, number>(`settings ${name}`)
  const edits = draft.value ?? {}
  const now = read.data
  const saving = useSend<Save>(
    ({ version, merge }) => ({
      path: `/v1/settings${merge ? '?onConflict=merge' : ''}`,
      method: 'PATCH',
      headers: { 'If-Match': `"${version}"` },
      body: { set: edits },
    }),
    {
      quiet: true,
      changed: ['/v1/settings', '/v1/setup', '/v1/frame'],
      after: () => {
        draft.clear()
        done()
      },
    },
  )
  const problem = saving.error instanceof Refusal ? saving.error.problem : null
  const valueOf = (path: string): unknown => (path in edits ? edits[path] : valueAt(now?.settings, path))
  return {
    read,
    draft,
    edits,
    value: valueOf,
    saved: (path) => valueAt(now?.settings, path),
    whole: () =>
      Object.entries(edits).reduce(
        (all, [path, value]) => withValue(all, path.split('.'), value),
        asRecord(now?.settings),
      ),
    set: (path, value) => {
      if (now === undefined) return
      saving.reset()
      const { [path]: _, ...others } = edits
      const next = isSame(valueAt(now.settings, path), value) ? others : { ...others, [path]: value }
      if (Object.keys(next).length === 0) draft.clear()
      else draft.set(next, now.version)
    },
    saving,
    conflict: problem?.conflict ?? null,
    wrong: new Map((problem?.fields ?? []).map(({ path, message }) => [path, message])),
    save: () => {
      if (now === undefined) return
      if (Object.keys(edits).length === 0) done()
      else saving.send({ version: draft.base ?? now.version, merge: false })
    },
  }
}

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)

const asRecord = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {}

/** Rows of a list, such as actions of one's own, are named by their keys. */
function valueAt(settings: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (value, step) =>
        Array.isArray(value)
          ? value.find((row: unknown) => asRecord(row)['key'] === step)
          : asRecord(value)[step],
      settings,
    )
}

/** A copy in which a field stands as given; what lies around it stays the same object. */
function withValue(
  whole: Record<string, unknown>,
  [step, ...rest]: readonly string[],
  value: unknown,
): Record<string, unknown> {
  if (rest.length === 0) return { ...whole, [step]: value }
  const inner = whole[step]
  if (!Array.isArray(inner)) return { ...whole, [step]: withValue(asRecord(inner), rest, value) }
  const [key, ...below] = rest
  const rows: readonly unknown[] = inner
  return {
    ...whole,
    [step]: rows.map((row) => (asRecord(row)['key'] === key ? withValue(asRecord(row), below, value) : row)),
  }
}
