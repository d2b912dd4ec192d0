/** The form: sections at the side, the fields of one of them or of what somebody looks for, and what was changed. */
import { Select, TextInput } from '@mantine/core'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useFilters, withQuery } from '../../api/query-string.ts'
import {
  changesIn,
  edited,
  editsOf,
  inputOf,
  misfitOf,
  sectionsIn,
  valueAt,
  type Edits,
} from '../../form/draft.ts'
import { rowId } from '../../form/field-row.tsx'
import { Surroundings, type FormSurroundings } from '../../form/surroundings.ts'
import { toldRows } from '../../form/told-changes.ts'
import { useSaveSettings } from '../../form/use-save-settings.ts'
import { useUnsaved } from '../../layout/leaving.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Notice } from '../../parts/notice.tsx'
import type { FormAnswer } from '../../../server/api/settings-form.ts'
import type { SettingsAnswer } from '../../../server/api/settings-shapes.ts'
import type { Field } from '../../../settings/controls.ts'
import type { FormValue } from '../../../settings/form-values.ts'
import { shown } from '../../../settings/form-values.ts'
import { stepsOf } from '../../../settings/path.ts'
import { MeanwhileModal } from './meanwhile.tsx'
import { SaveBar } from './save-bar.tsx'
import { found } from './search.ts'
import { SectionFields } from './section-fields.tsx'
import { SectionList } from './section-list.tsx'
import { shipsIn } from './ships.ts'
import style from './settings.module.css'

