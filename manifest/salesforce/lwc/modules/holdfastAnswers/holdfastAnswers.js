import { LightningElement, api } from 'lwc'

/**
 * What the reader may answer to a suggestion: yes, later, or not right. What would go to a customer is shown once more first.
 *
 * @fires answer with a CardAnswer as its detail
 */
export default class HoldfastAnswers extends LightningElement {
  /** CardSuggestion */
  @api suggestion
  /** Whether something is under way: nothing else is pressed meanwhile. */
  @api off = false

  _answers
  _opened = null
  open = null
  days = null
  reason = null
  note = ''

  /** CardAnswers */
  @api
  get answers() {
    return this._answers
  }

  set answers(answers) {
    // What was begun belongs to what was asked then.
    if (this._answers?.asked !== answers.asked) this.reset()
    this._answers = answers
  }

  reset() {
    this.open = null
    this.days = null
    this.reason = null
    this.note = ''
  }

  get isConfirming() {
    return this.open === 'approve'
  }

  get isSnoozing() {
    return this.open === 'snooze'
  }

  get isNotRight() {
    return this.open === 'not_right'
  }

  get reaches() {
    return this.suggestion?.message?.to === 'customer'
  }

  get approveLabel() {
    return this.reaches ? `${this.answers.approve}…` : this.answers.approve
  }

  get confirmTitle() {
    return `${this.suggestion.title}?`
  }

  get confirmText() {
    return `${this.suggestion.standing}. This is what the customer would read:`
  }

  get dayOptions() {
    return this.answers.snoozeDays.map((days) => ({ value: String(days), label: inDays(days) }))
  }

  get snoozeLabel() {
    return `Snooze ${inDays(Number(this.days))}`
  }

  get reasonOptions() {
    return this.answers.notRight.map(({ key, label }) => ({ value: key, label }))
  }

  renderedCallback() {
    const opened = this._opened
    this._opened = this.open
    if (this.open !== null && this.open !== opened) this.template.querySelector('[data-first]').focus()
    // Whoever closes it goes on from the button that opened it.
    if (this.open === null && opened !== null)
      this.template.querySelector(`[data-opens="${opened}"]`)?.focus()
  }

  handleApprove() {
    if (this.reaches) this.show('approve')
    else this.answer({ answer: 'approve' })
  }

  handleShow(event) {
    this.show(event.currentTarget.dataset.opens)
  }

  /** The same button closes it again. */
  show(name) {
    const { snoozeDays } = this.answers
    this.days ??= String(snoozeDays[Math.floor((snoozeDays.length - 1) / 2)])
    this.open = this.open === name ? null : name
  }

  handleCancel() {
    this.open = null
  }

  handleDays(event) {
    this.days = event.detail.value
  }

  handleReason(event) {
    this.reason = event.detail.value
  }

  handleNote(event) {
    this.note = event.detail.value
  }

  handleConfirm() {
    this.answer({ answer: 'approve' })
  }

  handleSnooze() {
    this.answer({ answer: 'snooze', days: Number(this.days) })
  }

  handleTakeBack() {
    const note = this.note.trim()
    if (this.reason === null) {
      const chooser = this.template.querySelector('[data-reason]')
      chooser.reportValidity()
      chooser.focus()
    } else this.answer({ answer: 'not_right', reason: this.reason, ...(note === '' ? {} : { note }) })
  }

  answer(detail) {
    const { intervention, asked } = this.answers
    this.dispatchEvent(new CustomEvent('answer', { detail: { intervention, asked, ...detail } }))
  }
}

function inDays(days) {
  return days === 1 ? '1 day' : `${days} days`
}
