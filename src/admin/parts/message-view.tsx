/**
 * What somebody gets: an e-mail in a frame that can do nothing, a text or a task as it reads. An e-mail stands on white in
 * both themes, since mail programs show it so.
 */
import type { ReactNode } from 'react'
import style from './message-view.module.css'

export interface MessageViewProps {
  readonly kind: 'email' | 'sms' | 'task'
  readonly subject: string | null
  readonly text: string
  /** Where the HTML of an e-mail is served; null: it is shown as plain text. */
  readonly frame: string | null
  /** To, from and the like. */
  readonly lines?: readonly (readonly [name: string, value: ReactNode])[]
}

export function MessageView({ kind, subject, text, frame, lines = [] }: MessageViewProps) {
  return (
    <div className={style.message}>
      {lines.length > 0 && (
        <dl className={style.lines}>
          {lines.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
      {subject !== null && <p className={style.subject}>{subject}</p>}
      {kind === 'email' && frame !== null ? (
        <>
          <iframe className={style.frame} src={frame} sandbox="" title="The e-mail as it is read" />
          <details className={style.plain}>
            <summary>As plain text</summary>
            <div className={style.text}>{text}</div>
          </details>
        </>
      ) : (
        <div className={`${style.text} ${kind === 'sms' ? style.sms : ''}`}>{text}</div>
      )}
    </div>
  )
}
