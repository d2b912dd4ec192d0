/** Pools of codes that offers are made of: how many are free. Nothing where nobody uses any. */
import { useMay, useWords } from '../../api/frame.ts'
import { useRead } from '../../api/queries.ts'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { Section } from '../../parts/section.tsx'
import { BringCodes } from './bring-codes.tsx'
import type { OfferPoolsAnswer } from '../../../server/api/offers.ts'

type Pool = OfferPoolsAnswer['items'][number]

export function OfferPools() {
  const words = useWords()
  const may = useMay('admin')
  const { data } = useRead<OfferPoolsAnswer>('/v1/offer-pools')
  if (data === undefined || data.items.length === 0) return null
  const columns: readonly Column<Pool>[] = [
    {
      key: 'pool',
      title: 'Pool',
      phone: 'first',
      cell: ({ pool }) => <span className="strong">{pool}</span>,
    },
    {
      key: 'free',
      title: 'Free',
      figure: true,
      phone: 'first',
      cell: ({ free, few }) => (
        <>
          {words.count(free)}
          {free === 0 ? ', none left' : few ? ', few left' : ''}
        </>
      ),
    },
    { key: 'taken', title: 'Given away', figure: true, cell: ({ taken }) => words.count(taken) },
    { key: 'ended', title: 'Ran out unused', figure: true, cell: ({ ended }) => words.count(ended) },
    {
      key: 'next',
      title: 'Next one ends',
      figure: true,
      cell: ({ nextEnd }) => (nextEnd === null ? '' : words.day(nextEnd)),
    },
  ]
  return (
    <Section
      title="Codes for offers"
      aside={may && <BringCodes pools={data.items.map(({ pool }) => pool)} />}
    >
      <DataTable
        file="offer-pools"
        caption="Pools of codes"
        columns={columns}
        rows={data.items}
        id={({ pool }) => pool}
      />
    </Section>
  )
}
