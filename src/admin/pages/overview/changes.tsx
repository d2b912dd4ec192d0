/** What is other than a week ago, each with its rows. */
import type { OverviewAnswer } from '../../../server/api/overview-shapes.ts'
import { useWords } from '../../api/frame.ts'
import { rowsHref } from '../../api/rows-href.ts'
import { Figures, type Figure } from '../../parts/figures.tsx'
import { Section } from '../../parts/section.tsx'
import { To } from '../../parts/to.tsx'
import { sumText } from '../../words/sums.ts'

type Changed = NonNullable<OverviewAnswer['changes']>['left']

export function Changes({ overview: { changes, comparedFrom } }: { overview: OverviewAnswer }) {
  const words = useWords()
  if (changes === null)
    return (
      <Section title="What changed within a week">
        <p className="second">
          {comparedFrom === null
            ? 'Nobody was scored yet, so there is nothing to compare with.'
            : `From ${words.day(comparedFrom)} on there is a week to compare with, and here stands who became high risk and who recovered.`}
        </p>
      </Section>
    )
  const { became, recovered, came, left, since } = changes
  const figure = (
    key: string,
    label: string,
    { customers, rows, atRisk }: Changed,
    money: string,
  ): Figure => {
    const href = rowsHref(rows)
    return {
      key,
      label,
      value: words.count(customers),
      note:
        customers === 0 || atRisk.byCurrency.length === 0 ? undefined : `${sumText(atRisk, words)} ${money}`,
      ...(href === undefined || customers === 0 ? {} : { href }),
    }
  }
  const { renewing } = became
  return (
    <Section title={`What changed since ${words.day(since.slice(0, 10))}`}>
      <Figures
        figures={[
          figure('became', 'became high risk', became, 'a year at risk'),
          figure('recovered', 'recovered from high risk', recovered, 'a year still at risk'),
          figure('came', 'came into the book', came, 'a year at risk'),
          figure('left', 'left the book', left, 'a year was at risk'),
        ]}
      />
      {renewing.customers > 0 && (
        <p className="note" style={{ marginTop: 12 }}>
          <To href={rowsHref(renewing.rows)}>
            {words.count(renewing.customers)} of the {words.count(became.customers)}
          </To>{' '}
          that became high risk renew within {renewing.days} days.
        </p>
      )}
    </Section>
  )
}
