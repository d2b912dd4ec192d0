/** One feature to try: a slider, a choice or yes and no, with what it was and a way back. */
import { Button, NativeSelect, NumberInput, SegmentedControl, Slider } from '@mantine/core'
import { useId, type ReactNode } from 'react'
import { useWords } from '../../api/frame.ts'
import { featureText, sliderSpan, type TriedFeature, type TriedValue } from '../../words/feature-values.ts'
import style from './try-out.module.css'

interface FeatureProps {
  readonly feature: TriedFeature
  readonly value: TriedValue
  readonly changed: boolean
  /** Of amounts. */
  readonly currency: string
  set(value: TriedValue): void
}

export function TryFeature(props: FeatureProps) {
  const { feature, value, changed, currency, set } = props
  const words = useWords()
  const id = useId()
  const text = (of: TriedValue): string => featureText(feature, of, { currency, words })
  const unknown = value === null && feature.kind === 'number'
  return (
    <fieldset className={style.feature} aria-labelledby={id}>
      <div className={style.title}>
        <span id={id}>{feature.title}</span>
        <span className={changed ? 'strong' : 'second'}>{text(value)}</span>
      </div>
      {unknown ? <Unknown {...props} /> : <Control {...props} labelledBy={id} text={text} />}
      <div className={style.below}>
        {changed ? (
          <>
            was {text(feature.value)}
            <button type="button" className={style.back} onClick={() => set(feature.value)}>
              Put back<span className="unseen"> {feature.title}</span>
            </button>
          </>
        ) : (
          !unknown && feature.usual !== null && <>usual: {text(feature.usual)}</>
        )}
      </div>
    </fieldset>
  )
}

function Unknown({ feature, set }: FeatureProps) {
  const start = feature.usual ?? feature.range?.min ?? 0
  return (
    <div className={style.unknown}>
      <span className="note">{feature.missing}</span>
      <Button size="xs" variant="default" onClick={() => set(start)}>
        Try a value<span className="unseen"> of {feature.title}</span>
      </Button>
    </div>
  )
}

function Control({
  feature,
  value,
  set,
  labelledBy,
  text,
}: FeatureProps & { labelledBy: string; text: (value: TriedValue) => string }): ReactNode {
  switch (feature.kind) {
    case 'number': {
      if (typeof value !== 'number') return null
      const own = typeof feature.value === 'number' ? feature.value : null
      if (feature.range === null)
        return (
          <NumberInput
            size="xs"
            value={value}
            onChange={(given) => set(Number(given))}
            aria-labelledby={labelledBy}
          />
        )
      const { min, max, step } = sliderSpan(feature.range, own)
      return (
        <Slider
          size="sm"
          min={min}
          max={max}
          step={step}
          value={value}
          onChange={(moved) => set(Number(moved.toPrecision(7)))}
          label={null}
          thumbLabel={feature.title}
          thumbValueText={text(value)}
          {...(own === null ? {} : { marks: [{ value: own }] })}
          className={style.slider ?? ''}
        />
      )
    }
    case 'choice':
      return (
        <NativeSelect
          size="xs"
          value={typeof value === 'string' ? value : ''}
          onChange={(event) => set(event.currentTarget.value === '' ? null : event.currentTarget.value)}
          aria-labelledby={labelledBy}
          data={[
            ...(feature.choices ?? []).map((choice) => ({ value: choice, label: text(choice) })),
            { value: '', label: 'Not known' },
          ]}
        />
      )
    case 'yes_no':
      return (
        <SegmentedControl
          size="xs"
          value={value === null ? '' : String(value)}
          onChange={(chosen) => set(chosen === '' ? null : chosen === 'true')}
          aria-labelledby={labelledBy}
          data={[
            { value: 'true', label: 'Yes' },
            { value: 'false', label: 'No' },
            { value: '', label: 'Not known' },
          ]}
        />
      )
  }
}
