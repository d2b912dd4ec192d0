import { LightningElement, api } from 'lwc'

const TITLES = { success: 'Done', info: 'Good to know', warning: 'Please note', danger: 'Attention' }

/** Something that weighs, or what came of a press: its title says how much, its colour only once more. */
export default class HoldfastAlert extends LightningElement {
  /** success, info, warning or danger */
  @api tone = 'info'
  @api text
  /** In place of the one that goes with the tone. */
  @api heading

  get title() {
    return this.heading ?? TITLES[this.tone] ?? TITLES.info
  }

  get look() {
    return `alert ${this.tone in TITLES ? this.tone : 'info'}`
  }
}
