import { LightningElement, api } from 'lwc'

export default class Combobox extends LightningElement {
  @api label
  @api name
  @api value
  @api options = []
  @api placeholder
  @api required = false
  @api disabled = false
  @api messageWhenValueMissing

  missing = false

  get isEmpty() {
    return this.value === null || this.value === undefined
  }

  get shown() {
    return this.options.map((option) => ({ ...option, selected: option.value === this.value }))
  }

  @api focus() {
    this.template.querySelector('select').focus()
  }

  @api reportValidity() {
    this.missing = this.required && this.isEmpty
    return !this.missing
  }

  handleChange(event) {
    this.missing = false
    this.dispatchEvent(new CustomEvent('change', { detail: { value: event.target.value } }))
  }
}
