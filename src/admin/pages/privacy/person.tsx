/** One person: looked for, shown, given out, erased. */
import { useState } from 'react'
import { useSend } from '../../api/queries.ts'
import type { ErasureAnswer, PeopleDataAnswer } from '../../../server/api/people-data.ts'
import { Notice } from '../../parts/notice.tsx'
import { RowsPending } from '../../parts/pending.tsx'
import { Section } from '../../parts/section.tsx'
import { Erased } from './erased.tsx'
import { Found } from './found.tsx'
import { Search } from './search.tsx'
import type { Wanted } from './words.ts'

interface Seen {
  readonly wanted: Wanted
  readonly answer: PeopleDataAnswer
  /** What came of erasing them; null: they were not. */
  readonly erasure: ErasureAnswer | null
}

export function OnePerson({ customer }: { customer: number | null }) {
  const [seen, see] = useState<Seen | null>(null)
  const { send, busy, error } = useSend<Wanted, PeopleDataAnswer>(
    ({ selector }) => ({ path: '/v1/people-data/search', body: selector }),
    { quiet: true, changed: [], after: (answer, wanted) => see({ wanted, answer, erasure: null }) },
  )
  const look = (wanted: Wanted) => {
    see(null)
    send(wanted)
  }
  return (
    <>
      <Search customer={customer} busy={busy} look={look} />
      {seen === null && !busy && (
        <p className="note" style={BELOW}>
          Looking is noted in the audit log, without the person.
        </p>
      )}
      <div aria-live="polite">
        {error !== null && (
          <Notice tone="bad" title="They were not looked for">
            {error.message}
          </Notice>
        )}
        {busy && (
          <Section title="Looking everywhere">
            <RowsPending rows={5} />
          </Section>
        )}
        {seen !== null &&
          (seen.erasure === null ? (
            <Found
              wanted={seen.wanted}
              answer={seen.answer}
              again={() => look(seen.wanted)}
              erased={(erasure) => see({ ...seen, erasure })}
            />
          ) : (
            <Erased erasure={seen.erasure} />
          ))}
      </div>
    </>
  )
}

const BELOW = { marginTop: 10 } as const
