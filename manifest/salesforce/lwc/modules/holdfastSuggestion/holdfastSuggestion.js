import { LightningElement, api } from 'lwc'

/** What is suggested, what it is worth, and why not something else. */
export default class HoldfastSuggestion extends LightningElement {
  /** CardSuggestion */
  @api suggestion

  get first() {
    return this.suggestion.sentences[0]
  }

  get others() {
    return this.suggestion.sentences.slice(1)
  }

  get figures() {
    return this.suggestion.worth !== null || this.suggestion.cost !== null
  }

  get messageLabel() {
    return this.suggestion.message.to === 'customer' ? 'What it would say' : 'What the task says'
  }
}
