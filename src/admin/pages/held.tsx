/** Customers for whom nothing automatic happens until a person has looked, and ending that. */
import { Select } from '@mantine/core'
import { Link } from 'wouter'
import type { HoldLineAnswer } from '../../server/api/holds.ts'
import { useMay, useWords } from '../api/frame.ts'
import { useList, useSend } from '../api/queries.ts'
import { useFilters, withQuery } from '../api/query-string.ts'
import { Back } from '../parts/back.tsx'
import { Confirm } from '../parts/confirm.tsx'
import { CsvLink } from '../parts/csv-link.tsx'
import { ListTable, type Column } from '../parts/data-table.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { When } from '../parts/when.tsx'
import { actorWords, sentence } from '../words/states.ts'
import style from './actions/actions.module.css'

const KINDS: Readonly<Record<HoldLineAnswer['kind'], string>> = {
  complained: 'Complained',
  replied: 'Answered',
  dispute: 'Dispute',
  negotiation: 'Negotiation',
  by_hand: 'By hand',
}

export function HeldPage() {
  const words = useWords()
  const may = useMay('operator')
  const [filters, setFilters] = useFilters()
  const list = useList<HoldLineAnswer>(withQuery('/v1/holds', filters))
  const columns: readonly Column<HoldLineAnswer>[] = [
    {
      key: 'customer',
      title: 'Customer',
      phone: 'first',
      cell: (one) => (
        <Link href={`/app/customers/${one.customer}`} className="strong">
          {one.customerName ?? `Customer ${one.customer}`}
        </Link>
      ),
    },
    { key: 'kind', title: 'Because', phone: 'first', cell: ({ kind }) => KINDS[kind] },
    {
      key: 'reason',
      title: 'What was said',
      width: '38%',
      cell: ({ reason, actor }) => (
        <>
          {sentence(reason)}
          {/^(user|key):/.test(actor) && <span className="note"> {actorWords(actor)}</span>}
        </>
      ),
    },
    { key: 'since', title: 'Since', cell: ({ createdAt }) => <When at={createdAt} /> },
    {
      key: 'until',
      title: 'Until',
      phone: 'never',
      cell: ({ until }) => (until === null ? 'somebody ends it' : words.day(new Date(until))),
    },
    ...(may
      ? [
          {
            key: 'end',
            title: <span className="unseen">End it</span>,
            cell: (one: HoldLineAnswer) => <EndIt one={one} />,
          },
        ]
      : []),
  ]
  return (
    <>
      <PageHead above={<Back href="/app/attention">Needs a look</Back>} title="Customers on hold">
        Nothing is sent to them automatically until a person has looked. Read what they said, talk to them,
        then end the hold.
      </PageHead>
      <div className={style.filters}>
        <Select
          aria-label="Why they are held"
          placeholder="Whatever holds them"
          w={220}
          clearable
          clearButtonProps={{ 'aria-label': 'Whatever holds them' }}
          data={Object.entries(KINDS).map(([value, label]) => ({ value, label }))}
          value={filters['kind'] ?? null}
          onChange={(kind) => setFilters({ kind })}
        />
        <span className={style.end}>
          <CsvLink path="/v1/holds" filters={filters} />
        </span>
      </div>
      <ListTable
        caption="Customers on hold, newest first"
        columns={columns}
        list={list}
        id={({ id }) => id}
        empty={{
          title: 'Nobody is on hold',
          text: 'Whoever answers a message or complains comes here, and whom somebody holds on their page.',
        }}
      />
    </>
  )
}

function EndIt({ one: { customer, customerName } }: { one: HoldLineAnswer }) {
  const name = customerName ?? `customer ${customer}`
  const { send, busy } = useSend(() => ({ path: `/v1/customers/${customer}/holds/release` }), {
    done: `${name} is not held any more.`,
  })
  return (
    <Confirm
      label="End the hold"
      about={`End the hold: ${name}`}
      busy={busy}
      button={{ size: 'xs' }}
      confirm={() => send(undefined)}
    >
      What waited for it is looked at again at once, and {name} may be written to again.
    </Confirm>
  )
}
