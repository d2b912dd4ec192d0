/** What the server puts into the page, so that the frame stands before anything was asked. */
import type { CustomerViewsAnswer } from '../server/api/customer-views.ts'
import type { FrameAnswer } from '../server/api/frame.ts'

interface Boot {
  readonly frame: FrameAnswer
  /** Styles that parts make while they run carry it: the policy of the page refuses all others. */
  readonly nonce: string
  /** Of the list of customers, where that is the page. */
  readonly views?: CustomerViewsAnswer
}

let boot: Boot | null = null

function readBoot(): Boot {
  boot ??= JSON.parse(document.querySelector('#boot')?.textContent ?? '') as Boot
  return boot
}

/** As it was when the page was loaded; `useFrame` has it as it is now. */
export const bootFrame = (): FrameAnswer => readBoot().frame
export const bootViews = (): CustomerViewsAnswer | undefined => readBoot().views
export const styleNonce = (): string => readBoot().nonce