export function SettingsEditor({
  newest,
  form,
  fixed,
}: {
  newest: SettingsAnswer
  form: FormAnswer
  fixed: boolean
}) {
  const sections = useMemo(() => sectionsIn(form), [form])
  const fields = useMemo(() => sections.flatMap((section) => section.fields), [sections])
  const [base, setBase] = useState(newest)
  const [edits, setEdits] = useState<Edits>(new Map())
  const [filters, setFilters] = useFilters()
  const changes = useMemo(() => changesIn(fields, base.settings, edits), [fields, base, edits])
  // What others save is taken in as long as nothing of one's own stands on what was there before.
  if (newest.version > base.version && changes.length === 0) {
    setBase(newest)
    setEdits(new Map())
  }
  const sent = useRef<Edits>(new Map())
  const saving = useSaveSettings((saved) => {
    setBase(saved)
    // What was typed while the saving was under way is not in it.
    setEdits(
      (now) =>
        new Map(
          [...now].filter(([path, value]) => !sent.current.has(path) || sent.current.get(path) !== value),
        ),
    )
  })
  const save = (version: number, what: Parameters<typeof saving.save>[1], of: Edits): void => {
    sent.current = of
    saving.save(version, what)
  }
  const misfits = fields.flatMap((field) => (misfitOf(field, edits) === null ? [] : [field]))
  const wrong = fields.filter(
    ({ path }) =>
      misfits.some((one) => one.path === path) ||
      [...saving.problems.keys()].some((one) => one === path || one.startsWith(`${path}.`)),
  )
  const changed = new Set(
    fields.filter((field) => changes.some((one) => isPartOf(field, one.steps))).map(({ path }) => path),
  )
  const words: FormSurroundings = useMemo(
    () => ({
      currency: form.currency,
      actions: form.actions,
      problems: saving.problems,
      ships: shipsIn(form),
    }),
    [form, saving.problems],
  )
  useUnsaved(
    changes.length === 0 ? null : changes.length === 1 ? 'one setting' : `${changes.length} settings`,
  )

  const q = filters['q'] ?? ''
  const wanted = fieldNear(fields, filters['field'])
  const chosen =
    (wanted === undefined
      ? sections.find(({ key }) => key === filters['section'])
      : sections.find((section) => section.fields.includes(wanted))) ?? sections[0]
  const shownParts = q.trim() === '' ? [{ section: chosen, fields: chosen.fields }] : found(sections, q)

  const goTo = (field: Field): void =>
    setFilters({ field: field.path, section: null, q: null }, { replace: true })
  useEffect(() => {
    if (wanted === undefined) return
    const row = document.getElementById(rowId(wanted.path))
    row?.scrollIntoView({ block: 'center' })
    row?.focus({ preventScroll: true })
  }, [wanted])

  const put = (field: Field, value: FormValue | undefined): void => {
    saving.mended(field.path)
    setEdits((now) => new Map(now).set(field.path, value))
  }
  const undo = ({ path }: Field): void => {
    saving.mended(path)
    setEdits((now) => new Map([...now].filter(([one]) => one !== path)))
  }
  const unplaced = [...saving.problems].filter(
    ([path]) =>
      path !== '' && !fields.some((field) => path === field.path || path.startsWith(`${field.path}.`)),
  )
  return (
    <Surroundings value={words}>
      <div className={style.page}>
        <div className={style.side}>
          <TextInput
            type="search"
            aria-label="Find a setting"
            placeholder="Find a setting"
            value={q}
            onChange={({ currentTarget }) =>
              setFilters({ q: currentTarget.value, field: null }, { replace: true })
            }
          />
          <Select
            className={style.narrow}
            aria-label="Section"
            data={sections.map(({ key, title }) => ({ value: key, label: title }))}
            value={chosen.key}
            allowDeselect={false}
            onChange={(section) => setFilters({ section, q: null, field: null })}
          />
          <SectionList
            sections={sections}
            current={q.trim() === '' ? chosen.key : null}
            count={(section) => section.fields.filter(({ path }) => changed.has(path)).length}
            isWrong={(section) => section.fields.some((field) => wrong.includes(field))}
            hrefOf={({ key }) => withQuery('/app/settings', { section: key })}
          />
        </div>
        <div className={style.fields}>
          {newest.version > base.version && saving.meanwhile === null && (
            <Notice tone="wait" title={`Version ${newest.version} was saved while you were changing this`}>
              What you see is version {base.version} with your changes. When you save, both are put side by
              side.
            </Notice>
          )}
          {shownParts.length === 0 && (
            <Empty title={`No setting has “${q.trim()}” in its name or meaning`}>
              Try another word, or choose a section.
            </Empty>
          )}
          {shownParts.map(({ section, fields: some }) => (
            <SectionFields
              key={section.key}
              section={section}
              fields={some}
              all={q.trim() !== '' || (wanted?.advanced === true && some.includes(wanted))}
              isNeeded={({ path }) => changed.has(path) || wrong.some((one) => one.path === path)}
              fixed={fixed}
              row={(field) => ({
                field,
                saved: valueAt(base.settings, stepsOf(field.path)),
                value: inputOf(field, base.settings, edits),
                isChanged: changed.has(field.path),
                fixed,
                change: (value) => put(field, value),
                undo: () => undo(field),
                toDefault: () => put(field, shown(field.control, field.default)),
              })}
            />
          ))}
        </div>
      </div>
      {!fixed && (
        <SaveBar
          changes={toldRows(changes, words)}
          live={changes.some(({ steps, after }) => steps.join('.') === 'delivery.mode' && after === 'live')}
          wrong={wrong}
          refused={[
            ...(saving.refused === null ? [] : [saving.refused]),
            ...unplaced.map(([path, what]) => `${path}: ${what}`),
          ]}
          busy={saving.busy}
          goTo={goTo}
          save={() => save(base.version, changes, edits)}
          discard={() => {
            for (const path of edits.keys()) saving.mended(path)
            setEdits(new Map())
          }}
        />
      )}
      {saving.meanwhile !== null && (
        <MeanwhileModal
          fields={fields}
          base={base}
          yours={edited(fields, base.settings, edits)}
          meanwhile={saving.meanwhile}
          busy={saving.busy}
          close={saving.leaveMeanwhile}
          keep={(kept) => {
            const { newest: theirs } = saving.meanwhile!
            setBase(theirs)
            const mine = editsOf(fields, theirs.settings, kept)
            setEdits(mine)
            if (kept.length > 0) save(theirs.version, kept, mine)
            else saving.leaveMeanwhile()
          }}
        />
      )}
    </Surroundings>
  )
}

/** The field that a path is of or leads into, else the first one below it. */
function fieldNear(fields: readonly Field[], named: string | undefined): Field | undefined {
  if (named === undefined) return undefined
  return (
    fields.find(({ path }) => named === path || named.startsWith(`${path}.`)) ??
    fields.find(({ path }) => path.startsWith(`${named}.`))
  )
}

const isPartOf = ({ path }: Field, steps: readonly string[]): boolean =>
  stepsOf(path).every((step, at) => step === steps[at])
