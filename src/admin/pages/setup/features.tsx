/** What the model and the rules look at, each with the field that feeds it and why; what they do not look at, on demand. */
import { Select } from '@mantine/core'
import type { MappingAnswer } from '../../../server/api/setup-mapping.ts'
import { useWords } from '../../api/frame.ts'
import { Section } from '../../parts/section.tsx'
import { capital } from '../../words/formats.ts'
import { feeds, type MappedColumn, type MappedFeature, type MappingDraft } from './mapping-draft.ts'
import style from './features.module.css'

interface Props {
  readonly mapping: MappingAnswer
  readonly draft: MappingDraft
  choose(feature: string, column: string | null): void
}

export function Features(props: Props) {
  const { features } = props.mapping
  const model = features
    .filter(({ wanted }) => wanted === 'model')
    .toSorted((a, b) => (b.importance ?? 0) - (a.importance ?? 0))
  const rules = features.filter(({ wanted }) => wanted === 'rules')
  const others = features.filter(({ wanted }) => wanted === 'nothing')
  return (
    <>
      <Section title="What the model looks at, what matters most first">
        <Rows {...props} features={model} />
      </Section>
      <Section title="What decides whether somebody may be contacted">
        <Rows {...props} features={rules} />
      </Section>
      <Section title="What this model does not look at">
        <details className={style.more}>
          <summary>Show them: another model may</summary>
          <Rows {...props} features={others} />
        </details>
      </Section>
    </>
  )
}

function Rows({ features, ...props }: Props & { features: readonly MappedFeature[] }) {
  return (
    <ul className={style.rows}>
      {features.map((feature) => (
        <Row key={feature.feature} feature={feature} {...props} />
      ))}
    </ul>
  )
}

function Row({ feature: one, mapping, draft, choose }: Props & { feature: MappedFeature }) {
  const words = useWords()
  const column = feeds(one, draft)
  const changed = draft[one.feature] !== undefined && column !== (one.mapped?.column ?? null)
  const described = mapping.columns.find((other) => other.column === column)
  const label = capital(one.label)
  return (
    <li className={changed ? style.changed : undefined}>
      <div>
        <span className="strong">{label}</span>
        <div className="note">
          {one.about}
          {one.importance !== null && one.importance > 0 && (
            <> Moves {words.percent(one.importance)} of the score.</>
          )}
        </div>
      </div>
      <Select
        aria-label={`Field for ${one.label}`}
        placeholder="Nothing"
        searchable
        clearable
        data={choicesFor(one, mapping)}
        value={column}
        onChange={(next) => choose(one.feature, next)}
        nothingFoundMessage="No field is called so"
        comboboxProps={{ width: 320, position: 'bottom-start' }}
      />
      <div className="note">
        {described === undefined ? (
          one.alternatives.length > 0 && `${one.alternatives[0].label} may be it`
        ) : (
          <>
            {capital(changed ? whyOf(one, described) : (one.mapped?.why ?? ''))}
            <div>
              {words.percent(described.filled)} filled
              {described.samples.length > 0 &&
                `, such as ${described.samples.slice(0, 2).map(short).join(' or ')}`}
            </div>
          </>
        )}
      </div>
    </li>
  )
}
const short = (text: string): string => (text.length > 24 ? `${text.slice(0, 23)}…` : text)

const whyOf = ({ alternatives }: MappedFeature, { column }: MappedColumn): string =>
  alternatives.find((one) => one.column === column)?.why ?? 'Chosen by you'

/** The likely ones first, then all others; what should not feed a model comes last, and what must not is not offered. */
function choicesFor({ mapped, alternatives }: MappedFeature, { columns }: MappingAnswer) {
  const likely = [...(mapped === null ? [] : [mapped.column]), ...alternatives.map(({ column }) => column)]
  const rest = columns.filter(({ column, kind }) => !likely.includes(column) && kind !== 'empty')
  const isOnly = (label: string): boolean => columns.filter((one) => one.label === label).length === 1
  const option = ({ column, label }: MappedColumn) => ({
    value: column,
    label: isOnly(label) ? label : `${label} (${column})`,
  })
  const group = (title: string, items: readonly MappedColumn[]) =>
    items.length === 0 ? [] : [{ group: title, items: items.map(option) }]
  return [
    ...group(
      'Likely',
      likely.flatMap((name) => columns.find(({ column }) => column === name) ?? []),
    ),
    ...group(
      'Other fields',
      rest.filter(({ refused }) => refused === null),
    ),
    ...group(
      'Left out unless you say so',
      rest.filter(({ refused }) => refused !== null && !refused.never),
    ),
  ]
}
