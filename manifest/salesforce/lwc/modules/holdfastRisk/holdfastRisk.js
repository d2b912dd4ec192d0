import { LightningElement, api } from 'lwc'

const WIDTH = 120
const HEIGHT = 40
/** Of the line from the edges, so that the point at its end is whole. */
const MARGIN = 4

/** How likely the customer is to leave, and how that went. The line says nothing that is not in words or in the table below. */
export default class HoldfastRisk extends LightningElement {
  /** CardRisk */
  @api risk
  /** "€38,400 at risk · renews 12 Jan" */
  @api value

  get about() {
    const { means, asOf, trend } = this.risk
    return [means, asOf, trend].filter((part) => part !== null && part !== '').join(' · ')
  }

  get points() {
    const { history } = this.risk
    if (history.length < 2) return []
    const days = history.map(({ date }) => Date.parse(date))
    const [first] = days
    const span = Math.max(1, days[days.length - 1] - first)
    // From none to the highest: a small change of a small risk has to look small.
    const top = Math.max(0.1, ...history.map(({ probability }) => probability))
    return history.map(({ probability }, n) => ({
      x: round(MARGIN + ((days[n] - first) / span) * (WIDTH - 2 * MARGIN)),
      y: round(HEIGHT - MARGIN - (probability / top) * (HEIGHT - 2 * MARGIN)),
    }))
  }

  get line() {
    return this.points.map(({ x, y }) => `${x},${y}`).join(' ')
  }

  get last() {
    return this.points[this.points.length - 1]
  }
}

function round(number) {
  return Math.round(number * 10) / 10
}
