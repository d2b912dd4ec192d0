/** How much of what matters is known of customers: as it is, and as it would be with the changes; looked up as one goes. */
import type { MappingAnswer, MappingPreviewAnswer } from '../../../server/api/setup-mapping.ts'
import { useAsked } from '../../api/asked.ts'
import { useWords } from '../../api/frame.ts'
import { Failure } from '../../parts/loaded.tsx'
import { BlockPending } from '../../parts/pending.tsx'
import { Section } from '../../parts/section.tsx'
import type { MappingChange } from './mapping-draft.ts'
import style from './confidence.module.css'

export function Confidence({
  connection,
  mapping,
  changes,
}: {
  connection: string
  mapping: MappingAnswer
  changes: readonly MappingChange[]
}) {
  const words = useWords()
  const [fed] = mapping.features.filter(({ mapped }) => mapped !== null)
  // Without a change the mapping in force is asked about: as a change to what it is.
  const asked =
    changes.length > 0
      ? changes
      : fed === undefined
        ? []
        : [{ column: fed.mapped!.column, feature: fed.feature }]
  const read = useAsked<MappingPreviewAnswer>(
    asked.length > 0 ? `/v1/connections/${connection}/mapping/preview` : null,
    { changes: asked },
    { staleMs: 60_000 },
  )
  if (asked.length === 0)
    return (
      <Section title="What is known of a customer">
        <p className="second">Nothing yet: no field feeds anything that tells of churn. Choose some below.</p>
      </Section>
    )
  const { data, error, changing, refetch } = read
  // What is shown while the answer to a change is on its way is of an earlier one.
  const tried = changes.length > 0 && !changing
  const now = tried ? data?.after : data?.before
  return (
    <Section title="What is known of a customer">
      {error !== null && <Failure error={error} retry={() => void refetch()} />}
      {data === undefined || now === undefined ? (
        error === null && <BlockPending height={92} />
      ) : (
        <div className={changing ? style.changing : undefined} aria-busy={changing}>
          <p>
            <output>
              {now.confidence === null ? (
                'Nothing that matters to the model is known.'
              ) : (
                <>
                  <span className={style.figure}>{words.percent(now.confidence)}</span> of what matters to the
                  model, on average
                  {tried && data.before.confidence !== null && (
                    <span className="second"> (was {words.percent(data.before.confidence)})</span>
                  )}
                </>
              )}
            </output>
          </p>
          <Distribution tenths={now.distribution} />
          <p className="note">
            Of {words.many(data.sample, 'customer')} read from the CRM for this.
            {tried && ` The risk of ${words.count(data.moved)} of them would move by a point or more.`}
          </p>
        </div>
      )}
    </Section>
  )
}

/** How many customers are known how well, from hardly to wholly. */
function Distribution({ tenths }: { tenths: readonly number[] }) {
  const words = useWords()
  const most = Math.max(1, ...tenths)
  const sum = tenths.reduce((all, one) => all + one, 0)
  const well = tenths.slice(7).reduce((all, one) => all + one, 0)
  return (
    <figure className={style.distribution}>
      <div className={style.bars} aria-hidden="true">
        {tenths.map((many, at) => (
          <div
            key={at}
            style={{ height: `${Math.max(many > 0 ? 6 : 1, (many / most) * 100)}%` }}
            title={`${at * 10} to ${at * 10 + 10} % known: ${words.many(many, 'customer')}`}
          />
        ))}
      </div>
      <div className={style.ends} aria-hidden="true">
        <span>Nothing known</span>
        <span>All known</span>
      </div>
      <figcaption className="unseen">
        {words.count(well)} of {words.many(sum, 'customer')} are known by 70 % or more
      </figcaption>
    </figure>
  )
}
