/** The audit log: who did what, and when; everything that changes how people are treated stands here. */
import { Select, TextInput } from '@mantine/core'
import type { AuditEntryAnswer } from '../../server/api/audit.ts'
import type { PersonAnswer } from '../../server/api/people.ts'
import { useWords } from '../api/frame.ts'
import { useList, useRead } from '../api/queries.ts'
import { useFilters, withQuery, type Filters } from '../api/query-string.ts'
import { CsvLink } from '../parts/csv-link.tsx'
import { ListTable, type Column } from '../parts/data-table.tsx'
import { FilterRow } from '../parts/filter-row.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { When } from '../parts/when.tsx'
import { actorWord } from '../words/actors.ts'
import { AUDIT_KINDS, didWhat } from '../words/audit.ts'
import style from './audit.module.css'

const NONE = { actor: null, action: null, from: null, until: null }

export function AuditPage() {
  const words = useWords()
  const [filters, setFilters] = useFilters()
  const asked = askedFor(filters)
  const list = useList<AuditEntryAnswer>(withQuery('/v1/audit', { ...asked, limit: 50 }))
  const people = useRead<{ readonly items: readonly PersonAnswer[] }>('/v1/people?limit=200')
  const filtered = Object.keys(asked).length > 0
  const columns: readonly Column<AuditEntryAnswer>[] = [
    {
      key: 'what',
      title: 'What',
      phone: 'first',
      cell: ({ actor, action, object, objectName }) => (
        <>
          <button type="button" className={style.who} onClick={() => setFilters({ actor })}>
            {actorWord(actor)}
          </button>{' '}
          {didWhat(action, objectName ?? object)}
        </>
      ),
    },
    { key: 'when', title: 'When', width: '150px', cell: ({ at }) => <When at={at} /> },
    {
      key: 'detail',
      title: 'More',
      phone: 'never',
      width: '38%',
      cell: (entry) => <Detail entry={entry} exact={words.exact(new Date(entry.at))} />,
    },
  ]
  return (
    <>
      <PageHead title="Who did what" actions={<CsvLink path="/v1/audit" filters={asked} />}>
        Nothing here can be changed or taken away. Taking the list along is noted as well.
      </PageHead>
      <FilterRow clear={filtered ? () => setFilters(NONE) : null}>
        <Select
          label="Who"
          placeholder="Anybody"
          clearable
          searchable
          data={whoToChoose(people.data?.items ?? [], filters['actor'])}
          value={filters['actor'] ?? null}
          onChange={(actor) => setFilters({ actor })}
        />
        <Select
          label="What"
          placeholder="Anything"
          clearable
          searchable
          data={kindsToChoose(filters['action'])}
          value={filters['action'] ?? null}
          onChange={(action) => setFilters({ action })}
        />
        <TextInput
          type="date"
          label="From"
          value={filters['from'] ?? ''}
          onChange={(event) => setFilters({ from: event.currentTarget.value })}
        />
        <TextInput
          type="date"
          label="Until"
          value={filters['until'] ?? ''}
          onChange={(event) => setFilters({ until: event.currentTarget.value })}
        />
      </FilterRow>
      <ListTable
        caption="Who did what, the newest first"
        columns={columns}
        list={list}
        id={({ id }) => id}
        empty={
          filtered
            ? { title: 'Nothing like that was done', text: 'Take a filter away, or look at other days.' }
            : { title: 'Nothing was done yet', text: 'Each change and each sign-in will stand here.' }
        }
      />
    </>
  )
}

const DAY_MS = 24 * 60 * 60 * 1000

/** Days of the address as moments: a day that is named last is part of it. */
function askedFor({ actor, action, from, until }: Filters): Readonly<Record<string, string>> {
  const start = momentOf(from)
  const end = momentOf(until)
  return {
    ...(actor === undefined ? {} : { actor }),
    ...(action === undefined ? {} : { action }),
    ...(start === null ? {} : { from: start.toISOString() }),
    ...(end === null ? {} : { to: new Date(end.getTime() + DAY_MS).toISOString() }),
  }
}

function momentOf(day: string | undefined): Date | null {
  const at = new Date(`${day ?? ''}T00:00:00Z`)
  return Number.isNaN(at.getTime()) ? null : at
}

/** Whoever is chosen by the address is among them, also one who has left. */
function whoToChoose(people: readonly PersonAnswer[], chosen: string | undefined) {
  const known = [
    ...people.map(({ email, name }) => ({ value: `user:${email}`, label: name })),
    { value: 'cli', label: actorWord('cli') },
  ]
  return chosen === undefined || known.some(({ value }) => value === chosen)
    ? known
    : [...known, { value: chosen, label: actorWord(chosen) }]
}

const kindsToChoose = (chosen: string | undefined) =>
  chosen === undefined || AUDIT_KINDS.some(({ value }) => value === chosen)
    ? [...AUDIT_KINDS]
    : [...AUDIT_KINDS, { value: chosen, label: chosen }]

function Detail({ entry: { detail, requestId }, exact }: { entry: AuditEntryAnswer; exact: string }) {
  const facts = factsOf(detail)
  const short = facts.slice(0, 2).map(([name, value]) => `${name}: ${value}`)
  return (
    <details className={style.detail}>
      <summary>{short.length === 0 ? 'Exactly when' : short.join(' · ')}</summary>
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
        <div>
          <dt>at</dt>
          <dd>{exact}</dd>
        </div>
        {requestId !== null && (
          <div>
            <dt>request</dt>
            <dd>{requestId}</dd>
          </div>
        )}
      </dl>
    </details>
  )
}

/** @example factsOf({ from: 'viewer', to: 'admin' }) // [['from', 'viewer'], ['to', 'admin']] */
function factsOf(detail: unknown): readonly (readonly [string, string])[] {
  if (typeof detail !== 'object' || detail === null)
    return detail === null ? [] : [['detail', String(detail)]]
  return Object.entries(detail).map(([name, value]) => [
    name.replace(/([A-Z])/g, ' $1').toLowerCase(),
    typeof value === 'string' ? value : JSON.stringify(value),
  ])
}
