/** One customer: the risk and why, what was decided and done, and what would be if it were otherwise. */
import { useParams } from 'wouter'
import type { CustomerAnswer } from '../../server/api/customer-shapes.ts'
import { useRead } from '../api/queries.ts'
import { Loaded } from '../parts/loaded.tsx'
import { Columns } from '../parts/section.tsx'
import { Agreements } from './customer/agreements.tsx'
import { CustomerHead } from './customer/customer-head.tsx'
import { CustomerNotices } from './customer/customer-notices.tsx'
import { Decided } from './customer/decided.tsx'
import { People } from './customer/people.tsx'
import { Risk } from './customer/risk.tsx'
import { Timeline } from './customer/timeline.tsx'
import { TryOut } from './customer/try-out.tsx'
import { Why } from './customer/why.tsx'

export function CustomerPage() {
  const { id = '' } = useParams()
  // Another customer is another page: nothing of the one before stays.
  return <OneCustomer key={id} id={id} />
}

/** Milliseconds. */
const EVERY_MS = 30_000

function OneCustomer({ id }: { id: string }) {
  const read = useRead<CustomerAnswer>(`/v1/customers/${encodeURIComponent(id)}`, { everyMs: EVERY_MS })
  return (
    <Loaded read={read}>
      {(customer) => (
        <>
          <CustomerHead customer={customer} />
          <CustomerNotices customer={customer} />
          <Columns>
            <div>
              <Risk customer={customer} />
              <Why customer={customer} />
            </div>
            <Decided customer={customer} />
          </Columns>
          <TryOut customer={customer} />
          <Columns>
            <People customer={customer} />
            <Agreements customer={customer} />
          </Columns>
          <Timeline customer={customer} />
        </>
      )}
    </Loaded>
  )
}
