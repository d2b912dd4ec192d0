/** The kinds that a list is narrowed to, and what can be had of all that it shows. */
import { Button } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { GROUPS, LEVELS, NONE, STATUSES } from '../../../contracts/customer-terms.ts'
import type { ConnectionAnswer } from '../../../server/api/connections.ts'
import type { CustomerViewAnswer, CustomerViewsAnswer } from '../../../server/api/customer-views.ts'
import { useFrame, useWords } from '../../api/frame.ts'
import { useSend } from '../../api/queries.ts'
import { withQuery } from '../../api/query-string.ts'
import { LEVEL_MARKS } from '../../parts/level-mark.tsx'
import { ColumnsMenu } from './columns-menu.tsx'
import { FacetFilter, type FacetName } from './facet-filter.tsx'
import type { CustomerQuery } from './query.ts'
import { SaveView } from './view-dialogs.tsx'
import { ViewMenu } from './views.tsx'
import { GROUP_WORDS, STATUS_WORDS } from './words.ts'
import style from './customers.module.css'

export function Facets({
  query: { filter, set },
  connections = [],
}: {
  query: CustomerQuery
  connections: readonly ConnectionAnswer[] | undefined
}) {
  const words = useWords()
  const { actions } = useFrame()
  const facet = (name: FacetName) => ({
    name,
    filter,
    set: (value: string | null) => set({ [name]: value }),
  })
  return (
    <>
      <FacetFilter
        {...facet('level')}
        label="Level"
        always={[...LEVELS, NONE]}
        wordOf={(value) => wordIn(LEVEL_NAMES, value)}
      />
      <FacetFilter
        {...facet('action')}
        label="Suggested"
        always={actions.map(({ key }) => key)}
        wordOf={(value) => (value === NONE ? 'Nothing decided yet' : words.action(value))}
      />
      <FacetFilter
        {...facet('responsible')}
        label="Responsible"
        wordOf={(value, name) => (value === NONE ? 'Nobody' : (name ?? value))}
      />
      <FacetFilter
        {...facet('group')}
        label="Group"
        always={GROUPS}
        wordOf={(value) => wordIn(GROUP_WORDS, value)}
      />
      {connections.length > 1 && (
        <FacetFilter
          {...facet('connection')}
          label="Connection"
          always={connections.map(({ id }) => id)}
          wordOf={(value) => connections.find(({ id }) => id === value)?.name ?? 'One that is gone'}
        />
      )}
      <FacetFilter
        {...facet('status')}
        label="Status"
        always={STATUSES}
        standard="active"
        wordOf={(value) => wordIn(STATUS_WORDS, value)}
      />
    </>
  )
}

const LEVEL_NAMES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(LEVELS.map((level) => [level, LEVEL_MARKS[level].word])),
  [NONE]: 'Not scored',
}

const wordIn = (all: Readonly<Record<string, string>>, value: string): string => all[value] ?? value

/** What can be had of all that is shown. */
export function End({ query }: { query: CustomerQuery }) {
  return (
    <>
      <ColumnsMenu query={query} />
      <Button
        component="a"
        href={withQuery('/v1/customers.csv', query.query)}
        download
        variant="default"
        size="xs"
      >
        Export CSV
      </Button>
    </>
  )
}

/** Keeping what is shown, and what can be done with the view that is looked at. */
export function ViewTools({
  query,
  views,
}: {
  query: CustomerQuery
  views: CustomerViewsAnswer | undefined
}) {
  const [saving, save] = useDisclosure(false)
  const { view, changed } = query
  return (
    <div className={style.viewTools}>
      {changed && view?.mayChange === true && <SaveChanges view={view} query={query} />}
      {(changed || view === null) && (
        <Button variant="default" size="xs" onClick={save.open}>
          Save as a view
        </Button>
      )}
      {views !== undefined && <ViewMenu views={views} query={query} />}
      {saving && <SaveView query={query} close={save.close} />}
    </div>
  )
}

function SaveChanges({ view, query }: { view: CustomerViewAnswer; query: CustomerQuery }) {
  const { send, busy } = useSend(
    () => ({
      path: `/v1/customer-views/${view.id}`,
      method: 'PATCH',
      body: { query: query.kept, columns: query.columns },
    }),
    {
      changed: ['/v1/customer-views'],
      done: `“${view.name}” shows this from now on.`,
      after: () => query.open(view.id),
    },
  )
  return (
    <Button size="xs" loading={busy} onClick={() => send(undefined)}>
      Save changes
    </Button>
  )
}
