/** Customers: whom to care for first, by what would be lost; narrowed, ordered and kept as views. */
import { Button, Select } from '@mantine/core'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { CUSTOMER_SORTS, type CustomerSort } from '../../contracts/customer-terms.ts'
import type { CustomerCountAnswer, CustomerLineAnswer } from '../../server/api/customer-lists.ts'
import type { CustomerViewsAnswer } from '../../server/api/customer-views.ts'
import { useConnections } from '../api/connections.ts'
import { useMay, useWords } from '../api/frame.ts'
import { useList, useRead } from '../api/queries.ts'
import { withQuery } from '../api/query-string.ts'
import { bootViews } from '../boot.ts'
import { ListTable } from '../parts/data-table.tsx'
import { Failure } from '../parts/loaded.tsx'
import { Notice } from '../parts/notice.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { PagePending } from '../parts/pending.tsx'
import { Tools } from '../parts/tools.tsx'
import { columnsOf } from './customers/columns.tsx'
import { MoreFilters, SetFilters } from './customers/more-filters.tsx'
import { useCustomerQuery, type CustomerQuery } from './customers/query.ts'
import { Lead, said } from './customers/said.tsx'
import { SearchField } from './customers/search-field.tsx'
import { End, Facets, ViewTools } from './customers/tools.tsx'
import { Views } from './customers/views.tsx'
import { SORT_WORDS } from './customers/words.ts'
import style from './customers/customers.module.css'

export function CustomersPage() {
  const views = useRead<CustomerViewsAnswer>('/v1/customer-views', { boot: bootViews() })
  const query = useCustomerQuery(views.data)
  if (query === null)
    return views.error === null ? (
      <PagePending />
    ) : (
      <>
        <PageHead title="Whom to care for first" />
        <Failure error={views.error} retry={() => void views.refetch()} />
      </>
    )
  return <Shown query={query} views={views.data} />
}

function Shown({ query, views }: { query: CustomerQuery; views: CustomerViewsAnswer | undefined }) {
  const words = useWords()
  const admin = useMay('admin')
  const connections = useConnections()
  const connectionName = (id: string) => connections?.find((one) => one.id === id)?.name ?? ''
  const count = useRead<CustomerCountAnswer>(withQuery('/v1/customers/count', query.filter)).data
  const list = useList<CustomerLineAnswer>(withQuery('/v1/customers', query.query))
  const { view } = query
  return (
    <>
      <PageHead title={said(words, count, Object.keys(query.filter).length > 0)}>
        <Lead query={query} count={count} />
      </PageHead>
      <div className={style.viewsLine}>
        {views !== undefined && <Views views={views} query={query} />}
        <ViewTools query={query} views={views} />
      </div>
      {query.lost && (
        <Notice tone="wait" title="The view of this address is not there any more">
          Somebody deleted it, or it is a colleague’s own. What your list opens with is shown instead.
        </Notice>
      )}
      {view !== null && view.problem !== null && (
        <Notice tone="bad" title={`“${view.name}” cannot be opened as it is`}>
          {view.problem}
        </Notice>
      )}
      <Tools end={<End query={query} />}>
        <SearchField query={query} />
        <div className={style.facets}>
          <Facets query={query} connections={connections} />
          <MoreFilters query={query} />
        </div>
        {Object.keys(query.filter).length > 0 && (
          <Button variant="subtle" size="xs" onClick={query.clear}>
            Show all
          </Button>
        )}
        <Select
          className={style.sort ?? ''}
          size="xs"
          w={170}
          aria-label="Order"
          allowDeselect={false}
          data={CUSTOMER_SORTS.map((value) => ({
            value,
            label: `By ${SORT_WORDS[value].word.toLowerCase()}`,
          }))}
          value={query.sort}
          onChange={(sort) => query.set({ sort: sort as CustomerSort, order: null })}
        />
      </Tools>
      <SetFilters query={query} />
      <ListTable
        caption={`Customers. ${SORT_WORDS[query.sort]?.first ?? ''}`}
        columns={columnsOf({ words, query, connectionName })}
        list={list}
        id={({ id }) => id}
        empty={emptyOf(query, admin)}
      />
    </>
  )
}

function emptyOf(
  { filter, clear }: CustomerQuery,
  admin: boolean,
): { title: string; text: string; action?: ReactNode } {
  if (Object.keys(filter).length > 0)
    return {
      title: 'Nobody fits what is asked for',
      text: 'Take a filter away, or look again when more customers are scored.',
      action: (
        <Button variant="default" onClick={clear}>
          Show all
        </Button>
      ),
    }
  const title = 'What will be here'
  const text = 'Every customer with the risk, what would be lost, why, and what Holdfast suggests.'
  if (!admin) return { title, text: `${text} An admin connects the CRM first.` }
  return {
    title,
    text,
    action: (
      <Button component={Link} href="/app/setup">
        Set it up
      </Button>
    ),
  }
}
