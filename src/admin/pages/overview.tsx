/** The book at a glance: what is at risk, what changed, whom to care for first, what Holdfast did and would do. */
import { useRead } from '../api/queries.ts'
import { Columns } from '../parts/section.tsx'
import { Loaded } from '../parts/loaded.tsx'
import type { OverviewAnswer } from '../../server/api/overview-shapes.ts'
import { BookHead } from './overview/book-head.tsx'
import { Changes } from './overview/changes.tsx'
import { Distribution } from './overview/distribution.tsx'
import { First } from './overview/first.tsx'
import { Notices } from './overview/notices.tsx'
import { NothingYet } from './overview/nothing-yet.tsx'
import { OverviewPending } from './overview/overview-pending.tsx'
import { Period } from './overview/period.tsx'
import { Trend } from './overview/trend.tsx'

const PATH = '/v1/overview'
/** Milliseconds. */
const EVERY_MS = 30_000
/** While the trend is being worked out, or the first customers are on their way. */
const SOON_MS = 4000

export function OverviewPage() {
  const read = useRead<OverviewAnswer>(PATH, {
    everyMs: (overview) =>
      overview !== undefined && overview.trend.ready && overview.book.customers.count > 0
        ? EVERY_MS
        : SOON_MS,
  })
  return (
    <Loaded read={read} pending={<OverviewPending />}>
      {(overview) =>
        overview.book.customers.count === 0 ? (
          <NothingYet overview={overview} />
        ) : (
          <>
            <BookHead overview={overview} />
            <Notices notices={overview.notices} />
            <Columns>
              <Trend overview={overview} />
              <Distribution overview={overview} />
            </Columns>
            <Changes overview={overview} />
            <First overview={overview} />
            <Period overview={overview} />
          </>
        )
      }
    </Loaded>
  )
}
