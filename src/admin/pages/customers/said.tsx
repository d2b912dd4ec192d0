/** How many customers are meant, and what of theirs is at risk: what the page opens with. */
import { Link } from 'wouter'
import type { CustomerCountAnswer } from '../../../server/api/customer-lists.ts'
import { useWords, type Words } from '../../api/frame.ts'
import { withQuery, type Filters } from '../../api/query-string.ts'
import { capital } from '../../words/formats.ts'
import { NATURAL_ORDER as NATURAL } from '../../../contracts/customer-terms.ts'
import type { CustomerQuery } from './query.ts'
import { SORT_WORDS } from './words.ts'

/** @param narrowed whether there are filters at all */
export function said(words: Words, count: CustomerCountAnswer | undefined, narrowed: boolean): string {
  if (count === undefined) return 'Whom to care for first'
  const { customers, exact, valueAtRisk } = count
  if (customers === 0 && !exact) return 'So many that counting them would take too long'
  if (customers === 0) return narrowed ? 'No customer is like that' : 'No customers yet'
  const many = `${exact ? '' : 'more than '}${words.many(customers, 'customer')}`
  if (valueAtRisk.length === 0) return capital(many)
  const [sums, others] = [valueAtRisk.slice(0, 2), valueAtRisk.length - 2]
  const money = [
    ...sums.map(({ minor, currency }) => words.money(minor, currency)),
    ...(others > 0 ? [`more in ${words.many(others, 'other currency', 'other currencies')}`] : []),
  ]
  const least = exact ? '' : 'at least '
  return capital(`${least}${listed(money)} a year is at risk in ${many}`)
}
const listed = (parts: readonly string[]): string =>
  parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1) ?? ''}`

export function Lead({ query, count }: { query: CustomerQuery; count: CustomerCountAnswer | undefined }) {
  const words = useWords()
  const { customers = 0, unvalued = 0 } = count ?? {}
  const filter: Filters = { ...query.filter, currency: 'none', sort: 'name' }
  return (
    <>
      {customers > 0 && query.order === NATURAL[query.sort] && SORT_WORDS[query.sort]?.first}
      {unvalued > 0 && unvalued < customers && (
        <>
          {' '}
          <Link href={withQuery('/app/customers', filter)}>
            Of {words.many(unvalued, 'customer')} the value is not known.
          </Link>
        </>
      )}
    </>
  )
}
