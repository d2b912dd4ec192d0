/** Every version: how good it is, where it is in charge and was before; each can be shown, or set beside the one shown. */
import { Link } from 'wouter'
import { useWords } from '../../api/frame.ts'
import { withQuery } from '../../api/query-string.ts'
import { actorName } from '../../../contracts/actor.ts'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { Section } from '../../parts/section.tsx'
import { modelName, ORIGINS, withInterval, type ModelLine } from '../../words/models.ts'

export function Versions({ models, shown }: { models: readonly ModelLine[]; shown: string }) {
  const columns: readonly Column<ModelLine>[] = [
    {
      key: 'name',
      title: 'Model',
      phone: 'first',
      cell: (one) => (
        <>
          <Link
            href={withQuery('/app/model', { model: one.hash })}
            className="strong"
            {...(one.hash === shown ? { 'aria-current': 'true' as const } : {})}
          >
            {modelName(one)}
          </Link>
          <div className="note">{ORIGINS[one.origin]}</div>
        </>
      ),
    },
    {
      key: 'auc',
      title: 'How well it ranks (AUC)',
      phone: 'first',
      figure: true,
      cell: ({ auc }) => (auc === null ? 'not measured' : withInterval(auc)),
    },
    {
      key: 'trained',
      title: 'Trained',
      cell: ({ trainedOn }) => <span className="second">{trainedOn}</span>,
    },
    { key: 'serves', title: 'In charge of', cell: (one) => <Serving model={one} /> },
    {
      key: 'compare',
      title: <span className="unseen">Compare</span>,
      cell: ({ hash }) =>
        hash === shown ? (
          <span className="second nowrap">Shown here</span>
        ) : (
          <Link className="nowrap" href={withQuery('/app/model', { model: shown, with: hash })}>
            Compare
          </Link>
        ),
    },
  ]
  return (
    <Section title="All versions">
      <DataTable
        file="model-versions"
        caption="Models, those in charge first, then the newest"
        columns={columns}
        rows={models}
        id={({ hash }) => hash}
      />
    </Section>
  )
}

function Serving({ model: { serves, served } }: { model: ModelLine }) {
  const words = useWords()
  return (
    <>
      {serves.map(({ connection, connectionName, since, by }) => (
        <div key={connection}>
          {connectionName}
          <div className="note">
            since {words.day(new Date(since))}, {by === null ? 'chosen by Holdfast' : `by ${actorName(by)}`}
          </div>
        </div>
      ))}
      {served.map(({ connection, connectionName, since, until }) => (
        <div key={`${connection} ${since}`} className="note">
          {connectionName}, {words.day(new Date(since))}
          {until !== null && ` to ${words.day(new Date(until))}`}
        </div>
      ))}
    </>
  )
}
