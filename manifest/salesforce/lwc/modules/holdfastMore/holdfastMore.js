import { LightningElement, api } from 'lwc'

/** What stands below the fold of a card: how the risk went, what was done before, and who agreed to what. */
export default class HoldfastMore extends LightningElement {
  /** CardPoint[], the oldest first */
  @api points = []
  /** CardEntry[] */
  @api history = []
  /** CardConsent[] */
  @api consent = []

  /** The line of the risk as a table, the newest first: a screen reader cannot read a line. */
  get days() {
    if (this.points.length < 2) return []
    return this.points.toReversed().map(({ date, probability }) => ({
      // At noon, so that the day is the same on both sides of Greenwich.
      date: `${date}T12:00:00Z`,
      risk: `${Math.round(probability * 1000) / 10} %`,
    }))
  }

  get done() {
    return this.history.map(({ when, text }) => ({ key: `${when} ${text}`, when, text }))
  }

  get reached() {
    return this.consent.map(({ channel, allowed, text }) => ({
      channel,
      words: `${channel}: ${allowed ? 'yes' : 'no'} (${text})`,
    }))
  }
}
