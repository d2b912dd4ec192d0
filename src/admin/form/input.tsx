/** The input of each kind of control, drawn once for all forms. */
import type { Control } from '../../settings/controls.ts'
import { ChoiceField, ChoicesField, SwitchField } from './choice-inputs.tsx'
import { RecordField, RowsField } from './entries-input.tsx'
import { FieldsField, VariantField } from './fields-input.tsx'
import type { InputProps } from './leaf.ts'
import { ListField } from './list-input.tsx'
import { NumberField } from './number-inputs.tsx'
import { TextField } from './text-inputs.tsx'

/**
 * @example
 * <Input {...field} steps={['budget']} value="500" change={setBudget} />
 */
export function Input(props: InputProps) {
  const { control } = props
  switch (control.kind) {
    case 'switch':
      return <SwitchField {...props} control={control} />
    case 'number':
    case 'percent':
    case 'money':
    case 'duration':
    case 'hour':
      return <NumberField {...props} control={control} />
    case 'choice':
      return <ChoiceField {...props} control={control} />
    case 'choices':
      return <ChoicesField {...props} control={control} />
    case 'text':
      return <TextField {...props} control={control} />
    case 'list':
      return <ListField {...props} control={control} />
    case 'rows':
      return <RowsField {...props} control={control} />
    case 'record':
      return <RecordField {...props} control={control} />
    case 'fields':
      return <FieldsField {...props} control={control} />
    case 'variant':
      return <VariantField {...props} control={control} />
  }
}

/** Whether it is one input, which a label can be of. */
export const isLeaf = ({ kind }: Control): boolean => !['choices', 'rows', 'record', 'fields'].includes(kind)

/** Whether it takes the whole width. */
export const isWide = ({ kind }: Control): boolean => ['rows', 'record', 'fields', 'variant'].includes(kind)
