import { LightningElement, api } from 'lwc'

/** Why the risk is what it is, the strongest reason first. */
export default class HoldfastReasons extends LightningElement {
  /** CardReason[] */
  @api reasons = []

  get some() {
    return this.reasons.length > 0
  }

  get shown() {
    return this.reasons.map(({ sentence, raises }) => ({
      sentence,
      mark: raises ? '▲' : '▼',
      look: raises ? 'mark raises' : 'mark lowers',
      heard: raises ? 'Raises the risk:' : 'Lowers the risk:',
    }))
  }
}
