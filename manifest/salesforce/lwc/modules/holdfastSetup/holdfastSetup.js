import { LightningElement } from 'lwc'
import readSetup from '@salesforce/apex/HoldfastSetup.readSetup'
import saveSetup from '@salesforce/apex/HoldfastSetup.saveSetup'
import { ask, onePress } from 'c/holdfastCalls'

const FIELDS = ['enabled', 'timeoutSeconds']

/**
 * The package's own settings, which are custom metadata: on or off, and how long it waits.
 *
 * @fires setup with the settings as they stand, each time they were read or saved
 */
export default class HoldfastSetup extends LightningElement {
  /** As it stands in the org: what is in the form, and `mayChange`. Null: not read yet. */
  setup = null
  form = {}
  trouble = null
  came = null
  busy = false

  _wasBusy = false
  _press = onePress((busy) => {
    this.busy = busy !== null
  })

  connectedCallback() {
    this.read()
  }

  renderedCallback() {
    if (this._wasBusy && !this.busy && this.came !== null) this.refs.came?.focus()
    this._wasBusy = this.busy
  }

  get isLoading() {
    return this.setup === null && this.trouble === null
  }

  get isUnread() {
    return this.setup === null
  }

  get isLocked() {
    return !this.setup.mayChange
  }

  get isOff() {
    return !this.setup.enabled
  }

  get isFixed() {
    return !this.setup.mayChange || this.busy
  }

  /** Nothing is to be saved, or it is being saved. */
  get isSaved() {
    return this.busy || FIELDS.every((field) => this.form[field] === this.setup[field])
  }

  handleAgain() {
    this.trouble = null
    this.read()
  }

  handleEnabled(event) {
    this.change({ enabled: event.detail.checked })
  }

  handleTimeout(event) {
    const { value } = event.detail
    this.change({ timeoutSeconds: value === '' ? null : Number(value) })
  }

  handlePutBack() {
    this.form = { ...this.setup }
    this.came = null
  }

  handleSave() {
    const wrong = [...this.template.querySelectorAll('lightning-input')].find(
      (input) => !input.reportValidity(),
    )
    if (wrong !== undefined) {
      wrong.focus()
      return
    }
    const { enabled, timeoutSeconds } = this.form
    const wanted = { enabled, timeoutSeconds }
    this.came = null
    this._press('save', async () => {
      const { trouble } = await ask(saveSetup, wanted, 'press')
      if (trouble !== null) {
        this.came = { tone: 'danger', heading: 'That did not work', text: trouble }
        return
      }
      this.came = {
        tone: 'success',
        text: 'Saved. Salesforce deploys it in the background: it counts in about a minute.',
      }
      this.take({ ...this.setup, ...wanted })
    })
  }

  change(values) {
    this.form = { ...this.form, ...values }
    this.came = null
  }

  async read() {
    const { value, trouble } = await ask(readSetup)
    this.trouble = trouble
    if (value !== null) this.take(value)
  }

  take(setup) {
    this.setup = setup
    this.form = { ...setup }
    this.dispatchEvent(new CustomEvent('setup', { detail: setup }))
  }
}
