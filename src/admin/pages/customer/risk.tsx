/** The number, what it means, how it moved. */
import type { CustomerAnswer } from '../../../server/api/customer-shapes.ts'
import { useWords, type Words } from '../../api/frame.ts'
import { LevelMark } from '../../parts/level-mark.tsx'
import { Section } from '../../parts/section.tsx'
import { SeriesChart } from '../../parts/series-chart.tsx'
import style from './customer.module.css'

type Score = NonNullable<CustomerAnswer['score']>

/** Actions that are drawn into the chart: more of them hide it. */
const MOST_MARKS = 6

export function Risk({ customer }: { customer: CustomerAnswer }) {
  const words = useWords()
  const { score, history, interventions } = customer
  if (score === null)
    return (
      <Section title="Risk">
        <p className="second">There is no score.</p>
      </Section>
    )
  const { thresholds } = score
  const sent = interventions.filter(({ sentAt, delivery }) => sentAt !== null && delivery !== 'dry_run')
  return (
    <Section title="Risk" aside={<LevelMark level={score.level} />}>
      <p className={style.said}>
        <span className={`${style.number} ${style[score.level]}`}>{words.percent(score.probability)}</span>{' '}
        {score.means}
        {movedText(score, words)}
      </p>
      <p className="second">{worthText(score, words)}</p>
      {history.length < 2 ? (
        <p className="note" style={{ marginTop: 10 }}>
          Scored once so far, on {words.day(new Date(score.scoredAt))}: how the risk moves stands here from
          the next change on.
        </p>
      ) : (
        <SeriesChart
          caption="How the risk moved"
          height={170}
          at={history.map(({ scoredAt }) => scoredAt)}
          series={[{ label: 'Risk', values: history.map(({ probability }) => probability), color: 'accent' }]}
          format={(value) => words.percent(value)}
          bands={
            thresholds === null
              ? []
              : [
                  { from: thresholds.high, to: 1, color: 'high' },
                  { from: thresholds.medium, to: Math.min(1, thresholds.high), color: 'medium' },
                ]
          }
          marks={sent.slice(0, MOST_MARKS).map(({ sentAt, actionKey }) => ({
            at: sentAt ?? '',
            label: words.action(actionKey),
          }))}
        />
      )}
      {thresholds !== null && (
        <p className="note" style={{ marginTop: 8 }}>
          {thresholds.high > 1 ? 'Nobody is high' : `High from ${words.percent(thresholds.high)}`}, medium
          from {words.percent(thresholds.medium)}.{' '}
          {score.level === 'LOW' ? 'Low' : score.level === 'HIGH' ? 'High' : 'Medium'} since{' '}
          {words.day(new Date(score.levelSince))}.
        </p>
      )}
    </Section>
  )
}

/** Less than that is no move. */
const MOVED = 0.005

function movedText({ probability, monthAgo }: Score, words: Words): string {
  if (monthAgo === null) return ''
  const before = words.percent(monthAgo.probability)
  if (Math.abs(probability - monthAgo.probability) < MOVED) return `, steady for a month`
  return `, ${probability > monthAgo.probability ? 'up' : 'down'} from ${before} a month ago`
}

function worthText({ valueAtRiskMinor, monthlyMinor, currency }: Score, words: Words): string {
  if (valueAtRiskMinor === null || monthlyMinor === null || currency === null)
    return 'What is at risk cannot be said: what it pays is not known.'
  return `${words.money(valueAtRiskMinor, currency)} a year is at risk: the chance, times ${words.money(monthlyMinor * 12, currency)} that it pays.`
}
