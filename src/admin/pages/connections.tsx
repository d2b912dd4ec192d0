/** Connections: whether everything is read as it should be, and which of them needs somebody. */
import { Button } from '@mantine/core'
import { Link } from 'wouter'
import type { ConnectionAnswer } from '../../server/api/connections.ts'
import { useMay, useWords } from '../api/frame.ts'
import { useLive } from '../api/live.ts'
import { useRead, useSend } from '../api/queries.ts'
import { ButtonLink } from '../parts/button-link.tsx'
import { DataTable, type Column } from '../parts/data-table.tsx'
import { Empty } from '../parts/empty.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { Mark } from '../parts/mark.tsx'
import { Notice } from '../parts/notice.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { When } from '../parts/when.tsx'
import { standingOf, whatOf } from '../words/connections.ts'

interface Connections {
  readonly items: readonly ConnectionAnswer[]
}

export function ConnectionsPage() {
  useLive()
  const read = useRead<Connections>('/v1/connections')
  const mayConnect = useMay('admin')
  return (
    <Loaded read={read}>
      {({ items }) => (
        <>
          <PageHead
            title={headline(items)}
            actions={
              mayConnect && items.length > 0 ? (
                <ButtonLink href="/app/setup?step=connect&another=yes">Connect another</ButtonLink>
              ) : undefined
            }
          >
            Each is read, scored and written to by itself. What is sent goes by the settings of all of them.
          </PageHead>
          {items.length === 0 ? (
            <Empty
              title="Nothing is connected yet"
              action={
                mayConnect && <ButtonLink href="/app/setup?step=connect">Connect a CRM or a file</ButtonLink>
              }
            >
              HubSpot, Salesforce or a customer file will stand here, with how fresh each is and what is in
              its way.{!mayConnect && ' An admin connects them.'}
            </Empty>
          ) : (
            <>
              <Troubles items={items} />
              <Table items={items} />
            </>
          )}
        </>
      )}
    </Loaded>
  )
}

function headline(items: readonly ConnectionAnswer[]): string {
  const open = items.filter(({ status }) => status !== 'disconnected')
  if (open.length === 0) return 'Nothing is connected'
  const troubled = open.filter(({ trouble }) => trouble)
  if (troubled.length === 1) return `${troubled[0].name} needs somebody`
  if (troubled.length > 1) return `${troubled.length} of ${open.length} connections need somebody`
  const [first] = open
  const fine = open.filter((one) => ['good', 'busy'].includes(standingOf(one).tone))
  if (open.length === 1)
    return fine.length === 1
      ? `${first.name} is up to date`
      : `${first.name}: ${lower(standingOf(first).word)}`
  return fine.length === open.length
    ? `All ${open.length} connections are up to date`
    : `${fine.length} of ${open.length} connections are up to date`
}

const lower = (text: string): string => text.slice(0, 1).toLowerCase() + text.slice(1)

/** Only what does not go on by itself. */
function Troubles({ items }: { items: readonly ConnectionAnswer[] }) {
  return items
    .filter(({ trouble }) => trouble)
    .map((one) => (
      <Notice
        key={one.id}
        tone="bad"
        title={`${one.name}: ${lower(standingOf(one).word)}`}
        actions={
          <ButtonLink href={`/app/connections/${one.id}`} size="xs">
            See what to do
          </ButtonLink>
        }
      >
        {standingOf(one).about}
      </Notice>
    ))
}

function Table({ items }: { items: readonly ConnectionAnswer[] }) {
  const words = useWords()
  const columns: readonly Column<ConnectionAnswer>[] = [
    {
      key: 'name',
      title: 'Connection',
      phone: 'first',
      cell: (one) => (
        <>
          <Link href={`/app/connections/${one.id}`} className="strong">
            {one.name}
          </Link>
          <div className="note">{whatOf(one)}</div>
        </>
      ),
    },
    { key: 'standing', title: 'How it stands', phone: 'first', cell: (one) => <Stands one={one} /> },
    {
      key: 'read',
      title: 'Last read',
      cell: ({ freshness }) =>
        freshness.syncedAt === null ? (
          <span className="second">Never</span>
        ) : (
          <When at={freshness.syncedAt} />
        ),
    },
    {
      key: 'next',
      title: 'Next',
      phone: 'never',
      cell: ({ freshness }) =>
        freshness.nextAt === null ? (
          <span className="second">Not by itself</span>
        ) : (
          <When at={freshness.nextAt} />
        ),
    },
    {
      key: 'waiting',
      title: 'Changes waiting',
      figure: true,
      phone: 'never',
      cell: ({ freshness }) => words.count(freshness.waiting),
    },
    {
      key: 'sync',
      title: <span className="unseen">Read now</span>,
      phone: 'never',
      cell: (one) => <ReadNow one={one} />,
    },
  ]
  return (
    <DataTable
      file="connections"
      caption="Connections, the oldest first"
      columns={columns}
      rows={items}
      id={({ id }) => id}
    />
  )
}

function Stands({ one }: { one: ConnectionAnswer }) {
  const { tone, word, about } = standingOf(one)
  return (
    <>
      <Mark tone={tone}>{word}</Mark>
      {about !== null && !one.trouble && <div className="note">{about}</div>}
    </>
  )
}

function ReadNow({ one }: { one: ConnectionAnswer }) {
  const may = useMay('operator')
  const sync = useSend(() => ({ path: `/v1/connections/${one.id}/sync` }), {
    done: `${one.name} is being read`,
    changed: ['/v1/connections', '/v1/runs'],
  })
  if (!may || one.status !== 'active') return null
  return (
    <Button
      className="flush"
      size="compact-sm"
      variant="subtle"
      loading={sync.busy}
      onClick={() => sync.send(undefined)}
    >
      Read now<span className="unseen">: {one.name}</span>
    </Button>
  )
}
