/** What an action costs as it ships: said where nothing else was set. */
import { shippedActions } from '../../../../actions/catalogue.ts'
import type { Action } from '../../../contracts/actions.ts'
import { minorDigits } from '../../../contracts/money.ts'
import type { FormAnswer } from '../../../server/api/settings-form.ts'
import type { Control, NumberControl } from '../../../settings/controls.ts'
import { numberWords } from '../../../settings/form-values.ts'
import { stepsOf } from '../../../settings/path.ts'
import { sectionsIn } from '../../form/draft.ts'

/**
 * @example
 * shipsIn(form)('catalogue.sms.durationMonths') // 'As it ships: 12 months'
 * shipsIn(form)('catalogue.sms') // 'as it ships: 2 % for 12 months'
 */
export function shipsIn(form: FormAnswer): (path: string) => string | null {
  const catalogue = sectionsIn(form)
    .flatMap(({ fields }) => fields)
    .find(({ path }) => path === 'catalogue')?.control
  const fields = catalogue?.kind === 'record' && catalogue.of.kind === 'fields' ? catalogue.of.fields : []
  const said = ({ cost, leadMonths }: Action, name: string): string | null => {
    const field = fields.find((one) => one.path === name)
    if (field === undefined || !isNumber(field.control)) return null
    const values: Readonly<Record<string, number | undefined>> = {
      fixedCost: cost.fixedMinor / 10 ** minorDigits(form.currency),
      share: cost.share,
      durationMonths: cost.durationMonths,
      leadMonths,
    }
    const value = values[name]
    if (value === undefined) return null
    return `${field.control.kind === 'money' ? `${form.currency} ` : ''}${numberWords(field.control, value)}`
  }
  return (path) => {
    const [place, key, name] = stepsOf(path)
    const action = place === 'catalogue' ? shippedActions.find((one) => one.key === key) : undefined
    if (action === undefined) return null
    if (name !== undefined) {
      const value = said(action, name)
      return value === null ? null : `As it ships: ${value}`
    }
    return `as it ships: ${said(action, 'share')} of what is paid for ${said(action, 'durationMonths')}`
  }
}

const isNumber = (control: Control): control is NumberControl => 'whole' in control && 'step' in control
