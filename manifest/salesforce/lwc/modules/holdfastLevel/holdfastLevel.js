import { LightningElement, api } from 'lwc'

const LEVELS = {
  HIGH: { mark: '▲', look: 'high' },
  MEDIUM: { mark: '●', look: 'medium' },
  LOW: { mark: '▼', look: 'low' },
}

/** A level by its mark, its word and its colour, so that any one of them is enough. */
export default class HoldfastLevel extends LightningElement {
  /** HIGH, MEDIUM or LOW */
  @api level
  /** The word. */
  @api text

  get mark() {
    return LEVELS[this.level]?.mark ?? ''
  }

  get look() {
    return `level ${LEVELS[this.level]?.look ?? ''}`
  }
}
