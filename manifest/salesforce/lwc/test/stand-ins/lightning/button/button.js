import { LightningElement, api } from 'lwc'

export default class Button extends LightningElement {
  @api label
  @api variant = 'neutral'
  @api disabled = false

  @api focus() {
    this.template.querySelector('button').focus()
  }
}
