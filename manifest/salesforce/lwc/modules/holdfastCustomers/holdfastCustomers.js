import { LightningElement } from 'lwc'
import { NavigationMixin } from 'lightning/navigation'
import readCustomers from '@salesforce/apex/HoldfastCustomers.readCustomers'
import { ask } from 'c/holdfastCalls'

/** Customers by value at risk: whom to call first. */
export default class HoldfastCustomers extends NavigationMixin(LightningElement) {
  /** CardList; null: it was not read yet, or cannot be, as `trouble` says. */
  list = null
  trouble = null
  isReading = false
  whose = 'mine'
  /** Where each page that was looked at begins, the first first. */
  pages = [null]

  choices = [
    { value: 'mine', label: 'Mine' },
    { value: 'all', label: 'All' },
  ]

  _round = 0
  _turned = false

  connectedCallback() {
    this.read()
  }

  disconnectedCallback() {
    this._round += 1
  }

  renderedCallback() {
    // The button that was pressed is off while it is read: whoever uses a keyboard goes on from the page's number.
    if (!this._turned || this.isReading) return
    this._turned = false
    this.refs.place?.focus()
  }

  get isLoading() {
    return this.list === null && this.trouble === null
  }

  get isUnread() {
    return this.list === null
  }

  get isFurther() {
    return this.pages.length > 1
  }

  get isEmpty() {
    return this.list.lines.length === 0
  }

  get emptyText() {
    return this.list.whose === 'mine'
      ? 'Customers that you own in Salesforce stand here once they were scored, the most value at risk first.'
      : 'Customers stand here once they were scored, the most value at risk first.'
  }

  get lines() {
    return this.list.lines.map((line) => ({
      ...line,
      // As an address it opens in another tab too; a press goes by Salesforce's own way.
      href: `/${line.objectId}`,
      valueAtRisk: line.valueAtRisk ?? 'not known',
      reason: line.reason ?? 'nothing stands out',
      suggestion: line.suggestion ?? 'nothing',
      renews: line.renews ?? 'not known',
      // What is not there is said, quietly.
      valueLook: line.valueAtRisk === null ? 'money unknown' : 'money',
      reasonLook: line.reason === null ? 'words absent' : 'words',
      suggestionLook: line.suggestion === null ? 'words absent' : 'words',
      renewsLook: line.renews === null ? 'renews absent' : 'renews',
    }))
  }

  get ariaBusy() {
    return String(this.isReading)
  }

  get place() {
    if (this.isReading) return 'One moment…'
    return this.isFurther ? `Page ${this.pages.length}` : ''
  }

  get placeLook() {
    return this.place === '' ? 'slds-assistive-text' : 'slds-text-body_small slds-text-color_weak'
  }

  handleAgain() {
    if (this.list === null) this.trouble = null
    this.read()
  }

  handleFirst() {
    this.turn([null])
  }

  handleBack() {
    this.turn(this.pages.slice(0, -1))
  }

  handleNext() {
    this.turn([...this.pages, this.list.next])
  }

  handleWhose(event) {
    this.whose = event.detail.value
    this.pages = [null]
    this.read(true)
  }

  handleOpen(event) {
    const { metaKey, ctrlKey, shiftKey } = event
    // Asked for in another tab or window: the browser does it by the address.
    if (metaKey || ctrlKey || shiftKey) return
    event.preventDefault()
    const { id, object } = event.currentTarget.dataset
    this[NavigationMixin.Navigate]({
      type: 'standard__recordPage',
      attributes: { recordId: id, objectApiName: object, actionName: 'view' },
    })
  }

  turn(pages) {
    this.pages = pages
    this._turned = true
    this.read(true)
  }

  /** @param {boolean} [other] another page is read: what is there stays until it is there, and no longer. */
  async read(other = false) {
    this._round += 1
    const round = this._round
    this.isReading = true
    const { value, trouble } = await ask(readCustomers, {
      whose: this.whose,
      after: this.pages[this.pages.length - 1],
    })
    if (round !== this._round) return
    this.isReading = false
    this.trouble = trouble
    if (value !== null || other) this.list = value
  }
}
