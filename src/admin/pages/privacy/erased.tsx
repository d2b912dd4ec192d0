/** What came of an erasure: what went, what a CRM still shows, until when a backup holds it. */
import type { ErasureAnswer } from '../../../server/api/people-data.ts'
import { useWords } from '../../api/frame.ts'
import { Notice } from '../../parts/notice.tsx'
import { Section } from '../../parts/section.tsx'
import { stateOf, sumsOf } from './words.ts'
import style from './privacy.module.css'

export function Erased({ erasure }: { erasure: ErasureAnswer }) {
  const words = useWords()
  const { deleted, forgotten } = sumsOf(erasure.held)
  return (
    <Section title="They are erased, and kept out">
      <p className="second">
        {deleted + forgotten === 0
          ? 'Nothing was held of them. '
          : `${words.many(deleted + forgotten, 'row')} went. `}
        Nobody writes to them any more, and no CRM or file brings them back.{' '}
        {erasure.reference !== null && `Kept as ${erasure.reference}. `}
        {erasure.backupsUntil === null
          ? 'How long you keep backups is not stated in the settings: one may still hold them.'
          : `A backup may hold them until ${words.day(new Date(erasure.backupsUntil))}.`}
      </p>
      <Leftovers erasure={erasure} />
    </Section>
  )
}

/** What is not done yet, and why. */
export function Leftovers({ erasure }: { erasure: ErasureAnswer }) {
  const { crm, seenAgainAt } = erasure
  if (crm.waiting.length === 0 && crm.givenUp === 0 && seenAgainAt === null) return null
  return (
    <Notice tone="wait" title={stateOf(erasure)}>
      {crm.waiting.length > 0 && (
        <ul className={style.went}>
          {crm.waiting.map(({ connection, connectionName, record, problem }) => (
            <li key={`${connection} ${record}`}>
              {connectionName}, record {record}: {problem ?? 'with the next write-back.'}
            </li>
          ))}
        </ul>
      )}
    </Notice>
  )
}
