/** Somebody saved while you were changing: field by field, theirs and yours, and what becomes of it. */
import { Button, Group, Modal, Radio } from '@mantine/core'
import { useMemo, useState } from 'react'
import { keptOf, meet, type Choice, type Clash } from '../../form/conflict.ts'
import { useSurroundings } from '../../form/surroundings.ts'
import { TextDiff } from '../../form/text-diff.tsx'
import { toldRows } from '../../form/told-changes.ts'
import type { Meanwhile } from '../../form/use-save-settings.ts'
import { When } from '../../parts/when.tsx'
import type { SettingsAnswer } from '../../../server/api/settings-shapes.ts'
import type { Change } from '../../../settings/changes.ts'
import type { Field } from '../../../settings/controls.ts'
import { told, valueWords } from '../../../settings/words.ts'
import style from './meanwhile.module.css'

export interface MeanwhileProps {
  readonly fields: readonly Field[]
  /** That you began with. */
  readonly base: SettingsAnswer
  readonly yours: unknown
  readonly meanwhile: Meanwhile
  readonly busy: boolean
  close(): void
  /** What of yours is put on top of theirs. */
  keep(changes: readonly Pick<Change, 'steps' | 'after'>[]): void
}

export function MeanwhileModal({ fields, base, yours, meanwhile, busy, close, keep }: MeanwhileProps) {
  const words = useSurroundings()
  const { newest, saves } = meanwhile
  const meeting = useMemo(
    () => meet(fields, { base: base.settings, theirs: newest.settings, yours }),
    [fields, base, newest, yours],
  )
  const [choices, setChoices] = useState<ReadonlyMap<string, Choice>>(new Map())
  const kept = keptOf(meeting, choices)
  const { theirs, yours: own, clashes } = meeting
  const who = [...new Set(saves.map((one) => one.who))].join(' and ') || 'Somebody'
  const last = saves.at(-1)
  return (
    <Modal
      opened
      onClose={close}
      size="xl"
      title={`${who} saved while you were changing this`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <p className="second">
        {last !== undefined && (
          <>
            Version {last.version}, <When at={last.at} />.{' '}
          </>
        )}
        Nothing of yours is saved yet.{' '}
        {clashes.length === 0
          ? 'You changed other fields than they did, so both can be kept.'
          : `Both of you changed ${clashes.length === 1 ? 'one field' : `${clashes.length} fields`}: choose what holds there. All else is kept.`}
      </p>
      {clashes.map((clash) => (
        <ClashRow
          key={clash.path}
          clash={clash}
          who={who}
          choice={choices.get(clash.path) ?? null}
          choose={(choice) => setChoices((now) => new Map(now).set(clash.path, choice))}
        />
      ))}
      <Kept title={`Changed by ${who}, kept`} rows={toldRows(theirs, words)} />
      <Kept title="Changed by you, kept" rows={toldRows(own, words)} />
      <Group justify="flex-end" mt="lg">
        <Button variant="default" onClick={close} disabled={busy}>
          Back to the form
        </Button>
        <Button disabled={kept === null} loading={busy} onClick={() => kept !== null && keep(kept)}>
          {clashes.length === 0 ? 'Keep both' : kept?.length === 0 ? 'Take theirs' : 'Save what I chose'}
        </Button>
      </Group>
    </Modal>
  )
}

function ClashRow({
  clash,
  who,
  choice,
  choose,
}: {
  clash: Clash
  who: string
  choice: Choice | null
  choose(choice: Choice): void
}) {
  const words = useSurroundings()
  const { yours, theirs, together } = clash
  const mine = told(yours, words)
  const [row] = toldRows([yours], words)
  const one = theirs.length === 1 && theirs[0].steps.length === yours.steps.length ? theirs[0] : null
  const others = one === null ? theirs.map((each) => told(each, words)) : []
  return (
    <fieldset className={style.clash}>
      <legend className="strong">{mine.label}</legend>
      <p className="note">When you began: {mine.before}</p>
      <Radio.Group
        value={choice}
        onChange={(value) => choose(value as Choice)}
        aria-label={`What holds for ${mine.label}`}
      >
        <Radio
          value="theirs"
          label={
            <>
              Theirs:{' '}
              <span className="strong">
                {one === null ? 'what they changed of it' : told(one, words).after}
              </span>
              <span className="note"> ({who})</span>
              {others.map((each) => (
                <div key={each.path} className="note">
                  {each.label}: {each.before}, now {each.after}
                </div>
              ))}
            </>
          }
        />
        <Radio
          mt={6}
          value="yours"
          label={
            <>
              Mine: <span className="strong">{mine.after}</span>
            </>
          }
        />
        {together !== undefined && (
          <Radio
            mt={6}
            value="together"
            label={
              <>
                Both: <span className="strong">{valueWords(yours.field, together, words)}</span>
              </>
            }
          />
        )}
      </Radio.Group>
      {row.texts !== undefined && row.texts !== null && one !== null && (
        <>
          <p className="note">From theirs to mine:</p>
          <TextDiff before={typeof one.after === 'string' ? one.after : ''} after={row.texts.after} />
        </>
      )}
    </fieldset>
  )
}

function Kept({ title, rows }: { title: string; rows: ReturnType<typeof toldRows> }) {
  if (rows.length === 0) return null
  return (
    <>
      <h3 className={style.kept}>{title}</h3>
      <ul className={style.list}>
        {rows.map(({ path, label, before, after }) => (
          <li key={path}>
            {label}: <span className="second">{before}</span> → {after}
          </li>
        ))}
      </ul>
    </>
  )
}
