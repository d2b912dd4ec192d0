/** An address that is no page, such as one from an old bookmark. */
import { Link } from 'wouter'
import { PageHead } from '../parts/page-head.tsx'

export function NothingHere() {
  return (
    <PageHead title="There is nothing at this address">
      It may be of a page that moved. <Link href="/app/customers">Go to the customers</Link>, or choose from
      the menu.
    </PageHead>
  )
}
