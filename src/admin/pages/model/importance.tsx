/** What a model looks at, by how much it moves a score. */
import { Button } from '@mantine/core'
import { useState } from 'react'
import { Bars } from '../../parts/bars.tsx'
import { Section } from '../../parts/section.tsx'
import type { EvaluationAnswer } from '../../../server/api/model-shapes.ts'
import style from './model.module.css'

const FEW = 10

export function Importance({
  importance,
  measured,
}: {
  importance: EvaluationAnswer['importance']
  measured: boolean
}) {
  const [all, setAll] = useState(false)
  if (importance.length === 0) return null
  const [{ value: most }] = importance
  return (
    <Section title="What it looks at">
      <p className={style.said}>
        {measured
          ? 'By how much each moves a score on average, the first being 100. It says what the model goes by, not what makes customers leave.'
          : 'By how much each is assumed to move a score, the first being 100: believed, not seen.'}
      </p>
      <Bars
        caption="What moves a score, most of all first"
        bars={importance.slice(0, all ? undefined : FEW).map(({ feature, label, value, low, high }) => ({
          key: feature,
          label: label[0].toUpperCase() + label.slice(1),
          value,
          text: relative(value, most),
          ...(low === null || high === null
            ? {}
            : { note: `95 % interval ${relative(low, most)} to ${relative(high, most)}` }),
        }))}
      />
      {importance.length > FEW && (
        <Button variant="default" size="xs" mt="sm" onClick={() => setAll(!all)} aria-expanded={all}>
          {all ? 'Show the first ten' : `Show all ${importance.length}`}
        </Button>
      )}
    </Section>
  )
}

const relative = (value: number, most: number): string =>
  most === 0 ? '0' : String(Math.round((100 * value) / most))
