/** One setting, as HubSpot's own inputs have it. */
import { Flex, Input, NumberInput, Select, Text, Toggle } from '@hubspot/ui-extensions'
import type { CardField } from './contract.ts'

export type FieldValue = boolean | number | string | null

export interface SettingFieldProps {
  readonly field: CardField
  /** As it is in the form. */
  readonly value: FieldValue
  /** Why it could not be saved. */
  readonly problem: string | null
  readonly off: boolean
  readonly onChange: (value: FieldValue) => void
}

export function SettingField({ field, value, problem, off, onChange }: SettingFieldProps) {
  const { key, label, help, fixed } = field
  const readOnly = off || fixed !== null
  const description = [help, fixed].filter((part) => part !== null).join(' ')
  const told = {
    label: 'unit' in field && field.unit !== null ? `${label} (${field.unit})` : label,
    name: key,
    readOnly,
    ...(description === '' ? {} : { description }),
    ...(problem === null ? {} : { error: true, validationMessage: problem }),
  }
  switch (field.kind) {
    case 'switch':
      // A toggle has no room for help and problems of its own.
      return (
        <Flex direction="column" gap="xs">
          <Toggle
            label={label}
            name={key}
            labelDisplay="top"
            size="sm"
            textChecked="On"
            textUnchecked="Off"
            checked={value === true}
            readonly={readOnly}
            onChange={onChange}
          />
          {description === '' ? null : <Text variant="microcopy">{description}</Text>}
          {problem === null ? null : <Text format={{ fontWeight: 'demibold' }}>{problem}</Text>}
        </Flex>
      )
    case 'number':
      return (
        <NumberInput
          {...told}
          {...(typeof value === 'number' ? { value } : {})}
          {...(field.min === null ? {} : { min: field.min })}
          {...(field.max === null ? {} : { max: field.max })}
          onChange={(typed) => onChange(Number.isFinite(typed) ? typed : null)}
        />
      )
    case 'text':
      return <Input {...told} value={String(value ?? '')} onChange={onChange} />
    case 'choice':
      return (
        <Select
          {...told}
          value={String(value)}
          options={field.options.map((option) => ({ ...option }))}
          onChange={(chosen) => onChange(String(chosen))}
        />
      )
  }
}
