/** What is held of somebody, by place, and what can be done about it. */
import { Link } from 'wouter'
import type { ErasureAnswer, PeopleDataAnswer } from '../../../server/api/people-data.ts'
import { useWords } from '../../api/frame.ts'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { Notice } from '../../parts/notice.tsx'
import { Section } from '../../parts/section.tsx'
import { When } from '../../parts/when.tsx'
import { Erase } from './erase.tsx'
import { GiveOut } from './give-out.tsx'
import { BECOMES, sumsOf, type Held, type Wanted } from './words.ts'
import style from './privacy.module.css'

export interface FoundProps {
  readonly wanted: Wanted
  readonly answer: PeopleDataAnswer
  /** Looks for the same person again. */
  again(): void
  erased(erasure: ErasureAnswer): void
}

export function Found({ wanted, answer, again, erased }: FoundProps) {
  const words = useWords()
  const { records, held, erasures } = answer
  const sums = sumsOf(held)
  const rows = sums.deleted + sums.forgotten + sums.stays
  const keptOut = erasures.find(({ readmittedAt }) => readmittedAt === null)
  return (
    <Section
      title={
        rows === 0
          ? `Nothing is held of ${wanted.said}`
          : `${words.many(rows, 'row')} about ${wanted.said}, in ${words.many(held.length, 'place')}`
      }
    >
      {keptOut !== undefined && (
        <Notice
          tone="info"
          title={
            <>
              They were erased <When at={keptOut.askedAt} /> and are kept out
            </>
          }
        >
          {keptOut.seenAgainAt !== null && (
            <>
              A CRM or file handed them over again <When at={keptOut.seenAgainAt} />: delete them there.
            </>
          )}
        </Notice>
      )}
      {records.length === 0 ? (
        <p className="second">
          {rows === 0
            ? 'No customer, no contact and no message is known by this.'
            : 'No customer and no contact is known by this; what is held names the address itself.'}
        </p>
      ) : (
        <Records records={records} />
      )}
      {held.length > 0 && (
        <DataTable
          caption={`What is held of ${wanted.said}, by place`}
          columns={COLUMNS}
          rows={held}
          id={({ place }) => place}
        />
      )}
      <div className={style.buttons}>
        {rows > 0 && <GiveOut wanted={wanted} />}
        {(keptOut === undefined || sums.deleted + sums.forgotten > 0) && (
          <Erase wanted={wanted} answer={answer} again={again} erased={erased} />
        )}
      </div>
    </Section>
  )
}

function Records({ records }: { records: PeopleDataAnswer['records'] }) {
  return (
    <ul className={style.records} aria-label="Their records">
      {records.map(({ connection, connectionName, object, id, kind, name, customers }) => (
        <li key={`${connection} ${object} ${id}`}>
          {kind === 'customer' && customers.length === 1 ? (
            <Link href={`/app/customers/${customers[0].id}`} className="strong">
              {name ?? id}
            </Link>
          ) : (
            <span className="strong">{name ?? id}</span>
          )}
          , {kind === 'customer' ? 'a customer' : 'a contact'}
          {kind === 'contact' && customers.length > 0 && (
            <>
              {' of '}
              {customers.map((one, at) => (
                <span key={one.id}>
                  {at > 0 && ', '}
                  <Link href={`/app/customers/${one.id}`}>{one.name ?? `customer ${one.id}`}</Link>
                </span>
              ))}
            </>
          )}
          <div className="note">
            {connectionName}, {object} {id}
          </div>
        </li>
      ))}
    </ul>
  )
}

const COLUMNS: readonly Column<Held>[] = [
  { key: 'title', title: 'Where', phone: 'first', cell: ({ title }) => title },
  {
    key: 'count',
    title: 'Rows',
    figure: true,
    phone: 'first',
    cell: ({ count }) => <Count count={count} />,
  },
  {
    key: 'erased',
    title: 'If they are erased',
    width: '46%',
    cell: ({ erased, why }) => (
      <>
        {BECOMES[erased]}
        {why !== null && <span className="note"> {why}</span>}
      </>
    ),
  },
]

function Count({ count }: { count: number }) {
  return useWords().count(count)
}
