/** Words that Twilio takes as an opt-out, and as its end, where a message is nothing else. */

/** @example isStop(' stop ') // true */
export function isStop(body: string): boolean {
  return STOP.has(body.trim().toUpperCase())
}

export function isStart(body: string): boolean {
  return START.has(body.trim().toUpperCase())
}

const STOP: ReadonlySet<string> = new Set([
  'STOP',
  'UNSUBSCRIBE',
  'END',
  'QUIT',
  'STOPALL',
  'REVOKE',
  'OPTOUT',
  'CANCEL',
])
const START: ReadonlySet<string> = new Set(['START', 'YES', 'UNSTOP'])
