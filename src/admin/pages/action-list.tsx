/** Actions one by one, under the filters of the address: the rows behind every count. One opens beside the list. */
import { MultiSelect, Select } from '@mantine/core'
import { Link } from 'wouter'
import type { InterventionLineAnswer } from '../../server/api/interventions.ts'
import { useFrame, useWords } from '../api/frame.ts'
import { useList } from '../api/queries.ts'
import { useFilters, withQuery } from '../api/query-string.ts'
import { Back } from '../parts/back.tsx'
import { CsvLink } from '../parts/csv-link.tsx'
import { ListTable, type Column } from '../parts/data-table.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { When } from '../parts/when.tsx'
import { CHANNEL_ORDER, CHANNELS, sentence, STATE_ORDER, STATES, type ActionState } from '../words/states.ts'
import { MoreFilters } from './actions/more-filters.tsx'
import { OneAction } from './actions/one-action.tsx'
import { StateMark } from './actions/state-mark.tsx'
import style from './actions/actions.module.css'

export function ActionListPage() {
  const words = useWords()
  const { actions } = useFrame()
  const [{ open, ...filters }, setFilters] = useFilters()
  const list = useList<InterventionLineAnswer>(withQuery('/v1/interventions', filters))
  const states = (filters['state'] ?? '').split(',').filter((one): one is ActionState => one in STATES)
  const columns: readonly Column<InterventionLineAnswer>[] = [
    {
      key: 'action',
      title: 'Action',
      phone: 'first',
      cell: (one) => (
        <button type="button" className={`${style.row} nowrap`} onClick={() => setFilters({ open: one.id })}>
          {words.action(one.actionKey)}
          <span className="unseen"> for {one.customerName ?? `customer ${one.customer}`}</span>
        </button>
      ),
    },
    {
      key: 'customer',
      title: 'Customer',
      cell: (one) => (
        <Link href={`/app/customers/${one.customer}`}>{one.customerName ?? `Customer ${one.customer}`}</Link>
      ),
    },
    { key: 'channel', title: 'By', phone: 'never', cell: ({ channel }) => CHANNELS[channel] },
    {
      key: 'state',
      title: 'State',
      phone: 'first',
      cell: (one) => <StateMark {...one} />,
    },
    {
      key: 'why',
      title: 'Because',
      phone: 'never',
      width: '34%',
      cell: ({ reason }) => reason !== null && <span className={style.reason}>{sentence(reason)}</span>,
    },
    {
      key: 'cost',
      title: 'Cost',
      figure: true,
      cell: (one) => words.money(one.actualCostMinor ?? one.plannedCostMinor, one.currency),
    },
    {
      key: 'moved',
      title: 'Last moved',
      figure: true,
      cell: (one) => <When at={one.updatedAt} />,
    },
  ]
  return (
    <>
      <PageHead
        above={<Back href="/app/actions">Actions</Back>}
        title={
          states.length === 1
            ? `Actions: ${STATES[states[0]].word.toLowerCase()}`
            : filters['unseen'] === 'true'
              ? 'Actions that failed'
              : 'Actions one by one'
        }
      >
        {states.length === 1
          ? STATES[states[0]].about
          : 'Each action once, with what it says and what became of it.'}
      </PageHead>
      <div className={style.filters}>
        <MultiSelect
          aria-label="State"
          placeholder={states.length === 0 ? 'Every state' : ''}
          w={states.length > 1 ? 360 : 230}
          clearable
          clearButtonProps={{ 'aria-label': 'Every state' }}
          data={STATE_ORDER.map((value) => ({ value, label: STATES[value].word }))}
          value={states}
          onChange={(wanted) => setFilters({ state: wanted.join(',') || null, reason: null })}
        />
        <Select
          aria-label="Action"
          placeholder="Every action"
          w={220}
          clearable
          clearButtonProps={{ 'aria-label': 'Every action' }}
          data={actions
            .filter(({ channel }) => channel !== 'none')
            .map(({ key, name }) => ({ value: key, label: name }))}
          value={filters['action'] ?? null}
          onChange={(action) => setFilters({ action })}
        />
        <Select
          aria-label="Channel"
          placeholder="Every channel"
          w={160}
          clearable
          clearButtonProps={{ 'aria-label': 'Every channel' }}
          data={CHANNEL_ORDER.map((value) => ({ value, label: CHANNELS[value] }))}
          value={filters['channel'] ?? null}
          onChange={(channel) => setFilters({ channel })}
        />
        <span className={style.end}>
          <CsvLink path="/v1/interventions" filters={filters} />
        </span>
      </div>
      <MoreFilters filters={filters} setFilters={setFilters} />
      <ListTable
        caption="Actions, those that moved last first"
        columns={columns}
        list={list}
        id={({ id }) => id}
        empty={{
          title: 'No action is like that',
          text: 'What is worth doing appears here, with what would be sent. Take a filter away to see others.',
        }}
      />
      <OneAction id={open ?? null} close={() => setFilters({ open: null })} />
    </>
  )
}
