/** How many customers stand at which risk, by level. */
import type { OverviewAnswer } from '../../../server/api/overview-shapes.ts'
import { useWords } from '../../api/frame.ts'
import { rowsHref } from '../../api/rows-href.ts'
import { LevelMark } from '../../parts/level-mark.tsx'
import { RiskHistogram } from '../../parts/risk-histogram.tsx'
import { Section } from '../../parts/section.tsx'
import { To } from '../../parts/to.tsx'
import { sumText } from '../../words/sums.ts'
import style from './overview.module.css'
import { capital } from '../../words/formats.ts'

/** More connections are told on their pages. */
const MOST_SENTENCES = 3

export function Distribution({ overview: { distribution, book } }: { overview: OverviewAnswer }) {
  const words = useWords()
  const { bins, levels } = distribution
  const scored = levels.filter(({ high }) => high !== null)
  const [only] = scored
  return (
    <Section title="Risk across the book">
      <RiskHistogram
        caption={`Customers by ${horizonWords(scored)}`}
        bins={bins}
        lines={scored.length === 1 ? [only.medium, only.high].filter((at) => at !== null) : []}
      />
      <ul className={style.levels}>
        {book.levels.toReversed().map(({ level, customers, atRisk }) => (
          <li key={level}>
            <LevelMark level={level} />{' '}
            <To href={rowsHref(customers.rows)}>{words.count(customers.count)}</To>
            {atRisk.byCurrency.length > 0 && <span className={style.sum}> · {sumText(atRisk, words)}</span>}
          </li>
        ))}
      </ul>
      <p className="note">
        {capital(horizonWords(scored))}.{' '}
        {scored
          .slice(0, MOST_SENTENCES)
          .map(({ name, sentence }) => (scored.length === 1 ? sentence : `${name}: ${sentence}`))
          .join(' ')}
      </p>
    </Section>
  )
}

function horizonWords(scored: OverviewAnswer['distribution']['levels']): string {
  const days = new Set(scored.map(({ horizonDays }) => horizonDays))
  const [first] = days
  return days.size === 1 && typeof first === 'number'
    ? `chance to leave within ${first} days`
    : 'chance to leave'
}
