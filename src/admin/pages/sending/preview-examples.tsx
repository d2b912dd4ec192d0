/** What a preview would say to some of them: as a dry run, with links that lead nowhere. */
import { Link } from 'wouter'
import type { PreviewAnswer } from '../../../server/api/preview.ts'
import { useWords } from '../../api/frame.ts'
import { MessageView } from '../../parts/message-view.tsx'
import { OUTCOMES } from './preview-tables.tsx'
import style from './sending.module.css'

type Example = PreviewAnswer['examples'][number]
type Message = NonNullable<Example['message']>

export function PreviewExamples({ answer: { examples } }: { answer: PreviewAnswer }) {
  const words = useWords()
  const told = examples.filter((one): one is Example & { message: Message } => one.message !== null)
  if (told.length === 0) return null
  return (
    <div className={style.part}>
      <h3>What it would say</h3>
      <p className="note">As a dry run: links lead nowhere, and codes are made up.</p>
      {told.map((one) => (
        <details key={`${one.actionKey} ${one.outcome} ${one.customer}`} className={style.example}>
          <summary>
            {words.action(one.actionKey)} for {one.customerName ?? `customer ${one.customer}`}
            <span className="note"> · {OUTCOMES[one.outcome].toLowerCase()}</span>
          </summary>
          <div>
            <p className="note" style={{ margin: '6px 0' }}>
              <Link href={`/app/customers/${one.customer}`}>The customer</Link>
            </p>
            <MessageView
              kind={one.message.kind}
              subject={one.message.subject}
              text={one.message.text}
              frame={null}
              lines={one.message.to === null ? [] : [['To', one.message.to]]}
            />
          </div>
        </details>
      ))}
    </div>
  )
}
