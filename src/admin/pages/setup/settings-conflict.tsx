/** Somebody saved settings meanwhile: what they changed, and a way to keep both. */
import { Conflict } from '../../parts/conflict.tsx'
import type { SettingsEditing } from '../../api/settings-edits.ts'
import { Failure } from '../../parts/loaded.tsx'

/** Also tells of any other failure to save. */
export function SettingsConflict({ settings }: { settings: SettingsEditing }) {
  const { conflict, saving, draft } = settings
  if (conflict === null)
    return saving.error === null ? null : <Failure error={saving.error} retry={settings.save} />
  const { saves, theirs, both, mergeable, version } = conflict
  const who = [...new Set(saves.map((one) => one.who))].join(' and ')
  return (
    <Conflict
      who={who === '' ? null : who}
      lines={theirs.map(({ path, label, before, after }) => ({
        key: path,
        label,
        before,
        after,
        both: both.includes(path),
      }))}
      mineLabel={mergeable ? 'Keep theirs and save mine as well' : 'Save mine over theirs'}
      busy={saving.busy}
      mine={() => saving.send({ version: mergeable ? (draft.base ?? version) : version, merge: mergeable })}
      theirs={() => {
        saving.reset()
        draft.clear()
      }}
    />
  )
}
