/** Which customers of a what-if are listed; kept in the address. */
import { useFilters } from '../../api/query-string.ts'

export interface MoverFilter {
  /** An action's key; null: any. */
  readonly from: string | null
  readonly to: string | null
  /** Also those whose action stays. */
  readonly all: boolean
}

export const MOVERS = 'movers'

export function useMoverFilter(): {
  readonly filter: MoverFilter
  set(filter: MoverFilter): void
  /** The same, and goes there. */
  show(filter: MoverFilter): void
} {
  const [filters, setFilters] = useFilters()
  const set = ({ from, to, all }: MoverFilter): void =>
    setFilters({ from, to, all: all ? 'yes' : null }, { replace: true })
  return {
    filter: {
      from: filters['from'] ?? null,
      to: filters['to'] ?? null,
      all: filters['all'] === 'yes',
    },
    set,
    show: (filter) => {
      set(filter)
      const place = document.querySelector<HTMLElement>(`#${MOVERS}`)
      place?.scrollIntoView({ block: 'start' })
      place?.focus({ preventScroll: true })
    },
  }
}
