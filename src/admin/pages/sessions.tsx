/** Sessions: where one is signed in, and for admins who else is; each ends from here. */
import { Button, SegmentedControl } from '@mantine/core'
import type { SessionsEndedAnswer } from '../../server/api/people.ts'
import type { OpenSessionAnswer } from '../../server/api/sessions.ts'
import { useMay, useWords } from '../api/frame.ts'
import { useList, useSend, type ReadList } from '../api/queries.ts'
import { useFilters, withQuery } from '../api/query-string.ts'
import { leave } from '../layout/leave.ts'
import { Confirm } from '../parts/confirm.tsx'
import { CsvLink } from '../parts/csv-link.tsx'
import { ListTable, type Column } from '../parts/data-table.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { Tools } from '../parts/tools.tsx'
import { When } from '../parts/when.tsx'
import { holderWords } from '../words/holders.ts'
import { ROLES } from './people/roles.ts'

export function SessionsPage() {
  const [filters, setFilters] = useFilters()
  const admin = useMay('admin')
  const everyone = admin && filters['of'] === 'everyone'
  const of = everyone ? 'everyone' : 'me'
  const list = useList<OpenSessionAnswer>(withQuery('/v1/sessions', { of }))
  return (
    <>
      <PageHead
        title={<Said list={list} everyone={everyone} />}
        actions={!everyone && (list.items?.length ?? 0) > 1 && <EndOthers />}
      >
        A session ends after two hours without a request, and after twelve in any case.
        {!everyone && ' One that you do not know: end it, and tell an admin.'}
      </PageHead>
      <Tools end={<CsvLink path="/v1/sessions" filters={{ of }} />}>
        {admin && (
          <SegmentedControl
            aria-label="Whose sessions"
            value={of}
            onChange={(value) => setFilters({ of: value === 'everyone' ? value : null })}
            data={[
              { value: 'me', label: 'Yours' },
              { value: 'everyone', label: 'Everybody’s' },
            ]}
          />
        )}
      </Tools>
      <ListTable
        caption={everyone ? 'Sessions of everybody, newest first' : 'Your sessions, newest first'}
        columns={everyone ? [WHO, ...COLUMNS] : COLUMNS}
        list={list}
        id={({ id }) => id}
        empty={{ title: 'Nobody is signed in' }}
      />
    </>
  )
}

function Said({ list, everyone }: { list: ReadList<OpenSessionAnswer>; everyone: boolean }) {
  const words = useWords()
  const { items, more } = list
  if (items === undefined) return 'Where you are signed in'
  const many = `${more ? 'More than ' : ''}${words.many(items.length, 'session')}`
  if (everyone) return `${many} ${items.length === 1 ? 'is' : 'are'} open`
  return items.length === 1
    ? 'You are signed in here, and nowhere else'
    : `You have ${many.toLowerCase()}: this one and ${words.count(items.length - 1)} more`
}

const MEANS: Readonly<Record<OpenSessionAnswer['means'], string>> = {
  link: 'by a sign-in link',
  password: 'by the password of this installation',
  service: 'by the sign-in service',
}

const nameOf = ({ name, person }: OpenSessionAnswer): string => {
  const holder = person === null ? holderWords(name) : null
  return holder === null ? name : `${holder[0].toUpperCase()}${holder.slice(1)}`
}

const WHO: Column<OpenSessionAnswer> = {
  key: 'who',
  title: 'Who',
  phone: 'first',
  cell: (one) => (
    <>
      <span className="strong">{nameOf(one)}</span>
      <div className="note">
        {ROLES[one.role].word}
        {one.installation && ' of every company'}
      </div>
    </>
  ),
}

const COLUMNS: readonly Column<OpenSessionAnswer>[] = [
  {
    key: 'where',
    title: 'Where',
    phone: 'first',
    width: '26%',
    cell: ({ browser, address, current }) => (
      <>
        <span className="strong">{browser ?? 'Unknown browser'}</span>
        {current && <span className="note"> · this one</span>}
        <div className="note">{address === null ? 'address not known' : `from ${address}`}</div>
      </>
    ),
  },
  { key: 'means', title: 'Came in', phone: 'never', cell: ({ means }) => MEANS[means] },
  {
    key: 'began',
    title: 'Began',
    cell: ({ startedAt }) => (
      <>
        <span className="onPhone">began </span>
        <When at={startedAt} />
      </>
    ),
  },
  {
    key: 'seen',
    title: 'Last seen',
    cell: ({ lastSeenAt }) => (
      <>
        <span className="onPhone">last seen </span>
        <When at={lastSeenAt} />
      </>
    ),
  },
  { key: 'ends', title: 'Ends', phone: 'never', cell: ({ expiresAt }) => <When at={expiresAt} /> },
  {
    key: 'end',
    title: <span className="unseen">What to do</span>,
    phone: 'first',
    figure: true,
    cell: (session) => (session.current ? <SignOut /> : <End session={session} />),
  },
]

function SignOut() {
  return (
    <Button variant="default" size="xs" onClick={() => leave('/sign-out', {})}>
      Sign out
    </Button>
  )
}

function End({ session }: { session: OpenSessionAnswer }) {
  const where = session.browser ?? 'an unknown browser'
  const { send, busy } = useSend(() => ({ path: `/v1/sessions/${session.id}`, method: 'DELETE' }), {
    done: `The session in ${where} is over.`,
    changed: ['/v1/sessions'],
  })
  return (
    <Confirm
      label="End"
      about={`End the session of ${nameOf(session)} in ${where}`}
      grave
      busy={busy}
      button={{ size: 'xs' }}
      confirm={() => send(undefined)}
    >
      Whoever sits there has to sign in again. What they typed and did not save is lost.
    </Confirm>
  )
}

function EndOthers() {
  const words = useWords()
  const { send, busy } = useSend<undefined, SessionsEndedAnswer>(
    () => ({ path: '/v1/sessions', method: 'DELETE' }),
    {
      done: ({ ended }) => `${words.many(ended, 'session is', 'sessions are')} over. This one goes on.`,
      changed: ['/v1/sessions'],
    },
  )
  return (
    <Confirm label="End all others" grave busy={busy} confirm={() => send(undefined)}>
      Every session of yours but this one ends at once.
    </Confirm>
  )
}
