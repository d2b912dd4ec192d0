import { LightningElement, api } from 'lwc'

/** In place of what should be here: why it is not, and what helps. Buttons stand in its slot. */
export default class HoldfastTrouble extends LightningElement {
  @api heading
  @api text
}
