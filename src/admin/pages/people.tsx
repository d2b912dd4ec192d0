/** People and roles: who gets in, as what, and when they last did. */
import { Button, Select } from '@mantine/core'
import { useState } from 'react'
import { Link } from 'wouter'
import type { InvitationAnswer, PeopleAnswer, PersonAnswer } from '../../server/api/people.ts'
import type { SessionAnswer } from '../../server/api/session.ts'
import { useWords } from '../api/frame.ts'
import { useList, useRead } from '../api/queries.ts'
import { useFilters, withQuery } from '../api/query-string.ts'
import { CsvLink } from '../parts/csv-link.tsx'
import { ListTable, type Column } from '../parts/data-table.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { ShownOnce } from '../parts/shown-once.tsx'
import { Tools } from '../parts/tools.tsx'
import { When } from '../parts/when.tsx'
import { whoWords } from '../words/holders.ts'
import { Invite, type Invitee } from './people/invite.tsx'
import { PersonMenu } from './people/person-menu.tsx'
import { ROLES } from './people/roles.ts'

/** What the list can be narrowed to, by its filter. */
const KINDS = {
  everybody: { label: 'Everybody', query: {} },
  admins: { label: 'Admins', query: { role: 'admin' } },
  operators: { label: 'Operators', query: { role: 'operator' } },
  viewers: { label: 'Viewers', query: { role: 'viewer' } },
  waiting: { label: 'Never signed in', query: { signedIn: 'never' } },
  removed: { label: 'Removed', query: { removed: 'true' } },
} as const

type Kind = keyof typeof KINDS

export function PeoplePage() {
  const [filters, setFilters] = useFilters()
  const kind = kindOf(filters)
  const { query } = KINDS[kind]
  const list = useList<PersonAnswer, PeopleAnswer>(withQuery('/v1/people', query))
  const me = useRead<SessionAnswer>('/v1/session').data?.person ?? null
  const [wanted, invite] = useState<Invitee | null>(null)
  const [invitation, show] = useState<InvitationAnswer | null>(null)
  // Where nobody is listed yet, the one button that starts it stands there.
  const startsBelow = kind === 'everybody' && list.items?.length === 0
  const button = (
    <Button onClick={() => invite({ email: '', name: '', role: 'viewer' })}>Invite somebody</Button>
  )
  const choose = (next: Kind) =>
    setFilters({ role: null, signedIn: null, removed: null, ...KINDS[next].query })
  return (
    <>
      <PageHead title={<Said counts={list.first?.counts} />} actions={startsBelow ? undefined : button}>
        <Roles counts={list.first?.counts} />
      </PageHead>
      <Tools end={<CsvLink path="/v1/people" filters={query} />}>
        <Select
          aria-label="Who is listed"
          w={180}
          allowDeselect={false}
          data={Object.entries(KINDS).map(([value, { label }]) => ({ value, label }))}
          value={kind}
          onChange={(value) => choose((value ?? 'everybody') as Kind)}
        />
      </Tools>
      <ListTable
        caption={kind === 'removed' ? 'People who were removed, by name' : 'People who get in, by name'}
        columns={kind === 'removed' ? removed(invite) : present(me, show)}
        list={list}
        id={({ id }) => id}
        empty={
          kind === 'everybody'
            ? {
                title: 'What will be here',
                text: 'Each person whom you invite, with their role and when they last signed in.',
                action: button,
              }
            : { title: `Nobody is listed under “${KINDS[kind].label}”` }
        }
      />
      <Invite wanted={wanted} close={() => invite(null)} invited={show} />
      <ShownOnce
        title={`Hand this link to ${invitation?.person.name ?? ''}`}
        name="Sign-in link"
        value={invitation?.link ?? null}
        close={() => show(null)}
      >
        It is shown this once and kept nowhere. It signs in whoever opens it, once, within{' '}
        {invitation?.validHours} hours: give it to nobody else.
      </ShownOnce>
    </>
  )
}

