import { LightningElement, api } from 'lwc'

/** What one has to know beside a figure. What weighs is an alert; the rest is a line, so that three do not push the figure away. */
export default class HoldfastNotices extends LightningElement {
  /** CardNotice[] */
  @api notices = []

  get shown() {
    return this.notices.map(({ kind, tone, text }) => ({
      key: `${kind} ${text}`,
      tone,
      text,
      weighs: tone !== 'info',
    }))
  }
}
