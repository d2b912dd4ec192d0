/** How much of a connection is stored and written, each number leading to its rows where there is a list of them. */
import type { ConnectionCountsAnswer, ConnectionDetail } from '../../../server/api/connections.ts'
import { useWords } from '../../api/frame.ts'
import { useRead } from '../../api/queries.ts'
import { Figures, type Figure } from '../../parts/figures.tsx'
import { Loaded } from '../../parts/loaded.tsx'
import { BlockPending } from '../../parts/pending.tsx'
import { Section } from '../../parts/section.tsx'

export function Held({ connection: { id, sandbox, system, builtIn } }: { connection: ConnectionDetail }) {
  const words = useWords()
  const read = useRead<ConnectionCountsAnswer>(`/v1/connections/${id}/counts`)
  const where = system === 'File' ? 'file' : 'CRM'
  const figuresOf = (counts: ConnectionCountsAnswer): readonly Figure[] => {
    const { active, scored, written, failed, rehearsed, left, deleted } = counts
    return [
      {
        key: 'active',
        label: 'Customers',
        value: words.count(active),
        href: `/app/customers?connection=${id}`,
        note: left > 0 ? `${words.count(left)} records outside the population` : undefined,
      },
      {
        key: 'scored',
        label: 'Scored',
        value: words.count(scored),
        note: scored < active ? `${words.count(active - scored)} are still to be scored` : undefined,
      },
      sandbox && !builtIn && system !== 'File'
        ? {
            key: 'rehearsed',
            label: 'Would be written',
            value: words.count(rehearsed),
            note: 'A test account: nothing is written',
          }
        : {
            key: 'written',
            label: `Written to the ${where}`,
            value: words.count(written),
            note: failed > 0 ? `${words.count(failed)} could not be written` : undefined,
          },
      ...(deleted > 0
        ? [{ key: 'deleted', label: `Gone from the ${where}`, value: words.count(deleted) }]
        : []),
    ]
  }
  return (
    <Section title="What is known of it">
      <Loaded read={read} pending={<BlockPending height={58} />}>
        {(counts) => <Figures figures={figuresOf(counts)} />}
      </Loaded>
    </Section>
  )
}
