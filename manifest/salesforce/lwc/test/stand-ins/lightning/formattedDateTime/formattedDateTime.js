import { LightningElement, api } from 'lwc'

export default class FormattedDateTime extends LightningElement {
  @api value
  @api day
  @api month
  @api year
  @api timeZone

  get text() {
    const { day, month, year, timeZone } = this
    return new Intl.DateTimeFormat('en-GB', { day, month, year, timeZone }).format(new Date(this.value))
  }
}
