/** Actions that are uncertain, and those that failed: each with what a person can do about it. */
import { Button, Group } from '@mantine/core'
import { Link } from 'wouter'
import type { AttentionAnswer } from '../../../server/api/attention.ts'
import { useMay } from '../../api/frame.ts'
import { useSend } from '../../api/queries.ts'
import { withQuery } from '../../api/query-string.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { When } from '../../parts/when.tsx'
import { sentence } from '../../words/states.ts'
import { ResolveButtons } from './resolve.tsx'
import { PutAside } from './thing.tsx'
import style from './attention.module.css'

type Line = AttentionAnswer['failed']['items'][number]

const about = (one: Line): string => `${one.actionName} for ${one.customerName ?? `customer ${one.customer}`}`

function columnsOf(state: string, last: Column<Line>): readonly Column<Line>[] {
  return [
    {
      key: 'what',
      title: 'Action',
      phone: 'first',
      cell: (one) => (
        <>
          <Link
            className="strong"
            href={withQuery('/app/actions/list', { ...Object.fromEntries([state.split('=')]), open: one.id })}
          >
            {one.actionName}
          </Link>{' '}
          for{' '}
          <Link href={`/app/customers/${one.customer}`}>
            {one.customerName ?? `Customer ${one.customer}`}
          </Link>
        </>
      ),
    },
    {
      key: 'why',
      title: 'Because',
      width: '28%',
      cell: ({ reason }) => (reason === null ? '' : sentence(reason)),
    },
    {
      key: 'when',
      title: 'When',
      phone: 'never',
      cell: (one) => (
        <span className="nowrap">
          <When at={one.updatedAt} />
        </span>
      ),
    },
    last,
  ]
}

export function UncertainActions({ items }: { items: readonly Line[] }) {
  return (
    <>
      <p className="note" style={{ marginBottom: 8 }}>
        They may have reached the customer, so they are never sent again by themselves. Ask the customer, or
        look into the log of the mail server or provider.
      </p>
      <DataTable
        caption="Actions of which nobody can say whether they went out"
        columns={columnsOf('state=uncertain', {
          key: 'do',
          title: <span className="unseen">What is known</span>,
          width: '360px',
          cell: (one) => <ResolveButtons ids={[one.id]} about={about(one)} />,
        })}
        rows={items}
        id={({ id }) => id}
      />
    </>
  )
}

export function FailedActions({ items }: { items: readonly Line[] }) {
  const may = useMay('operator')
  return (
    <>
      <p className="note" style={{ marginBottom: 8 }}>
        The provider refused them, or they were given up, within the last 30 days. Nobody got them.
      </p>
      {may && items.length > 1 && <AllAside items={items} />}
      <DataTable
        caption="Actions that did not go out"
        columns={columnsOf('unseen=true', {
          key: 'do',
          title: <span className="unseen">What to do</span>,
          cell: (one) => (
            <div className={style.tight}>
              <PlanAgain one={one} />
              <PutAside item={{ key: `intervention:${one.id}`, mark: '' }} about={about(one)} />
            </div>
          ),
        })}
        rows={items}
        id={({ id }) => id}
      />
    </>
  )
}

/** What failed has ended: whoever wants it again plans it anew, and once. */
function PlanAgain({ one }: { one: Line }) {
  const may = useMay('operator')
  const { send, busy } = useSend(
    () => ({
      path: '/v1/interventions',
      body: { customer: one.customer, action: one.actionKey },
      headers: { 'Idempotency-Key': `again:${one.id}` },
    }),
    { done: `${about(one)} is planned again.` },
  )
  if (!may) return null
  return (
    <Confirm
      label="Plan it again"
      about={`Plan it again: ${about(one)}`}
      busy={busy}
      button={{ size: 'xs' }}
      confirm={() => send(undefined)}
    >
      {about(one)} goes out as soon as it may: consent, opt-outs and pauses are asked again then, waiting
      times between contacts and quiet hours are not.
    </Confirm>
  )
}

function AllAside({ items }: { items: readonly Line[] }) {
  const { send, busy } = useSend(
    () => ({
      path: '/v1/attention/dismiss',
      body: { items: items.map(({ id }) => ({ key: `intervention:${id}`, mark: '' })) },
    }),
    { done: 'They are put aside.' },
  )
  return (
    <Group mb="xs">
      <Button variant="default" size="xs" onClick={() => send(undefined)} loading={busy}>
        Put these {items.length} aside
      </Button>
    </Group>
  )
}
