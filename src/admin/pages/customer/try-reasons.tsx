/** What each change does by itself, where the model knows nothing, and what then speaks for and against staying. */
import type { TriedAnswer } from '../../../server/api/try-shapes.ts'
import { useWords } from '../../api/frame.ts'
import style from './try-out.module.css'

const MOST = 4

export function TryReasons({ tried: { changes, reasons } }: { tried: TriedAnswer }) {
  const words = useWords()
  const unseen = changes.flatMap(({ unseen }) => unseen ?? [])
  return (
    <>
      {changes.length > 1 && (
        <>
          <h3>Each by itself</h3>
          <ul className={style.list}>
            {changes.map(({ name, title, text, alone }) => (
              <li key={name}>
                {title}: {text} <span className="strong">{words.percent(alone)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      {unseen.map((sentence) => (
        <p key={sentence} className={style.unseen}>
          {sentence}
        </p>
      ))}
      <h3>Reasons then</h3>
      <ul className={style.list}>
        {reasons.slice(0, MOST).map(({ feature, sentence, raises }) => (
          <li key={feature}>
            <span aria-hidden="true" className={raises ? style.up : style.down}>
              {raises ? '▲' : '▼'}
            </span>
            <span className="unseen">{raises ? 'Raises the risk: ' : 'Lowers the risk: '}</span> {sentence}
          </li>
        ))}
      </ul>
    </>
  )
}
