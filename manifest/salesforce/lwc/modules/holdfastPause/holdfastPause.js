import { LightningElement, api } from 'lwc'

const WORDS = {
  pause: {
    button: 'Pause everything',
    title: 'Pause everything?',
    text: 'Nothing is sent until an admin lets it go on. What is due waits; customers are scored and shown as before.',
  },
  resume: {
    button: 'Resume',
    title: 'Resume everything?',
    text: 'What is due goes on, as the settings say: messages go out again, and tasks are made.',
  },
}

/**
 * Everything that Holdfast does by itself, stopped and started again.
 *
 * @fires pause with whether it is to be paused
 */
export default class HoldfastPause extends LightningElement {
  /** Whether whoever looks may. */
  @api may = false
  @api off = false

  _paused = null
  _wasOpen = false
  isOpen = false

  /** Since when, in words; null: it runs. */
  @api
  get paused() {
    return this._paused
  }

  set paused(paused) {
    // Done: what was asked is answered.
    if (paused !== this._paused) this.isOpen = false
    this._paused = paused
  }

  get words() {
    return this.paused === null ? WORDS.pause : WORDS.resume
  }

  get openLabel() {
    return `${this.words.button}…`
  }

  get variant() {
    return this.paused === null ? 'destructive-text' : 'brand'
  }

  get confirmVariant() {
    return this.paused === null ? 'destructive' : 'brand'
  }

  renderedCallback() {
    const wasOpen = this._wasOpen
    this._wasOpen = this.isOpen
    if (this.isOpen && !wasOpen) this.template.querySelector('[data-first]').focus()
    if (!this.isOpen && wasOpen && !this.off) this.template.querySelector('[data-opens]')?.focus()
  }

  handleOpen() {
    this.isOpen = !this.isOpen
  }

  handleConfirm() {
    this.dispatchEvent(new CustomEvent('pause', { detail: { paused: this.paused === null } }))
  }
}
