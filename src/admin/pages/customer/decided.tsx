/** What Holdfast decided: a paragraph that can be read aloud, what was weighed, and all of it as data. */
import type { CustomerAnswer } from '../../../server/api/customer-shapes.ts'
import { useWords, type Words } from '../../api/frame.ts'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { Section } from '../../parts/section.tsx'
import { stateWord } from '../../words/suggested.ts'
import { DecisionData } from './decision-data.tsx'
import style from './customer.module.css'

type Told = NonNullable<CustomerAnswer['told']>
type Weighed = Told['actions'][number]

export function Decided({ customer }: { customer: CustomerAnswer }) {
  const words = useWords()
  const { told, decision, objects } = customer
  if (told === null || decision === null)
    return (
      <Section title="What Holdfast decided, and why">
        <p className="second">
          {objects
            ? 'Nothing: this customer objects to being profiled.'
            : 'Nothing yet. A decision follows the first scoring of each period.'}
        </p>
      </Section>
    )
  return (
    <Section title="What Holdfast decided, and why">
      <p className={style.told}>{told.sentences.join(' ')}</p>
      {told.actions.length > 0 && (
        <DataTable
          file="decision"
          caption="Actions that were weighed: the chosen one, then what was possible by its worth, then the rest"
          columns={columnsOf(decision.currency, words)}
          rows={told.actions}
          id={({ key }) => key}
        />
      )}
      <DecisionData customer={customer} decision={decision} />
    </Section>
  )
}

function columnsOf(currency: string, words: Words): readonly Column<Weighed>[] {
  return [
    {
      key: 'action',
      title: 'Action',
      phone: 'first',
      cell: (one) => (
        <>
          <span className={one.chosen ? 'strong' : one.possible ? '' : 'second'}>{one.name}</span>
          {noteOf(one) !== null && <div className="note">{noteOf(one)}</div>}
        </>
      ),
    },
    {
      key: 'worth',
      title: 'Worth',
      figure: true,
      phone: 'first',
      cell: ({ possible, expectedValueMinor }) =>
        !possible
          ? '–'
          : expectedValueMinor === null
            ? 'not known'
            : words.gain(expectedValueMinor, currency),
    },
    {
      key: 'cost',
      title: 'Cost',
      figure: true,
      phone: 'never',
      cell: ({ possible, costMinor }) =>
        !possible || costMinor === null ? '–' : words.money(costMinor, currency),
    },
    {
      key: 'odds',
      title: 'Odds',
      figure: true,
      phone: 'never',
      cell: ({ possible, odds }) => (possible ? words.percent(odds) : '–'),
    },
  ]
}

function noteOf({ chosen, why, state }: Weighed): string | null {
  if (chosen) return state === null ? 'chosen' : `chosen · ${stateWord(state).toLowerCase()}`
  return why
}
