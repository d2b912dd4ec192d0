/** Customers and money by level, as they would be, beside how it is now. */
import type { LevelDraftAnswer } from '../../../server/api/setup-drafts.ts'
import { useWords } from '../../api/frame.ts'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { LevelMark } from '../../parts/level-mark.tsx'

type Drafted = LevelDraftAnswer['connections'][number]
type LevelLine = Drafted['levels'][number]

export function LevelFigures({
  drafted,
  changing,
  changed,
}: {
  drafted: LevelDraftAnswer
  changing: boolean
  changed: boolean
}) {
  const { connections } = drafted
  if (connections.length === 0)
    return (
      <p className="second">
        Nobody is scored yet. Customers and money by level stand here as soon as they are.
      </p>
    )
  return (
    <div aria-busy={changing} style={changing ? { opacity: 0.55 } : undefined}>
      {connections.map((one) => (
        <OneConnection key={one.connection} one={one} named={connections.length > 1} changed={changed} />
      ))}
    </div>
  )
}

function OneConnection({ one, named, changed }: { one: Drafted; named: boolean; changed: boolean }) {
  const words = useWords()
  const { thresholds, levels, customers, horizonDays, baseRate } = one
  const from = (level: LevelLine['level']): string => {
    if (level === 'LOW') return `below ${words.percent(thresholds.medium)}`
    const value = thresholds[level === 'HIGH' ? 'high' : 'medium']
    if (value > 1) return 'nobody'
    return `${thresholds.strict ? 'above' : 'from'} ${words.percent(value)}`
  }
  const money = ({ money: sums }: LevelLine): string => {
    const known = sums.flatMap(({ currency, valueAtRiskMinor }) =>
      currency === null || valueAtRiskMinor === 0 ? [] : [words.money(valueAtRiskMinor, currency)],
    )
    return known.length === 0 ? '' : known.join(' and ')
  }
  const unknown = levels
    .flatMap((line) => line.money)
    .filter(({ currency }) => currency === null)
    .reduce((sum, line) => sum + line.customers, 0)
  const columns: readonly Column<LevelLine>[] = [
    { key: 'level', title: 'Level', phone: 'first', cell: ({ level }) => <LevelMark level={level} /> },
    { key: 'from', title: 'Risk', cell: ({ level }) => from(level) },
    {
      key: 'customers',
      title: 'Customers',
      figure: true,
      phone: 'first',
      cell: (line) => words.count(line.customers),
    },
    {
      key: 'share',
      title: 'Share',
      figure: true,
      phone: 'never',
      cell: (line) => words.percent(customers === 0 ? 0 : line.customers / customers),
    },
    { key: 'money', title: 'Value at risk', figure: true, cell: money },
    ...(changed
      ? [
          {
            key: 'before',
            title: 'Until now',
            figure: true,
            cell: ({ before, came, went }: LevelLine) =>
              came + went === 0
                ? 'the same'
                : `was ${words.count(before)} (${words.count(came)} in, ${words.count(went)} out)`,
          },
        ]
      : []),
  ]
  return (
    <>
      {named && <h3>{one.name}</h3>}
      <p className="second">
        {horizonDays === null
          ? 'These scores are a snapshot: who looks like leaving now, with no “within how many days”.'
          : `The scores say who leaves within ${words.many(horizonDays, 'day')}.`}{' '}
        Where the model learnt, {words.percent(baseRate)} left. A model of your own has its own usual risk and
        horizon.
        {thresholds.highBy === 'capacity' && ' What is high is bounded by how many your team can look after.'}
      </p>
      <DataTable
        file="levels"
        caption={`Customers of ${one.name} by level`}
        columns={columns}
        rows={levels}
        id={({ level }) => level}
      />
      {unknown > 0 && <p className="note">The worth of {words.many(unknown, 'customer')} is not known.</p>}
    </>
  )
}
