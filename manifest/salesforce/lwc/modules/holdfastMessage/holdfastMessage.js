import { LightningElement, api } from 'lwc'

/** What would be said, to a customer or to a colleague. */
export default class HoldfastMessage extends LightningElement {
  /** CardMessage */
  @api message

  get lines() {
    return this.message.text
      .split('\n')
      .filter((text) => text.trim() !== '')
      .map((text, place) => ({ key: `${place}`, text }))
  }
}
