/** What could not be answered as asked, and why: somebody else did, or it changed. */
import { Button } from '@mantine/core'
import { useWords } from '../../api/frame.ts'
import { Notice } from '../../parts/notice.tsx'
import type { Answering } from './answering.ts'

export function NotAnswered({ answering: { unanswered, forget } }: { answering: Answering }) {
  const words = useWords()
  return (
    <div aria-live="polite">
      {unanswered.length > 0 && (
        <Notice
          tone="wait"
          title={`${words.many(unanswered.length, 'answer was', 'answers were')} not taken`}
          actions={
            <Button variant="default" size="xs" onClick={forget}>
              All right
            </Button>
          }
        >
          <ul className="plain">
            {unanswered.map(({ id, name, message }) => (
              <li key={id}>
                <span className="strong">{name}</span>: {message}
              </li>
            ))}
          </ul>
        </Notice>
      )}
    </div>
  )
}
