/** Grey places where the overview will stand. */
import { Skeleton } from '@mantine/core'
import { BlockPending, RowsPending } from '../../parts/pending.tsx'
import { Columns } from '../../parts/section.tsx'

export function OverviewPending() {
  return (
    <div aria-busy="true">
      <output className="unseen">Loading</output>
      <Skeleton height={22} width={320} mb={16} />
      <Skeleton height={34} width="58%" mb={12} />
      <Skeleton height={44} width="70%" mb={40} />
      <Columns>
        <BlockPending height={280} />
        <BlockPending height={280} />
      </Columns>
      <div style={{ height: 40 }} />
      <RowsPending rows={9} height={52} />
    </div>
  )
}
