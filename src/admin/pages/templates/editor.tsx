/** Writes one template: the draft, what it reads like, saving it, sending a test, and the way back to what ships. */
import { Button } from '@mantine/core'
import { useMemo, useRef, useState } from 'react'
import { useMay } from '../../api/frame.ts'
import { sectionsIn, valueAt } from '../../form/draft.ts'
import { Surroundings } from '../../form/surroundings.ts'
import { TextDiff } from '../../form/text-diff.tsx'
import { useSaveSettings } from '../../form/use-save-settings.ts'
import { useUnsaved } from '../../layout/leaving.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { Notice } from '../../parts/notice.tsx'
import type { FormAnswer } from '../../../server/api/settings-form.ts'
import type { SettingsAnswer } from '../../../server/api/settings-shapes.ts'
import type { TemplateAnswer, TemplatesAnswer } from '../../../server/api/templates.ts'
import { changed, type Change } from '../../../settings/changes.ts'
import { stepsOf } from '../../../settings/path.ts'
import { same } from '../../../settings/same.ts'
import { MeanwhileModal } from '../settings/meanwhile.tsx'
import {
  beginning,
  draftOf,
  emptyParts,
  keptDraft,
  PARTS,
  problemsIn,
  type Draft,
  type PartProblem,
  type Place,
} from './parts.ts'
import { Preview, usePreview } from './preview.tsx'
import { Source } from './source.tsx'
import { SendTest } from './send-test.tsx'
import style from './templates.module.css'

export interface TemplateEditorProps {
  readonly place: Place
  readonly source: TemplateAnswer
  readonly variables: readonly TemplatesAnswer['variables']['email'][number][]
  readonly newest: SettingsAnswer
  readonly form: FormAnswer
}

export function TemplateEditor({ place, source, variables, newest, form }: TemplateEditorProps) {
  const mayPreview = useMay('operator')
  const mayChange = useMay('admin')
  const fields = useMemo(() => sectionsIn(form).flatMap((section) => section.fields), [form])
  const steps = stepsOf(source.path)
  const [base, setBase] = useState(newest)
  const [typed, setTyped] = useState<Draft | null>(null)
  const [customer, setCustomer] = useState<number | null>(null)
  const own = draftOf(place, valueAt(base.settings, steps))
  const saved = own ?? beginning(source, place)
  const draft = typed ?? saved
  const isChanged = typed !== null && !same(typed, saved)
  if (newest.version > base.version && !isChanged) {
    setBase(newest)
    setTyped(null)
  }
  const sent = useRef<Draft | null>(null)
  const saving = useSaveSettings((answer) => {
    setBase(answer)
    // What was typed while the saving was under way is not in it.
    setTyped((now) => (now === sent.current ? null : now))
  })
  const save = (version: number, what: Parameters<typeof saving.save>[1], of: Draft | null): void => {
    sent.current = of
    saving.save(version, what)
  }
  useUnsaved(isChanged ? 'this template' : null)

  const empty = emptyParts(draft, place)
  // Nothing is written yet: what it may begin with is a draft, too.
  const isDraft = isChanged || (own === null && source.origin === 'none')
  const isReadable = empty.length === 0 || (!isDraft && place.channel === 'task')
  const { preview, asked } = usePreview(
    mayPreview && isReadable ? { ...place, draft: isDraft ? draft : null, customer } : null,
  )
  const refusedParts = [...saving.problems].map(([path, message]): PartProblem => {
    const part = PARTS[place.channel].find(({ key }) => path === `${source.path}.${key}`)?.key
    return { part: part ?? (PARTS[place.channel].length === 1 ? 'text' : null), line: null, message }
  })
  const problems: readonly PartProblem[] = isChanged
    ? [
        ...(empty.length > 0 ? empty : preview.data === undefined ? [] : problemsIn(preview.data)),
        ...refusedParts,
      ]
    : []
  const changes = changesTo(steps, own, draft, place)
  return (
    <Surroundings
      value={{ currency: form.currency, actions: form.actions, problems: saving.problems, ships: () => null }}
    >
      <div className={`${style.editor} ${mayPreview ? '' : style.alone}`}>
        <div>
          {place.channel === 'task' && own === null && (
            <Notice tone="info" title="As it ships it is made of phrases">
              {mayPreview && 'The preview shows them. '}What you write here stands in their place.
            </Notice>
          )}
          <Source
            place={place}
            draft={draft}
            problems={problems}
            variables={variables}
            fixed={!mayChange}
            change={(next) => {
              for (const path of saving.problems.keys()) saving.mended(path)
              setTyped(next)
            }}
          />
          {saving.refused !== null && (
            <Notice tone="bad" title="Nothing is saved">
              {saving.refused}
            </Notice>
          )}
          {mayChange && (
            <div className={style.actions}>
              <Button
                loading={saving.busy}
                disabled={
                  (!isChanged && own !== null) ||
                  empty.length > 0 ||
                  problems.length > 0 ||
                  (!isChanged && !isDraft)
                }
                onClick={() => save(base.version, changes, typed)}
              >
                Save
              </Button>
              {isChanged && (
                <Button variant="default" onClick={() => setTyped(null)}>
                  Discard
                </Button>
              )}
              {place.channel !== 'task' && (
                <SendTest
                  request={{ ...place, draft: isDraft ? draft : null, customer }}
                  disabled={empty.length > 0 || problems.length > 0}
                  settings={base.settings}
                />
              )}
              {own !== null && (
                <WayBack source={source} own={own} place={place} busy={saving.busy}>
                  {() =>
                    save(base.version, [{ steps: wholeOf(base.settings, steps), after: undefined }], typed)
                  }
                </WayBack>
              )}
            </div>
          )}
        </div>
        {mayPreview && <Preview preview={preview} asked={asked} customer={customer} choose={setCustomer} />}
      </div>
      {saving.meanwhile !== null && (
        <MeanwhileModal
          fields={fields}
          base={base}
          yours={changed(fields, base.settings, changes)}
          meanwhile={saving.meanwhile}
          busy={saving.busy}
          close={saving.leaveMeanwhile}
          keep={(kept) => {
            const { newest: theirs } = saving.meanwhile!
            const both = changed(fields, theirs.settings, kept)
            setBase(theirs)
            const mine = draftOf(place, valueAt(both, steps))
            setTyped(mine)
            if (kept.length > 0) save(theirs.version, kept, mine)
            else saving.leaveMeanwhile()
          }}
        />
      )}
    </Surroundings>
  )
}

