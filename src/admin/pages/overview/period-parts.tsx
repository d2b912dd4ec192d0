/** Which actions were chosen and what is expected of them; why customers are left in peace; what of the money is used. */
import type { OverviewAnswer } from '../../../server/api/overview-shapes.ts'
import { useWords, type Words } from '../../api/frame.ts'
import { rowsHref } from '../../api/rows-href.ts'
import { Bars } from '../../parts/bars.tsx'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { To } from '../../parts/to.tsx'
import { sumText } from '../../words/sums.ts'
import type { MoneySum } from '../../../server/api/money-sums.ts'
import style from './overview.module.css'
import section from '../../parts/section.module.css'

type Chosen = OverviewAnswer['funnel']['actions'][number]

/** Reasons that are named; the rest is one more line. */
const MOST_REASONS = 6

export function PeriodParts({ overview: { funnel, budget } }: { overview: OverviewAnswer }) {
  const words = useWords()
  const { actions, heldBack } = funnel
  return (
    <div className={section.columns}>
      <div className={style.parts}>
        <h3>Chosen actions</h3>
        {actions.length === 0 ? (
          <p className="second">No customer is worth an action.</p>
        ) : (
          <DataTable
            file="chosen-actions"
            caption="Chosen actions, the most frequent first"
            columns={columnsOf(words)}
            rows={actions}
            id={({ key }) => key}
          />
        )}
        <p className="note" style={{ marginTop: 8 }}>
          Expected is the margin that the policy believes the action keeps, less its cost. Only the comparison
          with customers left as they are can prove it. <Compared compared={funnel.compared} />
        </p>
        <p className="note" style={{ marginTop: 8 }}>
          {budgetText(budget, words)}
        </p>
      </div>
      <div className={style.parts}>
        <h3>
          Left in peace:{' '}
          <To href={rowsHref(funnel.leftInPeace.decisions.rows)} className="inText">
            {words.many(funnel.leftInPeace.decisions.count, 'customer')}
          </To>
        </h3>
        {funnel.leftInPeace.because.length > 0 && (
          <Bars
            caption="Why customers are left in peace"
            bars={reasonBars(funnel.leftInPeace.because.slice(0, MOST_REASONS), words)}
          />
        )}
        {heldBack.because.length > 0 && (
          <>
            <h3>Held back: {words.many(heldBack.interventions.count, 'action')}</h3>
            <Bars
              caption="Why actions were held back"
              bars={heldBack.because.slice(0, MOST_REASONS).map(({ code, sentence, interventions }) => {
                const href = rowsHref(interventions.rows)
                return {
                  key: code ?? 'none',
                  label: sentence.replace(/\.$/, ''),
                  value: interventions.count,
                  text: words.count(interventions.count),
                  color: 'third' as const,
                  ...(href === undefined ? {} : { href }),
                }
              })}
            />
          </>
        )}
      </div>
    </div>
  )
}

function columnsOf(words: Words): readonly Column<Chosen>[] {
  return [
    { key: 'name', title: 'Action', phone: 'first', cell: ({ name }) => name },
    {
      key: 'customers',
      title: 'Customers',
      figure: true,
      phone: 'first',
      cell: ({ decisions }) => <To href={rowsHref(decisions.rows)}>{words.count(decisions.count)}</To>,
    },
    { key: 'expected', title: 'Expected', figure: true, cell: ({ expected }) => gainText(expected, words) },
    { key: 'cost', title: 'Cost', figure: true, cell: ({ cost }) => sumText(cost, words) },
  ]
}

function gainText(sum: MoneySum, words: Words): string {
  return sum.reporting.complete
    ? words.gain(sum.reporting.minor, sum.reporting.currency)
    : sumText(sum, words)
}

function reasonBars(because: OverviewAnswer['funnel']['leftInPeace']['because'], words: Words) {
  return because.map(({ sentence, decisions: { count, rows } }) => {
    const href = rowsHref(rows)
    return {
      key: `${sentence} ${href ?? ''}`,
      label: sentence.replace(/\.$/, ''),
      value: count,
      text: words.count(count),
      color: 'third' as const,
      ...(href === undefined ? {} : { href }),
    }
  })
}

function Compared({ compared }: { compared: OverviewAnswer['funnel']['compared'] }) {
  const words = useWords()
  const groups = [
    { ...compared.holdout, word: 'in the holdout' },
    { ...compared.usual, word: 'in business as usual' },
    { ...compared.exempt, word: 'exempt' },
  ].filter(({ count }) => count > 0)
  if (groups.length === 0) return <>Nobody is left as they are so far.</>
  return (
    <>
      Left as they are:{' '}
      {groups.map(({ count, rows, word }, at) => (
        <span key={word}>
          {at > 0 && ', '}
          <To href={rowsHref(rows)}>{words.count(count)}</To> {word}
        </span>
      ))}
      .
    </>
  )
}

function budgetText(
  { held, limitMinor, leftMinor, currency }: OverviewAnswer['budget'],
  words: Words,
): string {
  const sum = (of: 'reservedMinor' | 'committedMinor'): string => {
    const some = held.filter((one) => one[of] !== 0)
    return some.length === 0
      ? words.money(0, currency)
      : some.map((one) => words.money(one[of], one.currency)).join(' and ')
  }
  const used = `Money of this period: ${sum('committedMinor')} spent, ${sum('reservedMinor')} reserved for what is planned or offered`
  if (limitMinor === null) return `${used}. No limit is set.`
  return leftMinor === null
    ? `${used}, of ${words.money(limitMinor, currency)}.`
    : `${used}; ${words.money(leftMinor, currency)} of ${words.money(limitMinor, currency)} is left.`
}
