/** API keys: which programs get in, what they may, when they last did. */
import { Button, Code, Select } from '@mantine/core'
import { useState } from 'react'
import type { ApiKeyAnswer, ApiKeysAnswer } from '../../server/api/api-keys.ts'
import { useWords } from '../api/frame.ts'
import { useList, useSend } from '../api/queries.ts'
import { useFilters, withQuery } from '../api/query-string.ts'
import { Confirm } from '../parts/confirm.tsx'
import { CsvLink } from '../parts/csv-link.tsx'
import { ListTable, type Column } from '../parts/data-table.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { ShownOnce } from '../parts/shown-once.tsx'
import { Tools } from '../parts/tools.tsx'
import { When } from '../parts/when.tsx'
import { whoWords } from '../words/holders.ts'
import { KeyForm, type MadeKey } from './keys/key-form.tsx'
import { SCOPES } from './keys/scopes.ts'

type Status = 'active' | 'revoked'

export function KeysPage() {
  const words = useWords()
  const [filters, setFilters] = useFilters()
  const status: Status = filters['status'] === 'revoked' ? 'revoked' : 'active'
  const list = useList<ApiKeyAnswer, ApiKeysAnswer>(withQuery('/v1/api-keys', { status }))
  const [making, make] = useState(false)
  const [made, show] = useState<MadeKey | null>(null)
  const counts = list.first?.counts
  // Where nothing is listed yet, the one button that starts it stands there.
  const startsBelow = status === 'active' && list.items?.length === 0
  const button = <Button onClick={() => make(true)}>Make a key</Button>
  return (
    <>
      <PageHead
        title={
          counts === undefined
            ? 'Which programs get in'
            : counts.active === 0
              ? 'No program has a key'
              : words.many(counts.active, 'key opens the API', 'keys open the API')
        }
        actions={startsBelow ? undefined : button}
      >
        Programs such as a warehouse or a workflow tool show one with each request. What they can ask for is
        described under <a href="/docs">API</a>.
      </PageHead>
      <Tools end={<CsvLink path="/v1/api-keys" filters={{ status }} />}>
        <Select
          aria-label="Which keys are listed"
          w={180}
          allowDeselect={false}
          data={[
            { value: 'active', label: 'In use' },
            { value: 'revoked', label: 'Revoked' },
          ]}
          value={status}
          onChange={(value) => setFilters({ status: value === 'revoked' ? value : null })}
        />
      </Tools>
      <ListTable
        caption={status === 'active' ? 'Keys in use, newest first' : 'Revoked keys, newest first'}
        columns={status === 'active' ? [...COLUMNS, REVOKE] : [...COLUMNS, REVOKED]}
        list={list}
        id={({ id }) => id}
        empty={
          status === 'active'
            ? {
                title: 'What will be here',
                text: 'Each key with what it may, who made it and when it was last used.',
                action: button,
              }
            : { title: 'No key was revoked yet' }
        }
      />
      {making && <KeyForm close={() => make(false)} made={show} />}
      <ShownOnce
        title={`The key of ${made?.name ?? ''}`}
        name="Key"
        value={made?.key ?? null}
        close={() => show(null)}
      >
        Copy it now: it is shown this once, and only its hash is kept. A program sends it along as{' '}
        <Code>Authorization: Bearer {made?.prefix}…</Code>
      </ShownOnce>
    </>
  )
}

const COLUMNS: readonly Column<ApiKeyAnswer>[] = [
  {
    key: 'name',
    title: 'What uses it',
    phone: 'first',
    width: '26%',
    cell: ({ name, prefix }) => (
      <>
        <span className="strong">{name}</span>
        <div className="note">
          begins with <span style={MONO}>{prefix}</span>
        </div>
      </>
    ),
  },
  {
    key: 'scopes',
    title: 'May',
    width: '26%',
    cell: ({ scopes }) => scopes.map((scope) => SCOPES[scope].word).join(', '),
  },
  {
    key: 'used',
    title: 'Last used',
    cell: ({ lastUsedAt }) => (
      <span>
        <span className="onPhone">used </span>
        {lastUsedAt === null ? 'never yet' : <When at={lastUsedAt} />}
      </span>
    ),
  },
  {
    key: 'made',
    title: 'Made',
    phone: 'never',
    cell: ({ createdAt, createdBy }) => (
      <>
        <When at={createdAt} />
        <div className="note">by {whoWords(createdBy)}</div>
      </>
    ),
  },
]

const MONO = { fontFamily: 'ui-monospace, monospace' } as const

const REVOKED: Column<ApiKeyAnswer> = {
  key: 'revoked',
  title: 'Revoked',
  cell: ({ revokedAt }) => revokedAt !== null && <When at={revokedAt} />,
}

const REVOKE: Column<ApiKeyAnswer> = {
  key: 'revoke',
  title: <span className="unseen">What to do</span>,
  phone: 'first',
  figure: true,
  cell: (key) => <Revoke apiKey={key} />,
}

function Revoke({ apiKey: { id, name, lastUsedAt } }: { apiKey: ApiKeyAnswer }) {
  const { send, busy } = useSend(() => ({ path: `/v1/api-keys/${id}`, method: 'DELETE' }), {
    done: `The key of ${name} opens nothing any more.`,
  })
  return (
    <Confirm
      label="Revoke"
      about={`Revoke the key of ${name}`}
      grave
      busy={busy}
      button={{ size: 'xs' }}
      confirm={() => send(undefined)}
    >
      {name} is refused from now on, and there is no way back: it needs another key.{' '}
      {lastUsedAt === null ? (
        'This one was never used.'
      ) : (
        <>
          It was last used <When at={lastUsedAt} />.
        </>
      )}
    </Confirm>
  )
}
