/** A line from no risk upwards, with the levels drawn in: where the customer stands, and where it would. For the eye only. */
import style from './try-out.module.css'

/** Shown at least up to here. */
const LEAST = 0.2
/** Of the risk now and the beginning of high: so much room to move into. */
const ROOM = 2.5

/** @param thresholds where medium and high begin; null: nobody knows */
export function RiskLine({
  now,
  tried,
  thresholds,
}: {
  now: number
  tried: number
  thresholds: { readonly high: number; readonly medium: number } | null
}) {
  const most = Math.min(1, Math.max(LEAST, now * ROOM, (thresholds?.high ?? 0) * ROOM))
  const at = (risk: number): string => `${Math.min(100, (risk / most) * 100)}%`
  return (
    <div className={style.line} aria-hidden="true">
      {thresholds !== null && (
        <>
          <i className={style.lineMedium} style={{ left: at(thresholds.medium) }} />
          <i className={style.lineHigh} style={{ left: at(thresholds.high) }} />
        </>
      )}
      <i className={style.now} style={{ left: at(now) }} />
      <i className={style.then} style={{ left: at(tried) }} />
    </div>
  )
}
