/** Approvals: what waits for a person's yes, with what one needs to know to answer, one by one or many at once. */
import { Button, Select, Switch } from '@mantine/core'
import { useCallback, useMemo, useRef, useState, type ReactNode } from 'react'
import type { ApprovalsAnswer } from '../../server/api/approvals.ts'
import { useMay, useWords } from '../api/frame.ts'
import { useList } from '../api/queries.ts'
import { useFilters, withQuery } from '../api/query-string.ts'
import { CsvLink } from '../parts/csv-link.tsx'
import { Empty } from '../parts/empty.tsx'
import { Failure } from '../parts/loaded.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { RowsPending } from '../parts/pending.tsx'
import { useAnswering, type Approval } from './approvals/answering.ts'
import { ApprovalDetail } from './approvals/detail.tsx'
import { useLooking } from './approvals/here.ts'
import { Inbox } from './approvals/inbox.tsx'
import { Chosen } from './approvals/chosen.tsx'
import { NotAnswered } from './approvals/not-answered.tsx'
import { Shortcuts, useShortcuts } from './approvals/shortcuts.tsx'
import style from './approvals/approvals.module.css'

export function ApprovalsPage() {
  const [{ open, ...filters }, setFilters] = useFilters()
  const list = useList<Approval, ApprovalsAnswer>(withQuery('/v1/approvals', filters))
  const { items, first, error, changing, retry } = list
  if (items === undefined || first === undefined)
    return (
      <>
        <PageHead title="Approvals" />
        {error === null ? <RowsPending rows={9} height={58} /> : <Failure error={error} retry={retry} />}
      </>
    )
  const filtered = ['mine', 'action', 'connection', 'customer'].some((name) => filters[name] !== undefined)
  return (
    <>
      <Head counts={first.counts} you={first.you} />
      {(first.counts.open > 0 || filtered) && (
        <Filters first={first} filters={filters} setFilters={setFilters} />
      )}
      <Waiting
        list={list}
        items={items}
        open={open ?? null}
        filters={withQuery('', filters)}
        show={(id) => setFilters({ open: id }, { replace: open !== undefined && id !== null })}
      >
        {items.length === 0 && !changing && (
          <Nothing filtered={filtered} clear={() => setFilters(NO_FILTERS)} />
        )}
      </Waiting>
    </>
  )
}

const NO_FILTERS = { mine: null, action: null, connection: null, customer: null }

function Head({ counts, you }: Pick<ApprovalsAnswer, 'counts' | 'you'>) {
  const words = useWords()
  const may = useMay('operator')
  const { open, mine } = counts
  const title =
    open === 0
      ? 'Nothing waits for an answer'
      : `${words.many(open, 'action waits', 'actions wait')} for an answer`
  return (
    <PageHead title={title}>
      {open === 0
        ? 'What a person has to approve comes here, and to whoever is responsible for the customer.'
        : `${
            mine === null || mine === 0 || you === null
              ? ''
              : `${words.count(mine)} ${mine === 1 ? 'is' : 'are'} of customers of yours. `
          }Nothing of it goes out before a yes, and what nobody answers in time never does.`}
      {!may && open > 0 && ' Operators and admins answer; you may look.'}
    </PageHead>
  )
}

function Filters({
  first,
  filters,
  setFilters,
}: {
  first: ApprovalsAnswer
  filters: Readonly<Record<string, string>>
  setFilters: ReturnType<typeof useFilters>[1]
}) {
  const words = useWords()
  const { counts, you } = first
  return (
    <div className={style.filters}>
      <Select
        aria-label="Order"
        w={210}
        allowDeselect={false}
        data={[
          { value: 'value', label: 'Most value at risk first' },
          { value: 'worth', label: 'Promises most first' },
          { value: 'expiry', label: 'Ends first' },
        ]}
        value={filters['sort'] ?? 'value'}
        onChange={(sort) => setFilters({ sort: sort === 'value' ? null : sort, open: null })}
      />
      <Select
        aria-label="Action"
        placeholder="Every action"
        w={260}
        clearable
        clearButtonProps={{ 'aria-label': 'Every action' }}
        data={counts.actions.map(({ actionKey, open }) => ({
          value: actionKey,
          label: `${words.action(actionKey)} (${words.count(open)})`,
        }))}
        value={filters['action'] ?? null}
        onChange={(action) => setFilters({ action, open: null })}
      />
      {you !== null && (
        <Switch
          label="Customers of mine"
          checked={filters['mine'] === 'true'}
          onChange={(event) => setFilters({ mine: event.currentTarget.checked ? 'true' : null, open: null })}
        />
      )}
      <span className={style.end}>
        <CsvLink path="/v1/approvals" filters={filters} />
      </span>
    </div>
  )
}

