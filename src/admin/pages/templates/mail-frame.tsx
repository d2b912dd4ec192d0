/**
 * An e-mail in a frame that can do nothing: it comes as a document of its own with its own policy, which a page could not
 * give it. The one before stays in sight until the next one is there.
 */
import { useEffect, useRef, useState } from 'react'
import { csrfToken } from '../../api/csrf.ts'
import style from './templates.module.css'

interface Shown {
  readonly id: number
  readonly request: string
}

/** @param request what POST /v1/templates/preview takes, as JSON */
export function MailFrame({ request }: { request: string }) {
  const [frames, setFrames] = useState<readonly Shown[]>([{ id: 0, request }])
  const newest = frames.at(-1)!
  if (newest.request !== request) setFrames([...frames.slice(-1), { id: newest.id + 1, request }])
  return (
    <div className={style.frames}>
      {frames.map((one, at) => (
        <OneFrame
          key={one.id}
          {...one}
          hidden={frames.length > 1 && at === frames.length - 1}
          loaded={() => setFrames((now) => now.filter(({ id }) => id >= one.id))}
        />
      ))}
    </div>
  )
}

/** A frame of its own for each document: in one that had another before, each would be a step of the browser's history. */
function OneFrame({ id, request, hidden, loaded }: Shown & { hidden: boolean; loaded: () => void }) {
  const form = useRef<HTMLFormElement>(null)
  const sent = useRef(false)
  const name = `mail-${id}`
  useEffect(() => {
    form.current?.submit()
    sent.current = true
  }, [])
  const { 'X-CSRF-Token': csrf = '' } = csrfToken()
  return (
    <>
      <iframe
        name={name}
        title="The e-mail"
        sandbox=""
        className={hidden ? style.coming : style.frame}
        {...(hidden ? { 'aria-hidden': true, tabIndex: -1 } : {})}
        // The empty document that a frame begins with is not it.
        onLoad={() => sent.current && loaded()}
      />
      <form ref={form} method="post" action="/v1/templates/preview/html" target={name} hidden>
        <input type="hidden" name="request" value={request} />
        <input type="hidden" name="csrf" value={csrf} />
      </form>
    </>
  )
}
