/** How far actions may go: money, how often, when, who says yes first, what leaves at all, whom nothing is done for. */
import { Checkbox, Group, NumberInput, Select, Stack, TextInput } from '@mantine/core'
import type { ReactNode } from 'react'
import type { FormAnswer } from '../../../server/api/settings-form.ts'
import { useWords } from '../../api/frame.ts'
import type { SettingsEditing } from '../../api/settings-edits.ts'
import { Section } from '../../parts/section.tsx'

interface Props {
  readonly form: FormAnswer
  readonly settings: SettingsEditing
}

export function Limits(props: Props) {
  return (
    <>
      <Section title="Money">
        <Fields>
          <Choice {...props} path="period" label="Decided every" w={150} />
          <Amount {...props} path="budget" label="Budget of a period" placeholder="No limit" />
          <Percent
            {...props}
            path="margin.gross"
            label="Gross margin"
            about="What is earned on what is paid"
          />
        </Fields>
      </Section>
      <Section title="How often a customer hears from you">
        <Fields>
          <Count {...props} path="contact.cooldownDays" label="Days between contacts" />
          <Count {...props} path="contact.perPeriod" label="Contacts in a period" none />
          <Count {...props} path="guard.perWeek" label="Contacts in seven days" none />
          <Count {...props} path="discounts.perYear" label="Discounts in 12 months" none />
          <Percent {...props} path="discounts.deepest" label="Deepest discount" />
        </Fields>
      </Section>
      <Section title="Hours, in the customer’s own time">
        <Stack gap="sm">
          <Hours {...props} base="guard.email" noun="E-mails" />
          <Hours {...props} base="guard.sms" noun="SMS" />
          <Hours {...props} base="guard.call" noun="Calls" />
        </Stack>
      </Section>
      <Section title="What a person says yes to first">
        <Stack gap="xs">
          <Tick {...props} path="delivery.approval.discounts" label="Each discount" />
          <Tick {...props} path="delivery.approval.calls" label="Each call" />
          <Tick {...props} path="delivery.approval.email" label="Each other e-mail" />
          <Tick {...props} path="delivery.approval.sms" label="Each other SMS" />
        </Stack>
      </Section>
      <Section title="What leaves Holdfast">
        <Choice {...props} path="delivery.mode" label="Once actions are turned on, it goes" w={420} />
      </Section>
      <Section title="Whom nothing is done for, so that it can be measured">
        <Fields>
          <Percent
            {...props}
            path="groups.holdout"
            label="Holdout"
            about="Nothing is done for them"
            most={50}
          />
          <Percent
            {...props}
            path="groups.usual"
            label="Business as usual"
            about="Left to your team"
            most={50}
          />
        </Fields>
      </Section>
    </>
  )
}

const Fields = ({ children }: { children: ReactNode }) => (
  <Group gap="md" align="end">
    {children}
  </Group>
)

interface FieldProps extends Props {
  readonly path: string
  readonly label: string
  readonly about?: string
}

/** Choices of a setting, as the form describes them. */
function optionsOf(
  { sections }: FormAnswer,
  path: string,
): { readonly value: string; readonly label: string }[] {
  const field = sections.flatMap(({ fields }) => fields).find((one) => one.path === path)
  const options = (field?.control['options'] ?? []) as readonly {
    readonly value: unknown
    readonly label: string
  }[]
  return options.map(({ value, label }) => ({ value: String(value), label }))
}

function Choice({ form, settings, path, label, w }: FieldProps & { w: number }) {
  return (
    <Select
      label={label}
      data={optionsOf(form, path)}
      value={String(settings.value(path) ?? '')}
      onChange={(value) => value !== null && settings.set(path, value)}
      allowDeselect={false}
      error={settings.wrong.get(path)}
      w={w}
      maw="100%"
    />
  )
}

const numberAt = ({ settings, path }: FieldProps): number | '' => {
  const value = settings.value(path)
  return typeof value === 'number' ? value : ''
}

function Count(props: FieldProps & { none?: boolean }) {
  const { settings, path, label, none = false } = props
  return (
    <NumberInput
      label={label}
      placeholder={none ? 'No limit' : ''}
      min={0}
      allowDecimal={false}
      value={numberAt(props)}
      onChange={(value) => {
        if (typeof value === 'number') settings.set(path, value)
        else if (none) settings.set(path, null)
      }}
      error={settings.wrong.get(path)}
      w={170}
    />
  )
}

function Amount(props: FieldProps & { placeholder: string }) {
  const { form, settings, path, label, placeholder } = props
  const words = useWords()
  return (
    <NumberInput
      label={label}
      placeholder={placeholder}
      prefix={words.money(0, form.currency).replace(/[\d.,]/g, '')}
      thousandSeparator=","
      min={0}
      decimalScale={2}
      value={numberAt(props)}
      onChange={(value) => settings.set(path, typeof value === 'number' ? value : null)}
      error={settings.wrong.get(path)}
      w={170}
    />
  )
}

function Percent(props: FieldProps & { most?: number }) {
  const { settings, path, label, about, most = 100 } = props
  const value = numberAt(props)
  return (
    <NumberInput
      label={label}
      description={about}
      suffix=" %"
      min={0}
      max={most}
      decimalScale={1}
      value={value === '' ? '' : Math.round(value * 1000) / 10}
      onChange={(next) => typeof next === 'number' && settings.set(path, Math.round(next * 10) / 1000)}
      error={settings.wrong.get(path)}
      w={170}
    />
  )
}

function Tick({ settings, path, label }: FieldProps) {
  return (
    <Checkbox
      label={label}
      checked={settings.value(path) === true}
      onChange={(event) => settings.set(path, event.currentTarget.checked)}
    />
  )
}

function Hours({ form, settings, base, noun }: Props & { base: string; noun: string }) {
  const time = (end: 'from' | 'to') => {
    const path = `${base}.${end}`
    return (
      <TextInput
        type="time"
        label={`${noun} ${end === 'from' ? 'from' : 'until'}`}
        value={String(settings.value(path) ?? '')}
        onChange={(event) =>
          event.currentTarget.value !== '' && settings.set(path, event.currentTarget.value)
        }
        error={settings.wrong.get(path)}
        w={130}
      />
    )
  }
  return (
    <Group gap="md" align="end">
      {time('from')}
      {time('to')}
      <Choice form={form} settings={settings} path={`${base}.days`} label="On" w={430} />
    </Group>
  )
}
