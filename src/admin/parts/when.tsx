/** A moment as people say it, exact when pointed at. */
import { useWords } from '../api/frame.ts'

/** @param at ISO instant */
export function When({ at }: { at: string }) {
  const words = useWords()
  const date = new Date(at)
  return (
    <time dateTime={at} title={words.exact(date)}>
      {words.ago(date)}
    </time>
  )
}

/** A calendar date, 'YYYY-MM-DD'. */
export function Day({ date }: { date: string }) {
  return <time dateTime={date}>{useWords().day(date)}</time>
}
