/** The clock on the wall as ICU writes it: another way to it than the offsets that src/loop/zones.ts reads. */
export interface WallClock {
  /** 'YYYY-MM-DD' */
  readonly date: string
  /** Of the day, 0 to 1439. */
  readonly minute: number
  /** 'Mon' */
  readonly weekday: string
}

/**
 * @example
 * clockOf('Asia/Kolkata', 0) // { date: '1970-01-01', minute: 330, weekday: 'Thu' }
 */
export function clockOf(zone: string, at: number): WallClock {
  let format = formats.get(zone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      weekday: 'short',
    })
    formats.set(zone, format)
  }
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]))
  return {
    date: `${parts['year']}-${parts['month']}-${parts['day']}`,
    minute: Number(parts['hour']) * 60 + Number(parts['minute']),
    weekday: parts['weekday'],
  }
}

const formats = new Map<string, Intl.DateTimeFormat>()
