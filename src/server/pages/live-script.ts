/**
 * The one script of the pages: while something runs it looks every two seconds and shows the page as it is by then.
 * It leaves alone what somebody is reading, typing into or has opened; without it the page reloads by itself.
 */
import { addAsset } from '../assets.ts'

const script = `'use strict'
const LOOK = 2000
const main = () => document.querySelector('main')
const running = () => document.querySelector('[data-running]') !== null
const busy = () => {
  const here = main()
  return here.contains(document.activeElement) || here.querySelector('details[open]') !== null ||
    String(getSelection()) !== ''
}
async function look() {
  if (!document.hidden) {
    try {
      const answer = await fetch(location.href, { headers: { accept: 'text/html' } })
      if (answer.status === 401) return location.reload()
      if (answer.ok) show(new DOMParser().parseFromString(await answer.text(), 'text/html'))
    } catch {
      // The server may be starting anew: the next look tells.
    }
  }
  if (running()) setTimeout(look, LOOK)
}
function show(next) {
  const fresh = next.querySelector('main')
  if (fresh === null) return
  document.title = next.title
  if (!busy()) return main().replaceChildren(...fresh.childNodes)
  for (const part of document.querySelectorAll('[data-live]')) {
    if (part.contains(document.activeElement)) continue
    const now = next.getElementById(part.id)
    if (now === null) part.replaceChildren()
    else part.replaceWith(now)
  }
}
if (running()) setTimeout(look, LOOK)
`

/** Its address. */
export const LIVE_SCRIPT = addAsset('live.js', 'text/javascript; charset=utf-8', script)
