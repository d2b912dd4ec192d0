/** How many customers stand at which risk: one bar a hundredth, coloured by level; the same as a table below. */
import { useWords } from '../api/frame.ts'
import { foldBins, type RiskBin } from '../words/risk-bins.ts'
import { AsTable } from './as-table.tsx'
import { LEVEL_MARKS } from './level-mark.tsx'
import style from './risk-histogram.module.css'

const HEIGHT = 150
/** Bars between two marks of the axis. */
const MARK_EVERY = 5

/** @param lines risks where a level begins, drawn in */
export function RiskHistogram({
  caption,
  bins,
  lines,
}: {
  caption: string
  bins: readonly RiskBin[]
  lines: readonly number[]
}) {
  const words = useWords()
  const { shown, open } = foldBins(bins)
  const most = Math.max(1, ...shown.map(({ high, medium, low }) => high + medium + low))
  const every = shown.length > 40 ? MARK_EVERY * 2 : MARK_EVERY
  const said = ({ from, to }: RiskBin, at: number): string =>
    at === shown.length - 1 && open ? `${percent(from)} and more` : `${percent(from)} to ${percent(to)}`
  return (
    <figure className={style.figure}>
      <figcaption className="unseen">{caption}</figcaption>
      <div className={style.place} style={{ height: HEIGHT }} aria-hidden="true">
        <svg viewBox={`0 0 ${shown.length} ${HEIGHT}`} preserveAspectRatio="none" className={style.drawing}>
          {shown.map((bin, at) => {
            let below = HEIGHT
            return (
              <g key={bin.from}>
                <title>{`${said(bin, at)}: ${words.many(bin.high + bin.medium + bin.low, 'customer')}`}</title>
                <rect x={at} y={0} width={1} height={HEIGHT} className={style.hover} />
                {(['low', 'medium', 'high'] as const).map((level) => {
                  if (bin[level] === 0) return null
                  // However few they are, they can be seen.
                  const height = Math.max(1.5, (bin[level] / most) * (HEIGHT - 6))
                  below -= height
                  return (
                    <rect
                      key={level}
                      x={at + 0.08}
                      y={below}
                      width={0.84}
                      height={height}
                      className={style[level]}
                    />
                  )
                })}
              </g>
            )
          })}
        </svg>
        {lines
          .map((line) => line * 100)
          .filter((line) => line < shown.length - (open ? 1 : 0))
          .map((line) => (
            <i key={line} className={style.line} style={{ left: `${(line / shown.length) * 100}%` }} />
          ))}
      </div>
      <div className={style.axis} aria-hidden="true">
        {shown.map((bin, at) =>
          at % every === 0 && at <= shown.length - every ? (
            <span key={bin.from} style={{ left: `${(at / shown.length) * 100}%` }}>
              {percent(bin.from)}
            </span>
          ) : null,
        )}
        <span className={style.end}>
          {percent(shown.at(-1)?.[open ? 'from' : 'to'] ?? 0)}
          {open ? '+' : ''}
        </span>
      </div>
      <AsTable
        caption={caption}
        heads={['Risk', LEVEL_MARKS.LOW.word, LEVEL_MARKS.MEDIUM.word, LEVEL_MARKS.HIGH.word]}
        rows={shown.map((bin, at) => [
          said(bin, at),
          words.count(bin.low),
          words.count(bin.medium),
          words.count(bin.high),
        ])}
      />
    </figure>
  )
}

const percent = (share: number): string => `${Math.round(share * 100)}\u00a0%`
