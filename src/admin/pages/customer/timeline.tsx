/** What happened with the customer, newest first. */
import { Button } from '@mantine/core'
import type { CustomerAnswer } from '../../../server/api/customer-shapes.ts'
import type { TimelineAnswer } from '../../../server/api/timeline.ts'
import { useList } from '../../api/queries.ts'
import { Failure } from '../../parts/loaded.tsx'
import { Section } from '../../parts/section.tsx'
import { When } from '../../parts/when.tsx'
import style from './customer.module.css'

type Entry = TimelineAnswer['items'][number]

export function Timeline({ customer: { id, timeline } }: { customer: CustomerAnswer }) {
  const list = useList<Entry>(`/v1/customers/${id}/timeline`, { first: timeline })
  const { items = [], error } = list
  return (
    <Section title="Timeline">
      {items.length === 0 ? (
        <p className="second">Nothing happened yet.</p>
      ) : (
        <ol className={style.timeline}>
          {items.map(({ at, kind, key, sentence }) => (
            <li key={`${kind} ${key} ${at}`}>
              <span className={style.at}>
                <When at={at} />
              </span>
              <span className={`${style.entry} ${QUIET.has(kind) ? 'second' : ''}`}>{sentence}</span>
            </li>
          ))}
        </ol>
      )}
      {error !== null && <Failure error={error} retry={list.retry} />}
      {list.more && (
        <Button variant="default" mt="sm" onClick={list.fetchMore} loading={list.fetchingMore}>
          Show earlier
        </Button>
      )}
    </Section>
  )
}

/** What goes on by itself, beside what somebody or the customer did. */
const QUIET: ReadonlySet<Entry['kind']> = new Set(['property', 'written', 'consent'])
