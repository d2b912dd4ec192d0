import { LightningElement, api } from 'lwc'

export default class Textarea extends LightningElement {
  @api label
  @api name
  @api value
  @api maxLength
  @api disabled = false

  handleInput(event) {
    this.dispatchEvent(new CustomEvent('change', { detail: { value: event.target.value } }))
  }
}
