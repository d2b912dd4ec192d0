import { LightningElement } from 'lwc'

/** What an admin sets without leaving Salesforce: how the package reaches Holdfast, and below it Holdfast's own settings. */
export default class HoldfastSettings extends LightningElement {
  /** While the package is off, nothing is asked of Holdfast. */
  isOn = false

  handleSetup({ detail }) {
    this.isOn = detail.enabled
  }
}
