/** Reasons up and down, and how far the score is to be trusted. */
import type { CustomerAnswer } from '../../../server/api/customer-shapes.ts'
import { Bars } from '../../parts/bars.tsx'
import { Section } from '../../parts/section.tsx'
import { When } from '../../parts/when.tsx'

export function Why({ customer: { score } }: { customer: CustomerAnswer }) {
  if (score === null) return null
  const { prediction, data } = score.confidence
  return (
    <Section title="Why">
      {score.reasons.length === 0 ? (
        <p className="second">Nothing about this customer stands out.</p>
      ) : (
        <Bars
          caption="Reasons, the strongest first: to the right what raises the risk, to the left what lowers it"
          bars={score.reasons.map(({ feature, sentence, contribution, raises }) => ({
            key: feature,
            label: sentence,
            value: contribution,
            text: <span className="note">{raises ? 'raises' : 'lowers'}</span>,
            color: raises ? 'high' : 'low',
          }))}
        />
      )}
      <p className="note" style={{ marginTop: 10 }}>
        Against the average customer. {data.low ? '' : data.sentence}
        {!data.low && data.missing.length > 0 && ` Missing: ${data.missing.join(', ')}.`} Read{' '}
        <When at={data.readAt} />.
      </p>
      {prediction !== null && (
        <p className="note" style={{ marginTop: 6 }}>
          {prediction.sentence}
        </p>
      )}
    </Section>
  )
}
