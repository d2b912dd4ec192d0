import { LightningElement } from 'lwc'
import readSettings from '@salesforce/apex/HoldfastSettings.readSettings'
import saveSettings from '@salesforce/apex/HoldfastSettings.saveSettings'
import setPaused from '@salesforce/apex/HoldfastSettings.setPaused'
import { ask, onePress } from 'c/holdfastCalls'

/** Holdfast's settings, as far as they are set from inside Salesforce; the rest is a link away. */
export default class HoldfastServiceSettings extends LightningElement {
  /** CardSettings; null: they were not read yet, or cannot be, as `trouble` says. */
  settings = null
  trouble = null
  isReading = false
  /** What was typed and is not saved, by path. */
  changed = {}
  /** Why it could not be saved, by path. */
  problems = {}
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
    return this.settings === null && this.trouble === null
  }

  get isUnread() {
    return this.settings === null
  }

  get isLocked() {
    return !this.settings.mayChange
  }

  get isFixed() {
    return !this.settings.mayChange || this.busy
  }

  get mayChangeSome() {
    return this.settings.mayChange && this.settings.sections.some(({ fields }) => fields.length > 0)
  }

  get count() {
    return Object.keys(this.changed).length
  }

  get isSaved() {
    return this.busy || this.count === 0
  }

  get countText() {
    if (this.count === 0) return 'Nothing is changed.'
    return this.count === 1 ? '1 change is not saved yet.' : `${this.count} changes are not saved yet.`
  }

  get sections() {
    return this.settings.sections.map((section) => ({
      ...section,
      fields: section.fields.map((field) => ({
        field,
        value: field.key in this.changed ? this.changed[field.key] : field.value,
        problem: this.problems[field.key] ?? null,
      })),
    }))
  }

  handleAgain() {
    this.trouble = null
    this.read()
  }

  /** What was typed back to what it was is no change. */
  handleSetting({ detail: { key, value } }) {
    const before = this.settings.sections.flatMap(({ fields }) => fields).find((field) => field.key === key)
    const changed = without(this.changed, key)
    this.changed = value === before.value ? changed : { ...changed, [key]: value }
    this.problems = without(this.problems, key)
    this.came = null
  }

  handlePutBack() {
    this.changed = {}
    this.problems = {}
    this.came = null
  }

  handleSave() {
    this.came = null
    const parameters = { version: this.settings.version, valuesJson: JSON.stringify(this.changed) }
    this._press('save', async () => {
      const { value, trouble } = await ask(saveSettings, parameters, 'press')
      if (value === null) {
        this.came = { tone: 'danger', heading: 'That did not work', text: trouble }
        // It may be that somebody else saved meanwhile: what stands now is read, and what was typed here stays, to be saved
        // over it or not.
        const now = await ask(readSettings)
        if (now.value !== null) this.settings = now.value
        return
      }
      this.settings = value.settings
      this.problems = value.problems
      this.came = { tone: value.tone, text: value.said }
      if (value.tone === 'success') this.changed = {}
    })
  }

  handlePause({ detail }) {
    this.came = null
    this._press('pause', async () => {
      const { value, trouble } = await ask(setPaused, detail, 'press')
      if (value !== null) this.settings = value.settings
      this.came =
        value === null
          ? { tone: 'danger', heading: 'That did not work', text: trouble }
          : { tone: value.tone, text: value.said }
    })
  }

  async read() {
    this.isReading = true
    const { value, trouble } = await ask(readSettings)
    this.isReading = false
    this.trouble = trouble
    if (value !== null) this.settings = value
  }
}

function without(values, key) {
  return Object.fromEntries(Object.entries(values).filter(([name]) => name !== key))
}