/** A language whose last template goes is no language that something is written in. */
function wholeOf(settings: unknown, steps: readonly string[]): readonly string[] {
  const language = steps.slice(0, -1)
  return Object.keys(valueAt(settings, language) ?? {}).length > 1 ? steps : language
}

/** Of a template of one's own the parts that differ, so that two who write on different parts do not meet. */
function changesTo(
  steps: readonly string[],
  own: Draft | null,
  draft: Draft,
  place: Place,
): readonly Pick<Change, 'steps' | 'after'>[] {
  if (own === null || place.channel !== 'email') return [{ steps, after: keptDraft(place, draft) }]
  return PARTS.email.flatMap(({ key }) =>
    own[key] === draft[key] ? [] : [{ steps: [...steps, key], after: draft[key] }],
  )
}

function WayBack({
  source: { shipped },
  own,
  place,
  busy,
  children: confirm,
}: {
  source: TemplateAnswer
  own: Draft
  place: Place
  busy: boolean
  children: () => void
}) {
  const ships = shipped as Draft | null
  const label = ships !== null || place.channel === 'task' ? 'Go back to what ships' : 'Take it away'
  return (
    <Confirm label={label} busy={busy} grave confirm={confirm}>
      <p>
        {ships !== null
          ? 'Your words are taken away, and people read what ships again:'
          : place.channel === 'task'
            ? 'Your words are taken away, and the task is made of the phrases that ship again.'
            : 'Nobody is written to by it in this language then, unless another language stands in.'}{' '}
        The history of the settings keeps them.
      </p>
      {ships !== null &&
        PARTS[place.channel].map(({ key, title }) =>
          own[key] === ships[key] ? null : (
            <div key={key}>
              <h3>{title}</h3>
              <TextDiff before={own[key]} after={ships[key]} />
            </div>
          ),
        )}
    </Confirm>
  )
}
