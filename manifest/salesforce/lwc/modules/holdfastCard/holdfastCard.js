import { LightningElement, api } from 'lwc'
import readCard from '@salesforce/apex/HoldfastCard.readCard'
import answer from '@salesforce/apex/HoldfastCard.answer'
import score from '@salesforce/apex/HoldfastCard.score'
import { ask, onePress } from 'c/holdfastCalls'

/** When to look whether a score that is being made is there, in milliseconds since it began. */
const LOOKS = [3000, 8000, 20000, 60000]

/** What stands over the sentence of a card without a risk. */
const EMPTY = {
  scored: 'No risk to show',
  waiting: 'Not scored yet',
  unknown: 'Not read yet',
  outside: 'Not among your customers',
  left: 'No longer a customer',
  objects: 'Not scored, as asked',
}

/** The card of a record, to be read in five seconds. What is said is written by the service; here it is laid out. */
export default class HoldfastCard extends LightningElement {
  /** RecordCard; null: it was not read yet, or cannot be, as `trouble` says. */
  card = null
  trouble = null
  isReading = false
  /** What came of the last press: tone, heading and text. */
  came = null
  busy = false

  _recordId
  _round = 0
  _looks = []
  _wasBusy = false
  _press = onePress((busy) => {
    this.busy = busy !== null
  })

  /** Of the record that the page is of. */
  @api
  get recordId() {
    return this._recordId
  }

  set recordId(recordId) {
    if (recordId === this._recordId) return
    this._recordId = recordId
    this.card = null
    this.came = null
    if (this.isConnected) this.read()
  }

  connectedCallback() {
    this.read()
  }

  disconnectedCallback() {
    this._round += 1
    this.stopLooking()
  }

  renderedCallback() {
    // The button that was pressed is off while it is under way, or gone: whoever uses a keyboard goes on from what came of it.
    if (this._wasBusy && !this.busy && this.came !== null) this.refs.came?.focus()
    this._wasBusy = this.busy
  }

  get isLoading() {
    return this.card === null && this.trouble === null
  }

  get isUnread() {
    return this.card === null
  }

  get isForbidden() {
    return this.card.state === 'no_access'
  }

  get emptyHeading() {
    return EMPTY[this.card.state] ?? EMPTY.scored
  }

  get scoreVariant() {
    return this.card.state === 'waiting' ? 'brand' : 'neutral'
  }

  get points() {
    return this.card.risk?.history ?? []
  }

  get mayScoreAgain() {
    return this.card.risk !== null && this.card.mayScore
  }

  get hasFoot() {
    return this.mayScoreAgain || this.card.updated !== null || this.card.more !== null
  }

  handleAgain() {
    this.trouble = null
    this.read()
  }

  handleScore() {
    this.send('score', () => ask(score, { recordId: this.recordId }, 'press'))
  }

  handleAnswer({ detail }) {
    const parameters = {
      recordId: this.recordId,
      days: null,
      reason: null,
      note: null,
      ...detail,
    }
    this.send('answer', () => ask(answer, parameters, 'press'))
  }

  async read() {
    this._round += 1
    const round = this._round
    if (!this.recordId) return
    this.isReading = true
    const { value, trouble } = await ask(readCard, { recordId: this.recordId })
    // Another record was opened meanwhile, or something was pressed: what came then is newer.
    if (round !== this._round) return
    this.isReading = false
    this.trouble = trouble
    if (value !== null) this.show(value)
  }

  /** Sends what was pressed, shows the card as it is then, and tells what came of it. */
  send(name, work) {
    const { recordId } = this
    this.came = null
    return this._press(name, async () => {
      const { value, trouble } = await work()
      if (recordId !== this.recordId) return
      if (value === null) {
        this.came = { tone: 'danger', heading: 'That did not work', text: trouble }
        return
      }
      this._round += 1
      this.isReading = false
      this.trouble = null
      this.came = { tone: value.tone, text: value.said }
      this.show(value.card)
    })
  }

  show(card) {
    this.card = card
    const underWay = card.notices.some(({ kind }) => kind === 'scoring')
    if (!underWay) this.stopLooking()
    else if (this._looks.length === 0)
      // Scoring takes some seconds: the press is answered before it is done.
      // eslint-disable-next-line @lwc/lwc/no-async-operation -- ended when the card is taken off the page
      this._looks = LOOKS.map((after) => setTimeout(() => this.read(), after))
  }

  stopLooking() {
    for (const look of this._looks) clearTimeout(look)
    this._looks = []
  }
}
