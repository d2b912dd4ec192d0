/** A preview by action, and why some would not go now. */
import type { PreviewAnswer } from '../../../server/api/preview.ts'
import { useWords } from '../../api/frame.ts'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { CHANNELS, sentence, withoutSetting } from '../../words/states.ts'
import type { Outcome } from './preview.tsx'
import style from './sending.module.css'

export const OUTCOMES: Readonly<Record<Outcome, string>> = {
  send: 'Goes out',
  approval: 'Asks a person',
  later: 'Goes later',
  waits: 'Waits for somebody',
  suppressed: 'Held back',
  not_possible: 'Nothing carries it out',
  ends: 'Is over',
}

const ORDER = Object.keys(OUTCOMES) as readonly Outcome[]

type Row = PreviewAnswer['actions'][number]

export function PreviewActions({ answer: { actions, currency } }: { answer: PreviewAnswer }) {
  const words = useWords()
  if (actions.length === 0) return null
  const shown = ORDER.filter(
    (outcome) => outcome === 'send' || actions.some(({ would }) => would[outcome] > 0),
  )
  const columns: readonly Column<Row>[] = [
    {
      key: 'action',
      title: 'Action',
      phone: 'first',
      cell: ({ key, channel }) => (
        <>
          <span className="strong">{words.action(key)}</span>
          <div className="note">{CHANNELS[channel]}</div>
        </>
      ),
    },
    ...shown.map((outcome): Column<Row> => ({
      key: outcome,
      title: OUTCOMES[outcome],
      figure: true,
      cell: ({ would }) => (
        <span className={would[outcome] === 0 ? 'second' : undefined}>{words.count(would[outcome])}</span>
      ),
    })),
    {
      key: 'cost',
      title: 'Cost',
      figure: true,
      phone: 'first',
      cell: ({ plannedCostMinor }) => words.money(plannedCostMinor, currency),
    },
  ]
  return (
    <DataTable
      file="preview-by-action"
      caption="Actions, and what would become of them"
      columns={columns}
      rows={actions}
      id={({ key, channel }) => `${key} ${channel}`}
    />
  )
}

/** Reasons that are shown; the API has all of them. */
const MOST = 12

export function PreviewReasons({ answer: { reasons } }: { answer: PreviewAnswer }) {
  const words = useWords()
  if (reasons.length === 0) return null
  const columns: readonly Column<PreviewAnswer['reasons'][number]>[] = [
    {
      key: 'action',
      title: 'Action',
      phone: 'first',
      cell: ({ actionKey, outcome }) => (
        <>
          {words.action(actionKey)}
          <div className="note">{OUTCOMES[outcome]}</div>
        </>
      ),
    },
    {
      key: 'reason',
      title: 'For example',
      width: '60%',
      cell: ({ reason }) => sentence(withoutSetting(reason)),
    },
    {
      key: 'count',
      title: 'Customers',
      figure: true,
      phone: 'first',
      cell: ({ count }) => words.count(count),
    },
  ]
  return (
    <div className={style.part}>
      <h3>Why the others do not go now</h3>
      <DataTable
        file="preview-reasons"
        caption="Reasons, most frequent first; each in the words of one customer"
        columns={columns}
        rows={reasons.slice(0, MOST)}
        id={({ actionKey, channel, outcome, code }) => `${actionKey} ${channel} ${outcome} ${code}`}
      />
      {reasons.length > MOST && (
        <p className="note">And {words.many(reasons.length - MOST, 'rarer reason')}.</p>
      )}
    </div>
  )
}
