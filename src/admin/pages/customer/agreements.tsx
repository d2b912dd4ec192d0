/** What the customer pays for. */
import type { CustomerAnswer } from '../../../server/api/customer-shapes.ts'
import { useWords, type Words } from '../../api/frame.ts'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { Section } from '../../parts/section.tsx'
import { Day } from '../../parts/when.tsx'

type Agreement = CustomerAnswer['agreements'][number]

export function Agreements({ customer: { agreements, connectionName } }: { customer: CustomerAnswer }) {
  const words = useWords()
  return (
    <Section title="Agreements">
      {agreements.length === 0 ? (
        <p className="second">
          {connectionName} has none for this customer, so what it pays and when it renews is not known.
        </p>
      ) : (
        <DataTable
          caption="Agreements, the next to renew first"
          columns={columnsOf(words)}
          rows={agreements}
          id={({ externalId }) => externalId}
        />
      )}
    </Section>
  )
}

function columnsOf(words: Words): readonly Column<Agreement>[] {
  const date = (value: string | null) => (value === null ? '–' : <Day date={value} />)
  return [
    {
      key: 'amount',
      title: 'A month',
      phone: 'first',
      cell: ({ monthlyMinor, currency, amountMinor, periodMonths }) => (
        <>
          {monthlyMinor === null || currency === null ? 'not known' : words.money(monthlyMinor, currency)}
          {amountMinor !== null && currency !== null && periodMonths !== null && periodMonths !== 1 && (
            <div className="note">
              {words.money(amountMinor, currency)} for {periodMonths} months
            </div>
          )}
        </>
      ),
    },
    { key: 'start', title: 'Began', cell: ({ startDate }) => date(startDate), phone: 'never' },
    {
      key: 'renewal',
      title: 'Renews',
      cell: ({ renewalDate }) => (
        <>
          <span className="onPhone">Renews </span>
          {date(renewalDate)}
        </>
      ),
      phone: 'first',
    },
    {
      key: 'notice',
      title: 'Notice by',
      cell: ({ noticeDate }) => (
        <>
          <span className="onPhone">Notice by </span>
          {date(noticeDate)}
        </>
      ),
    },
    {
      key: 'auto',
      title: 'By itself',
      cell: ({ autoRenewal }) => (autoRenewal === null ? '–' : autoRenewal ? 'yes' : 'no'),
      phone: 'never',
    },
  ]
}
