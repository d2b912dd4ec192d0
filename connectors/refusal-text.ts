/** What a refusal says, in whatever form it came: JSON, a page of a proxy, nothing. */

/** @example jsonOr('<h1>Bad gateway</h1>', null) // null */
export function jsonOr(body: string, otherwise: unknown): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return otherwise
  }
}

/**
 * What a page of a proxy says, without its markup; '' for JSON.
 *
 * @example plain('<h1>Bad gateway</h1>') // 'Bad gateway'
 */
export function plain(body: string): string {
  if (body.trim().startsWith('{') || body.trim().startsWith('[')) return ''
  return body
    .slice(0, 5000)
    .replace(/<(script|style)[\s\S]*?<\/\1>/gi, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 200)
}

/**
 * The end of our own sentence: what they said, or nothing but its full stop.
 *
 * @example `HubSpot refuses it${quoted(['No such thing'])}` // 'HubSpot refuses it: No such thing.'
 */
export function quoted(said: readonly string[]): string {
  const whole = said.filter((one) => one !== '').join(' ')
  const short = whole.length > 500 ? `${whole.slice(0, 500)}…` : whole
  if (short === '') return '.'
  return `: ${short}${/[.!?…]$/.test(short) ? '' : '.'}`
}
