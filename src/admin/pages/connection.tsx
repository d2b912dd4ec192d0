/** One connection: how fresh it is, what is in its way, what it knows and what is made of that. */
import { useParams } from 'wouter'
import type { ConnectionDetail } from '../../server/api/connections.ts'
import { useLive } from '../api/live.ts'
import { useRead } from '../api/queries.ts'
import { Back } from '../parts/back.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { Mark } from '../parts/mark.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { Columns } from '../parts/section.tsx'
import { When } from '../parts/when.tsx'
import { standingOf, whatOf } from '../words/connections.ts'
import { Check } from './connections/check.tsx'
import { Controls } from './connections/controls.tsx'
import { Held } from './connections/held.tsx'
import { Leaving } from './connections/leaving.tsx'
import { Link as SignIn } from './connections/link.tsx'
import { Package } from './connections/package.tsx'
import { Problems } from './connections/problems.tsx'
import { Steps } from './connections/steps.tsx'
import { Understanding } from './connections/understanding.tsx'

export function ConnectionPage() {
  const { id = '' } = useParams<{ id: string }>()
  useLive()
  const read = useRead<ConnectionDetail>(`/v1/connections/${encodeURIComponent(id)}`)
  return (
    <Loaded read={read}>
      {(connection) => {
        const { tone, word, about } = standingOf(connection)
        const { syncedAt } = connection.freshness
        return (
          <>
            <PageHead
              above={
                <>
                  <Back href="/app/connections">Connections</Back>
                  <Mark tone={tone}>{word}</Mark>
                  {syncedAt !== null && (
                    <span>
                      Last read <When at={syncedAt} />
                    </span>
                  )}
                </>
              }
              title={connection.name}
              actions={<Controls connection={connection} />}
            >
              {whatOf(connection)}. {about !== null && connection.problems.length === 0 && about}
            </PageHead>
            <Problems connection={connection} />
            <Held connection={connection} />
            <Steps connection={connection} />
            <Columns>
              <SignIn connection={connection} />
              <Understanding connection={connection} />
            </Columns>
            <Package connection={connection} />
            <Check connection={connection} />
            <Leaving connection={connection} />
          </>
        )
      }}
    </Loaded>
  )
}
