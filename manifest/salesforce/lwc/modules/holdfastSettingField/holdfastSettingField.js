import { LightningElement, api } from 'lwc'

/**
 * One setting, as Salesforce's own inputs have it.
 *
 * @fires setting with key and value, whenever it is changed
 */
export default class HoldfastSettingField extends LightningElement {
  /** CardField */
  @api field
  /** As it is in the form. */
  @api value
  /** Why it could not be saved; null: it could, or nobody tried. */
  @api problem
  @api off = false

  get label() {
    const { label, unit } = this.field
    return unit ? `${label} (${unit})` : label
  }

  get about() {
    return [this.field.help, this.field.fixed].filter(Boolean).join(' ')
  }

  get isFixed() {
    return this.off || this.field.fixed !== null
  }

  get isChoice() {
    return this.field.kind === 'choice'
  }

  get isSwitch() {
    return this.field.kind === 'switch'
  }

  get isNumber() {
    return this.field.kind === 'number'
  }

  get min() {
    return this.field.min ?? undefined
  }

  get max() {
    return this.field.max ?? undefined
  }

  handleSwitch(event) {
    this.tell(event.detail.checked)
  }

  handleNumber(event) {
    const { value } = event.detail
    const number = Number(value)
    this.tell(value === '' || !Number.isFinite(number) ? null : number)
  }

  handleValue(event) {
    this.tell(event.detail.value)
  }

  tell(value) {
    this.dispatchEvent(new CustomEvent('setting', { detail: { key: this.field.key, value } }))
  }
}
