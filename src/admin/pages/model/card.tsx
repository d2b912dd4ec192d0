/** The card of a model: what it is for, what it cannot do, what it was made of. */
import { Link } from 'wouter'
import { useWords } from '../../api/frame.ts'
import { actorName } from '../../../contracts/actor.ts'
import { Columns, Section } from '../../parts/section.tsx'
import { ORIGINS, withInterval } from '../../words/models.ts'
import type { ModelAnswer } from '../../../server/api/model-shapes.ts'
import training from '../training/training.module.css'
import style from './model.module.css'

export function Card({ model }: { model: ModelAnswer }) {
  return (
    <Columns>
      <Section title="What it is for, and what it cannot do">
        <div className={style.card}>
          {model.summary !== null && <p>{model.summary}</p>}
          {model.intendedUse !== null && <p>{model.intendedUse}</p>}
          {model.limits.length > 0 && (
            <ul className="second">
              {model.limits.map((limit) => (
                <li key={limit}>{limit}</li>
              ))}
            </ul>
          )}
        </div>
      </Section>
      <Section title="What it was made of">
        <Facts model={model} />
      </Section>
    </Columns>
  )
}

function Facts({ model }: { model: ModelAnswer }) {
  const words = useWords()
  const { kind, trees, why, belowFloor, createdAt, createdBy, logLoss, customers, churned } = model
  const rows = [
    ['From', ORIGINS[model.origin] + (model.label === null ? '' : `: ${model.label}`)],
    ['Data', model.dataOrigin ?? model.source],
    ['Customers', customers === null ? null : words.count(customers)],
    ['Of whom left', churned === null ? null : words.count(churned)],
    [
      'Kind',
      kind === null
        ? null
        : kind === 'trees'
          ? `${words.many(trees ?? 0, 'tree')}, boosted`
          : 'logistic regression',
    ],
    ['Why this kind', why],
    ['Few customers', belowFloor],
    ['Log loss', logLoss === null ? null : withInterval(logLoss)],
    [
      'Made',
      createdAt === null
        ? 'came with Holdfast'
        : `${words.exact(new Date(createdAt))}${createdBy === null ? '' : ` by ${actorName(createdBy)}`}`,
    ],
    ['Checksum', model.hash.slice(0, 16)],
  ] as const
  return (
    <dl className={training.facts}>
      {rows.map(([label, value]) =>
        value === null ? null : (
          <div key={label} style={{ display: 'contents' }}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
      {model.training !== null && (
        <>
          <dt>Training</dt>
          <dd>
            <Link href={`/app/training/${model.training}`}>How it was trained</Link>
          </dd>
        </>
      )}
    </dl>
  )
}
