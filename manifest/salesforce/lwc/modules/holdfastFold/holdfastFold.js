import { LightningElement, api } from 'lwc'

/** What not everybody reads: behind a press, and quieter than what stands above it. */
export default class HoldfastFold extends LightningElement {
  @api label

  isOpen = false

  get expanded() {
    return String(this.isOpen)
  }

  get icon() {
    return this.isOpen ? 'utility:chevrondown' : 'utility:chevronright'
  }

  handlePress() {
    this.isOpen = !this.isOpen
  }
}
