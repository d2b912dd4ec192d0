/** What can be turned for all: costs, budget, quiet days, contacts, and how sure an action has to be. */
import { NumberInput, Slider, Switch } from '@mantine/core'
import { useId, type ReactNode } from 'react'
import { useWords } from '../../api/frame.ts'
import { minorDigits } from '../../../contracts/money.ts'
import type { WhatIfAnswer } from '../../../server/api/what-if-shapes.ts'
import { commonFactor, withFactor, withField, type Base, type Change } from './change.ts'
import { budgetTop } from './ranges.ts'
import style from './what-if.module.css'

interface KnobsProps {
  readonly base: Base
  readonly now: WhatIfAnswer['now']
  readonly currency: string
  readonly change: Change
  set(change: Change): void
}

export function Knobs(props: KnobsProps) {
  const { base, change, set } = props
  const factor = commonFactor(change, base)
  const { cooldownDays, gateThreshold, contactsPerPeriod, period } = base
  const days = change.cooldownDays ?? cooldownDays
  const sure = Math.round((change.gateThreshold ?? gateThreshold) * 100)
  const contacts = change.contactsPerPeriod === undefined ? contactsPerPeriod : change.contactsPerPeriod
  return (
    <div className={style.knobs}>
      <Knob
        label="Every action costs"
        was="now once"
        moved={factor !== 1}
        slider={{ min: 0, max: 4, step: 0.05, value: factor ?? 1 }}
        field={{ prefix: '× ', max: 1000, decimalScale: 2, placeholder: 'differs', value: factor ?? '' }}
        choose={(times) => set(withFactor(change, base, times))}
      />
      <Budget {...props} />
      <Knob
        label="Left in peace after a contact for"
        was={`now ${cooldownDays} days`}
        moved={days !== cooldownDays}
        slider={{ min: 0, max: 90, step: 1, value: days }}
        field={{ suffix: ' days', max: 365, decimalScale: 0, value: days }}
        choose={(value) => set(withField(change, 'cooldownDays', value, cooldownDays))}
      />
      <Knob
        label={`Contacts a ${period}, at most`}
        was={contactsPerPeriod === null ? 'now without limit' : `now ${contactsPerPeriod}`}
        moved={contacts !== contactsPerPeriod}
        slider={{ min: 0, max: 10, step: 1, value: contacts ?? 10 }}
        field={{ max: 1000, decimalScale: 0, placeholder: 'no limit', value: contacts ?? '' }}
        choose={(value) => set(withField(change, 'contactsPerPeriod', value, contactsPerPeriod))}
        clear={() => set(withField(change, 'contactsPerPeriod', null, contactsPerPeriod))}
      />
      <Knob
        label="How sure it has to be that an action does more good than harm"
        was={`now ${Math.round(gateThreshold * 100)} %`}
        moved={sure !== Math.round(gateThreshold * 100)}
        slider={{ min: 50, max: 99, step: 1, value: sure }}
        field={{ suffix: ' %', max: 100, decimalScale: 0, value: sure }}
        choose={(value) => set(withField(change, 'gateThreshold', value / 100, gateThreshold))}
      />
    </div>
  )
}

function Budget({ base, now, currency, change, set }: KnobsProps) {
  const words = useWords()
  const minor = 10 ** minorDigits(currency)
  const { budgetMinor, period } = base
  const budget = change.budgetMinor === undefined ? budgetMinor : change.budgetMinor
  const top = budgetTop(base, now)
  const choose = (value: number | null): void => set(withField(change, 'budgetMinor', value, budgetMinor))
  return (
    <Knob
      label={`Budget a ${period}`}
      was={budgetMinor === null ? 'now without limit' : `now ${words.money(budgetMinor, currency)}`}
      moved={budget !== budgetMinor}
      slider={{
        min: 0,
        max: top / minor,
        step: Math.max(1, Math.round(top / minor / 100)),
        value: Math.min(budget ?? top, top) / minor,
      }}
      field={{
        suffix: ` ${currency}`,
        max: 1e11,
        decimalScale: 0,
        thousandSeparator: ',',
        placeholder: 'no limit',
        value: budget === null ? '' : Math.round(budget / minor),
      }}
      choose={(value) => choose(Math.round(value * minor))}
      clear={() => choose(null)}
    >
      <Switch
        size="xs"
        label="No limit"
        checked={budget === null}
        onChange={({ currentTarget }) =>
          choose(currentTarget.checked ? null : (budgetMinor ?? now.spendMinor))
        }
      />
    </Knob>
  )
}

interface KnobProps {
  readonly label: string
  /** As the settings have it. */
  readonly was: string
  readonly moved: boolean
  readonly slider: {
    readonly min: number
    readonly max: number
    readonly step: number
    readonly value: number
  }
  readonly field: {
    readonly value: number | ''
    readonly max: number
    readonly decimalScale: number
    readonly prefix?: string
    readonly suffix?: string
    readonly placeholder?: string
    readonly thousandSeparator?: string
  }
  readonly children?: ReactNode
  choose(value: number): void
  /** An empty field is no limit; absent: it stays as it was. */
  clear?(): void
}

/** A slider for the hand and a field for the exact value, of one and the same. */
function Knob({ label, was, moved, slider, field, children, choose, clear }: KnobProps) {
  const id = useId()
  return (
    <div className={style.knob}>
      <div className={style.label}>
        <label htmlFor={id}>{label}</label>
        <span className={style.was}>{moved ? was : ''}</span>
      </div>
      <Slider
        {...slider}
        size="sm"
        label={null}
        thumbLabel={label}
        {...(moved ? {} : { color: 'var(--third)' })}
        onChange={choose}
      />
      <NumberInput
        id={id}
        size="xs"
        min={0}
        clampBehavior="strict"
        allowNegative={false}
        {...field}
        onChange={(value) => {
          if (typeof value === 'number') choose(value)
          else if (value === '') clear?.()
        }}
      />
      {children}
    </div>
  )
}
