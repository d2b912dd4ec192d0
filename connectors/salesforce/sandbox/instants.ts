/** Instants as the API writes them: whole seconds, always with three zeros and the offset of UTC. */

const days = new Map<number, string>()
const two = (number: number): string => (number < 10 ? `0${number}` : String(number))

/** @param ms since 1970 */
export function formatInstant(ms: number): string {
  const day = Math.floor(ms / 86_400_000)
  let date = days.get(day)
  if (date === undefined) {
    if (days.size > 20_000) days.clear()
    date = new Date(day * 86_400_000).toISOString().slice(0, 10)
    days.set(day, date)
  }
  const second = Math.floor(ms / 1000) - day * 86_400
  const time = `${two(Math.floor(second / 3600))}:${two(Math.floor(second / 60) % 60)}:${two(second % 60)}`
  return `${date}T${time}.000+0000`
}

/** Instants have no more than seconds. */
export const wholeSecond = (ms: number): number => Math.floor(ms / 1000) * 1000

const FORM = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)$/

/** @returns milliseconds, NaN for what is no instant */
export function parseInstant(text: string): number {
  if (!FORM.test(text)) return Number.NaN
  return wholeSecond(Date.parse(text.replace(/([+-]\d\d)(\d\d)$/, '$1:$2')))
}

export const isDate = (text: string): boolean =>
  /^\d{4}-\d\d-\d\d$/.test(text) && new Date(`${text}T00:00:00Z`).toISOString().slice(0, 10) === text
