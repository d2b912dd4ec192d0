/** What if this customer were otherwise? Sliders over what its model looks at; it is scored anew with each move. */
import { Button } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useState } from 'react'
import type { CustomerAnswer } from '../../../server/api/customer-shapes.ts'
import type { TryAnswer } from '../../../server/api/try-shapes.ts'
import { useWords } from '../../api/frame.ts'
import { useRead } from '../../api/queries.ts'
import { Loaded } from '../../parts/loaded.tsx'
import { BlockPending } from '../../parts/pending.tsx'
import { Section } from '../../parts/section.tsx'
import type { TriedFeature, TriedValue } from '../../words/feature-values.ts'
import { TryFeature } from './try-feature.tsx'
import { TryResult } from './try-result.tsx'
import style from './try-out.module.css'
import { useTried, type Changes } from './use-tried.ts'

export function TryOut({ customer }: { customer: CustomerAnswer }) {
  const { id, objects, status, score } = customer
  const possible = !objects && status === 'active' && score !== null
  const path = `/v1/customers/${id}/try`
  const read = useRead<TryAnswer>(possible ? path : null)
  if (!possible) return null
  return (
    <Section
      title="Try it out: what if it were otherwise?"
      aside={<span className="note">Nothing is saved or sent</span>}
    >
      <Loaded read={read} pending={<BlockPending height={420} />}>
        {(asked) => <Trying path={path} customer={customer} asked={asked} />}
      </Loaded>
    </Section>
  )
}

/** Milliseconds that a slider rests before it is asked. */
const REST_MS = 150
/** Features that stand there at once; the rest on demand. */
const FIRST = 8

function Trying({ path, customer, asked }: { path: string; customer: CustomerAnswer; asked: TryAnswer }) {
  const words = useWords()
  const [changes, setChanges] = useState<Changes>({})
  const [wanted] = useDebouncedValue(changes, REST_MS)
  const [all, setAll] = useState(false)
  const tried = useTried(path, wanted)
  const { features, currency } = asked
  const moving = features.filter(({ moves }) => moves)
  const still = features.filter(({ moves }) => !moves)
  // What was changed stays in sight.
  const shown = all ? moving : moving.filter(({ name }, at) => at < FIRST || Object.hasOwn(changes, name))
  const rest = moving.length - shown.length + still.length
  const set = (feature: TriedFeature, value: TriedValue) =>
    setChanges((now) => {
      const others = Object.entries(now).filter(([name]) => name !== feature.name)
      return Object.fromEntries(value === feature.value ? others : [...others, [feature.name, value]])
    })
  const control = (feature: TriedFeature) => (
    <TryFeature
      key={feature.name}
      feature={feature}
      value={Object.hasOwn(changes, feature.name) ? changes[feature.name] : feature.value}
      changed={Object.hasOwn(changes, feature.name)}
      currency={currency}
      set={(value) => set(feature, value)}
    />
  )
  const changed = Object.keys(changes).length
  return (
    <div className={style.place}>
      <div>
        <p className="second">
          Move what you wonder about. {customer.name ?? 'This customer'} is scored with it at once by the
          model in charge, as of {words.day(asked.asOf)}; what is stored, decided and sent stays as it is.
          {asked.differs === null ? '' : ` ${asked.differs}`}
        </p>
        <div className={style.features}>{shown.map(control)}</div>
        {all && still.length > 0 && (
          <>
            <p className="note" style={{ marginTop: 14 }}>
              The model looks at these too, but no value of them moves the score. What it pays changes what an
              action is worth.
            </p>
            <div className={style.features}>{still.map(control)}</div>
          </>
        )}
        {(rest > 0 || all) && (
          <Button variant="default" size="xs" mt="md" onClick={() => setAll(!all)} aria-expanded={all}>
            {all ? 'Show fewer' : `Show ${words.count(rest)} more`}
          </Button>
        )}
      </div>
      <TryResult
        customer={customer}
        asked={asked}
        tried={tried}
        waiting={tried.isPlaceholderData || wanted !== changes}
        changed={changed}
        reset={() => setChanges({})}
      />
    </div>
  )
}
