import { LightningElement, api } from 'lwc'

const TYPES = { toggle: 'checkbox', number: 'number', text: 'text' }

export default class Input extends LightningElement {
  @api type = 'text'
  @api label
  @api name
  @api value
  @api checked = false
  @api min
  @api max
  @api step
  @api maxLength
  @api required = false
  @api disabled = false
  @api fieldLevelHelp
  @api messageToggleActive
  @api messageToggleInactive

  wrong = null

  renderedCallback() {
    const { box } = this.refs
    box.type = TYPES[this.type]
    for (const limit of ['min', 'max', 'step'])
      if (this[limit] !== undefined) box[limit] = String(this[limit])
    box.required = this.required
    if (this.type === 'toggle') box.checked = Boolean(this.checked)
    else if (box.value !== String(this.value ?? '')) box.value = String(this.value ?? '')
  }

  @api focus() {
    this.refs.box.focus()
  }

  @api reportValidity() {
    const valid = this.refs.box.checkValidity()
    this.wrong = valid ? null : 'This is not possible here.'
    return valid
  }

  handleChange(event) {
    event.stopPropagation()
    const { value, checked } = event.target
    this.dispatchEvent(
      new CustomEvent('change', { detail: this.type === 'toggle' ? { checked } : { value } }),
    )
  }
}