function Nothing({ filtered, clear }: { filtered: boolean; clear: () => void }) {
  if (filtered)
    return (
      <Empty
        title="Nothing like that waits"
        action={
          <Button variant="default" onClick={clear}>
            Take the filters away
          </Button>
        }
      />
    )
  return (
    <Empty
      title="You are done"
      action={
        <Button component="a" href="/app/sending" variant="default">
          See which actions are approved by a person
        </Button>
      }
    >
      Calls and discounts wait here for a yes unless the settings say otherwise; so do e-mails while nobody
      could hear the answers to them.
    </Empty>
  )
}

/** What waits, and what came of the last answers: that stays when nothing waits any more. */
function Waiting({
  list,
  items,
  open,
  filters,
  show,
  children,
}: {
  /** Said in place of the inbox. */
  children: ReactNode
  list: Parameters<typeof Inbox>[0]['list']
  items: readonly Approval[]
  /** Of the address; null: none was chosen, so a wide screen shows the first. */
  open: string | null
  filters: string
  show: (id: string | null) => void
}) {
  const may = useMay('operator')
  const place = useRef<HTMLDivElement>(null)
  const [chosen, choose] = useState<ReadonlySet<string>>(NONE)
  const { id, found, hold } = useLooking(items, { open, filters, changing: list.changing })
  const picked = useMemo(() => items.filter(({ id }) => chosen.has(id)), [items, chosen])
  const goOn = useCallback(
    (gone: ReadonlySet<string>) => {
      const at = Math.max(
        items.findIndex((one) => one.id === id),
        0,
      )
      const next = [...items.slice(at), ...items.slice(0, at).toReversed()].find((one) => !gone.has(one.id))
      choose((now) => new Set([...now].filter((one) => !gone.has(one))))
      // On a phone one goes back to the list instead.
      if (open === null) hold(next?.id ?? null)
      else show(next?.id ?? null)
      place.current?.focus({ preventScroll: true })
    },
    [items, id, open, show, hold],
  )
  const answering = useAnswering(goOn)
  // What is just being answered stands there until it is known what became of it.
  const [last, remember] = useState(found)
  if (found !== undefined && found !== last) remember(found)
  const here = found ?? (answering.busy && last?.id === id ? last : undefined)
  const toggle = (id: string) =>
    choose((now) => new Set(now.has(id) ? [...now].filter((one) => one !== id) : [...now, id]))
  const shortcuts = useShortcuts({ place, items, here, may, show, toggle, answering })
  return (
    <div ref={place} tabIndex={-1} className={style.place}>
      <NotAnswered answering={answering} />
      {picked.length > 0 && (
        <Chosen picked={picked} all={items} choose={(ids) => choose(new Set(ids))} answering={answering} />
      )}
      {children}
      {(items.length > 0 || here !== undefined) && (
        <div className={style.split} data-open={open === null ? 'no' : 'yes'}>
          <Inbox list={list} items={items} here={id} chosen={chosen} toggle={may ? toggle : null} />
          {here === undefined ? (
            <Gone
              further={list.more}
              goOn={() => {
                hold(null)
                show(null)
              }}
            />
          ) : (
            <ApprovalDetail key={here.id} approval={here} answering={answering} back={() => show(null)} />
          )}
        </div>
      )}
      {may && here !== undefined && <Shortcuts {...shortcuts} />}
    </div>
  )
}

/** Never another one in its place: an answer that was meant for it must not reach somebody else. */
function Gone({ further, goOn }: { further: boolean; goOn: () => void }) {
  return (
    <article className={style.detail} aria-label="Not among those that wait">
      <Empty
        title={further ? 'This one is not among those shown' : 'This was answered meanwhile'}
        action={<Button onClick={goOn}>Go on with the first</Button>}
      >
        {further
          ? 'It was answered meanwhile, or it stands further down in the list.'
          : 'It does not wait any more: somebody answered it, or its time ended.'}
      </Empty>
    </article>
  )
}

const NONE: ReadonlySet<string> = new Set()