function kindOf(filters: Readonly<Record<string, string>>): Kind {
  const found = (Object.keys(KINDS) as Kind[]).find((kind) =>
    Object.entries(KINDS[kind].query).some(([name, value]) => filters[name] === value),
  )
  return found ?? 'everybody'
}

type Counts = PeopleAnswer['counts'] | undefined

function Said({ counts }: { counts: Counts }) {
  const words = useWords()
  if (counts === undefined) return 'Who gets in, and as what'
  const all = counts.admin + counts.operator + counts.viewer
  return all === 0 ? 'Nobody was invited yet' : words.many(all, 'person gets in', 'people get in')
}

function Roles({ counts }: { counts: Counts }) {
  const words = useWords()
  const roles = (['admin', 'operator', 'viewer'] as const).filter((role) => (counts?.[role] ?? 0) > 0)
  const { neverSignedIn = 0 } = counts ?? {}
  return (
    <>
      {roles.map((role, at) => (
        <span key={role}>
          {at > 0 && (at === roles.length - 1 ? ' and ' : ', ')}
          <Link href={withQuery('/app/people', { role })}>
            {words.many(counts?.[role] ?? 0, ROLES[role].word.toLowerCase())}
          </Link>
        </span>
      ))}
      {roles.length > 0 && '. '}
      {neverSignedIn > 0 && (
        <>
          <Link href="/app/people?signedIn=never">{words.count(neverSignedIn)}</Link> never signed in.{' '}
        </>
      )}
      Who is signed in now stands under <Link href="/app/sessions?of=everyone">sessions</Link>.
    </>
  )
}

const WHO: Column<PersonAnswer> = {
  key: 'name',
  title: 'Name',
  phone: 'first',
  width: '34%',
  cell: (one) => (
    <>
      <span className="strong">{one.name}</span>
      <div className="note" style={WRAPS}>
        {one.email}
      </div>
    </>
  ),
}

const WRAPS = { overflowWrap: 'anywhere' } as const

function present(
  me: string | null,
  linked: (invitation: InvitationAnswer) => void,
): readonly Column<PersonAnswer>[] {
  return [
    {
      ...WHO,
      cell: (one) => (
        <>
          {WHO.cell(one)}
          {one.id === me && <div className="note">You</div>}
        </>
      ),
    },
    {
      key: 'role',
      title: 'Role',
      cell: ({ role, origin }) => (
        <>
          {ROLES[role].word}
          {origin === 'group' && <div className="note">as the sign-in service says</div>}
        </>
      ),
    },
    {
      key: 'last',
      title: 'Last signed in',
      cell: ({ lastSignInAt }) =>
        lastSignInAt === null ? (
          'never signed in'
        ) : (
          <>
            <span className="onPhone">signed in </span>
            <When at={lastSignInAt} />
          </>
        ),
    },
    {
      key: 'added',
      title: 'Added',
      phone: 'never',
      cell: ({ createdAt, createdBy }) => (
        <>
          <When at={createdAt} />
          <div className="note">by {whoWords(createdBy)}</div>
        </>
      ),
    },
    {
      key: 'menu',
      title: <span className="unseen">What to do</span>,
      phone: 'first',
      figure: true,
      cell: (person) => <PersonMenu person={person} me={person.id === me} linked={linked} />,
    },
  ]
}

function removed(invite: (wanted: Invitee) => void): readonly Column<PersonAnswer>[] {
  return [
    WHO,
    { key: 'role', title: 'Was', cell: ({ role }) => ROLES[role].word },
    {
      key: 'removed',
      title: 'Removed',
      cell: ({ removedAt }) => removedAt !== null && <When at={removedAt} />,
    },
    {
      key: 'again',
      title: <span className="unseen">What to do</span>,
      figure: true,
      cell: ({ email, name, role }) => (
        <Button
          variant="default"
          size="xs"
          aria-label={`Invite again: ${name}`}
          onClick={() => invite({ email, name, role })}
        >
          Invite again
        </Button>
      ),
    },
  ]
}
