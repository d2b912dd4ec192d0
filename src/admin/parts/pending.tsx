/** Grey places of the size of what will stand there, so that nothing jumps when it comes. */
import { Skeleton } from '@mantine/core'

/** A whole page whose code or first answer is on its way. */
export function PagePending() {
  return (
    <div aria-busy="true">
      <output className="unseen">Loading</output>
      <Skeleton height={22} width={220} mb={18} />
      <Skeleton height={32} width="62%" mb={12} />
      <Skeleton height={18} width="44%" mb={34} />
      <RowsPending rows={8} />
    </div>
  )
}

/** @param rows as many as usually come */
export function RowsPending({ rows, height = 44 }: { rows: number; height?: number }) {
  return (
    <div aria-busy="true">
      {Array.from({ length: rows }, (_, at) => (
        <Skeleton key={at} height={height - 14} mb={14} radius="sm" />
      ))}
    </div>
  )
}

/** A chart, or anything of a known height. */
export function BlockPending({ height }: { height: number }) {
  return (
    <div aria-busy="true">
      <Skeleton height={height} radius="sm" />
    </div>
  )
}
