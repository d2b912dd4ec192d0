/** Which days, action and channel the funnel is of. */
import { Select, TextInput } from '@mantine/core'
import type { FunnelAnswer } from '../../../server/api/funnel.ts'
import { useFrame } from '../../api/frame.ts'
import { useFilters } from '../../api/query-string.ts'
import { CHANNEL_ORDER, CHANNELS } from '../../words/states.ts'
import style from './actions.module.css'

const SPANS = [
  { value: 'period', label: 'This period' },
  { value: '30', label: 'Last 30 days' },
  { value: '90', label: 'Last 90 days' },
  { value: '365', label: 'Last 365 days' },
  { value: 'own', label: 'From … to …' },
]

export function FunnelFilters({ funnel }: { funnel: FunnelAnswer }) {
  const { actions } = useFrame()
  const [filters, setFilters] = useFilters()
  const span = spanOf(filters)
  return (
    <div className={style.filters}>
      <Select
        aria-label="Days"
        w={150}
        allowDeselect={false}
        data={SPANS}
        value={span}
        onChange={(wanted) => {
          if (wanted === 'period') setFilters({ from: null, to: null })
          else if (wanted === 'own') setFilters({ from: funnel.from, to: funnel.to })
          else setFilters({ from: daysAgo(Number(wanted)), to: null })
        }}
      />
      {span === 'own' && (
        <>
          <TextInput
            type="date"
            aria-label="From"
            value={funnel.from}
            onChange={(event) => setDay(event.currentTarget.value, (from) => setFilters({ from }))}
          />
          <TextInput
            type="date"
            aria-label="To, not included"
            value={funnel.to}
            onChange={(event) => setDay(event.currentTarget.value, (to) => setFilters({ to }))}
          />
        </>
      )}
      <Select
        aria-label="Action"
        placeholder="Every action"
        w={230}
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
    </div>
  )
}

function spanOf({ from, to }: Readonly<Record<string, string>>): string {
  if (from === undefined && to === undefined) return 'period'
  if (to !== undefined) return 'own'
  return SPANS.find(({ value }) => /^\d+$/.test(value) && daysAgo(Number(value)) === from)?.value ?? 'own'
}

const daysAgo = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10)

/** While a date is typed it is none. */
function setDay(typed: string, set: (day: string) => void): void {
  if (/^2\d{3}-\d\d-\d\d$/.test(typed)) set(typed)
}
