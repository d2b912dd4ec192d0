/** What would be sent, by action; why others would not go; and what some of it says. */
import { Link } from 'wouter'
import type { PreviewAnswer } from '../../../server/api/preview.ts'
import { useWords } from '../../api/frame.ts'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import style from './preview.module.css'

type Line = PreviewAnswer['actions'][number]
type Outcome = PreviewAnswer['examples'][number]['outcome']

const OUTCOME_WORDS: Readonly<Record<Outcome, string>> = {
  send: 'Goes out',
  approval: 'Asks a person',
  later: 'Goes later',
  waits: 'Waits for somebody',
  suppressed: 'Held back',
  not_possible: 'Nothing carries it out',
  ends: 'Is over',
}
const ORDER = Object.keys(OUTCOME_WORDS) as readonly Outcome[]
const CHANNELS: Readonly<Record<Line['channel'], string>> = { email: 'E-mail', sms: 'SMS', task: 'Task' }

export function Actions({ preview: { actions, currency } }: { preview: PreviewAnswer }) {
  const words = useWords()
  const chosen = actions.filter((one) => one.chosen > 0)
  const others = actions.filter((one) => one.chosen === 0).map(({ name }) => name)
  if (chosen.length === 0) return <p className="second">Nothing is chosen for anybody.</p>
  const shown = ORDER.filter(
    (outcome) => outcome === 'send' || chosen.some(({ would }) => would[outcome] > 0),
  )
  const columns: readonly Column<Line>[] = [
    {
      key: 'name',
      title: 'Action',
      phone: 'first',
      cell: ({ name, channel }) => (
        <>
          <span className="strong">{name}</span>
          <div className="note">{CHANNELS[channel]}</div>
        </>
      ),
    },
    {
      key: 'chosen',
      title: 'Chosen',
      figure: true,
      phone: 'first',
      cell: ({ chosen }) => words.count(chosen),
    },
    ...shown.map((outcome) => ({
      key: outcome,
      title: OUTCOME_WORDS[outcome],
      figure: true,
      cell: ({ would }: Line) => words.count(would[outcome]),
    })),
    {
      key: 'cost',
      title: 'Cost',
      figure: true,
      cell: ({ plannedCostMinor }) => words.money(plannedCostMinor, currency),
    },
  ]
  return (
    <div className={style.part}>
      <DataTable
        file="preview-by-action"
        caption="Actions, and what would become of them"
        columns={columns}
        rows={chosen}
        id={({ key }) => key}
      />
      {others.length > 0 && <p className="note">Chosen for nobody: {others.join(', ')}.</p>}
    </div>
  )
}

export function Reasons({ preview: { reasons } }: { preview: PreviewAnswer }) {
  const words = useWords()
  if (reasons.length === 0) return null
  return (
    <div className={style.part}>
      <h3>Why some would not go out now</h3>
      <DataTable
        file="preview-reasons"
        caption="Why some would not go out now, the most frequent first"
        rows={reasons}
        id={({ actionKey, outcome, code }) => `${actionKey} ${outcome} ${code}`}
        columns={[
          {
            key: 'reason',
            title: 'Why',
            phone: 'first',
            cell: ({ reason }) => reason,
          },
          { key: 'action', title: 'Action', cell: ({ actionKey }) => words.action(actionKey) },
          { key: 'outcome', title: 'What becomes of it', cell: ({ outcome }) => OUTCOME_WORDS[outcome] },
          {
            key: 'count',
            title: 'Customers',
            figure: true,
            phone: 'first',
            cell: ({ count }) => words.count(count),
          },
        ]}
      />
    </div>
  )
}

export function Examples({ preview: { examples } }: { preview: PreviewAnswer }) {
  const words = useWords()
  const shown = examples.filter(({ message }) => message !== null && message !== undefined)
  if (shown.length === 0) return null
  return (
    <div className={style.part}>
      <h3>Some of what would be sent</h3>
      <ul className={style.examples}>
        {shown.map(({ actionKey, outcome, customer, customerName, message }) => {
          const { subject, text } = wordsOf(message)
          return (
            <li key={`${actionKey} ${outcome} ${customer}`}>
              <details>
                <summary>
                  <span className="strong">{customerName ?? `Customer ${customer}`}</span>
                  <span className="second">
                    {' '}
                    {words.action(actionKey)}, {OUTCOME_WORDS[outcome].toLowerCase()}
                    {subject !== null && `: ${subject}`}
                  </span>
                </summary>
                <pre className={style.message}>{text}</pre>
                <Link href={`/app/customers/${customer}`}>See the customer</Link>
              </details>
            </li>
          )
        })}
      </ul>
    </div>
  )
}

/** Of an e-mail, an SMS or a task. */
function wordsOf(message: unknown): { readonly subject: string | null; readonly text: string } {
  const { subject, text } = message as { readonly subject?: unknown; readonly text?: unknown }
  return {
    subject: typeof subject === 'string' ? subject : null,
    text: typeof text === 'string' ? text : '',
  }
}
