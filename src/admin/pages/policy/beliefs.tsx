/** What is believed of each action, with where that comes from: most of it is assumed, and says so. */
import { useWords } from '../../api/frame.ts'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { Section } from '../../parts/section.tsx'
import type { PolicyAnswer } from '../../../server/api/policy.ts'

type Belief = PolicyAnswer['beliefs'][number]

export function Beliefs({ policy: { beliefs, unsolved } }: { policy: PolicyAnswer }) {
  const words = useWords()
  const columns: readonly Column<Belief>[] = [
    {
      key: 'action',
      title: 'Action',
      phone: 'first',
      cell: ({ key }) => (
        <>
          <span className="strong">{words.action(key)}</span>
          {unsolved.includes(key) && <div className="note">no value yet, so it is not chosen</div>}
        </>
      ),
    },
    {
      key: 'mean',
      title: 'Takes off the risk',
      figure: true,
      phone: 'first',
      cell: ({ mean }) => words.percent(mean),
    },
    {
      key: 'range',
      title: 'Most likely between',
      figure: true,
      // Nineteen in twenty lie within two standard deviations.
      cell: ({ mean, sd }) =>
        `${signedPercent(mean - 1.96 * sd, words.percent)} and ${signedPercent(mean + 1.96 * sd, words.percent)}`,
    },
    {
      key: 'source',
      title: 'Where that comes from',
      cell: ({ source }) => <span className="second">{upper(source)}</span>,
    },
  ]
  return (
    <Section title="What is believed of each action">
      <p className="second">
        How much of the monthly risk an action takes off, before anybody measured it on your customers. The
        holdout will tell; until then the spread says how unsure it is.
      </p>
      <DataTable
        file="beliefs"
        caption="What is believed of each action"
        columns={columns}
        rows={beliefs}
        id={({ key }) => key}
      />
    </Section>
  )
}

const signedPercent = (share: number, percent: (share: number) => string): string =>
  share < 0 ? `−${percent(-share)}` : percent(share)

const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
