/** Alerts: who is told what happened, whether it got through, and telling it once more. */
import { Button, Select } from '@mantine/core'
import { Link } from 'wouter'
import type { AlertsAnswer } from '../../server/api/alerts.ts'
import { useMay, useWords } from '../api/frame.ts'
import { useList, useRead, useSend } from '../api/queries.ts'
import { useFilters, withQuery } from '../api/query-string.ts'
import { CsvLink } from '../parts/csv-link.tsx'
import { ListTable, type Column } from '../parts/data-table.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { When } from '../parts/when.tsx'
import { sentence } from '../words/states.ts'
import { KIND_ORDER, KINDS } from './telling/kinds.ts'
import style from './actions/actions.module.css'

type Alert = AlertsAnswer['items'][number]

const STATES: Readonly<Record<Alert['state'], string>> = {
  sent: 'Got through',
  waiting: 'On its way',
  failed: 'Did not get through',
}

export function AlertsPage() {
  const admin = useMay('admin')
  const [filters, setFilters] = useFilters()
  const list = useList<Alert>(withQuery('/v1/alerts', filters))
  const columns: readonly Column<Alert>[] = [
    {
      key: 'subject',
      title: 'What was told',
      phone: 'first',
      width: '38%',
      cell: ({ subject, kind, level }) => (
        <>
          <span className="strong">
            {level === 'urgent' && <span aria-label="urgent">▲ </span>}
            {subject}
          </span>
          <div className="note">{KINDS[kind]}</div>
        </>
      ),
    },
    {
      key: 'to',
      title: 'Whom',
      cell: ({ via, target, targetName }) =>
        via === 'webhook' ? (
          <Link href="/app/webhooks">{targetName ?? 'a webhook'}</Link>
        ) : (
          (targetName ?? target)
        ),
    },
    {
      key: 'state',
      title: 'State',
      cell: ({ state, error, attempts }) => (
        <>
          <span className={style.state} data-tone={TONES[state]}>
            {STATES[state]}
          </span>
          {error !== null && <div className="note">{sentence(error)}</div>}
          {attempts > 1 && <div className="note">{attempts} attempts</div>}
        </>
      ),
    },
    { key: 'at', title: 'When', figure: true, cell: ({ createdAt }) => <When at={createdAt} /> },
    ...(admin
      ? [
          {
            key: 'again',
            title: <span className="unseen">Tell it again</span>,
            figure: true,
            cell: (one: Alert) => (one.again ? <Again one={one} /> : ''),
          },
        ]
      : []),
  ]
  return (
    <>
      <Head />
      <div className={style.filters}>
        <Select
          aria-label="Of what"
          placeholder="Of everything"
          w={300}
          clearable
          clearButtonProps={{ 'aria-label': 'Of everything' }}
          data={KIND_ORDER.map((value) => ({ value, label: KINDS[value] }))}
          value={filters['kind'] ?? null}
          onChange={(kind) => setFilters({ kind })}
        />
        <Select
          aria-label="State"
          placeholder="Every state"
          w={190}
          clearable
          clearButtonProps={{ 'aria-label': 'Every state' }}
          data={Object.entries(STATES).map(([value, label]) => ({ value, label }))}
          value={filters['state'] ?? null}
          onChange={(state) => setFilters({ state })}
        />
        {filters['target'] !== undefined && (
          <Button variant="default" size="xs" onClick={() => setFilters({ target: null, via: null })}>
            Of one webhook: show all
          </Button>
        )}
        <span className={style.end}>
          <CsvLink path="/v1/alerts" filters={filters} />
        </span>
      </div>
      <ListTable
        caption="What was told to whom, newest first"
        columns={columns}
        list={list}
        id={({ id }) => id}
        empty={{
          title: 'Nothing was told in the last 30 days',
          text: 'When something stops by itself, somebody answers, or a week is over, whoever looks after Holdfast hears of it.',
        }}
      />
    </>
  )
}

const TONES = { sent: 'done', waiting: undefined, failed: 'bad' } as const

interface AlertSettings {
  readonly settings: { readonly alerts: { readonly email: { readonly to: readonly string[] } } }
}

function Head() {
  const words = useWords()
  const admin = useMay('admin')
  const settings = useRead<AlertSettings>('/v1/settings')
  const test = useSend<undefined, { queued: number }>(() => ({ path: '/v1/alerts/test' }), {
    done: ({ queued }) => `A test is on its way to ${words.many(queued, 'address', 'addresses')}.`,
  })
  const to = settings.data?.settings.alerts.email.to
  const nobody = to !== undefined && to.length === 0
  return (
    <PageHead
      title={
        to === undefined
          ? 'Alerts'
          : nobody
            ? 'Nobody is told by e-mail yet'
            : `${words.many(to.length, 'address is', 'addresses are')} told what happens`
      }
      actions={
        admin &&
        (nobody ? (
          <Button component={Link} href="/app/settings?section=alerts">
            Say who is told
          </Button>
        ) : (
          <Button
            variant="default"
            onClick={() => test.send(undefined)}
            loading={test.busy}
            disabled={to === undefined}
          >
            Send a test
          </Button>
        ))
      }
    >
      {nobody
        ? 'Add an address in the settings, or a webhook: then whoever looks after Holdfast hears when something stops by itself.'
        : 'What was told in the last 30 days, and whether it got through. '}
      {!nobody && <Link href="/app/settings?section=alerts">Change who is told of what</Link>}
    </PageHead>
  )
}

function Again({ one: { id, subject } }: { one: Alert }) {
  const { send, busy } = useSend(() => ({ path: `/v1/alerts/${id}/again` }), {
    done: 'It is on its way once more.',
  })
  return (
    <Button
      size="xs"
      variant="default"
      onClick={() => send(undefined)}
      loading={busy}
      aria-label={`Tell it again: ${subject}`}
    >
      Tell it again
    </Button>
  )
}
