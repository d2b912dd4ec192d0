/** What a look at an account or a file found, before anything of it is kept. */
import { Link } from 'wouter'
import type { AccountFoundAnswer } from '../../../server/api/setup-connect.ts'
import { useWords } from '../../api/frame.ts'
import { Checks } from '../../parts/checks.tsx'
import { DataTable } from '../../parts/data-table.tsx'
import { Notice } from '../../parts/notice.tsx'
import { Section } from '../../parts/section.tsx'
import { listed, populationWords } from '../../words/connections.ts'
import { capital } from '../../words/formats.ts'

export function Found({ found, again }: { found: AccountFoundAnswer; again: string | null }) {
  const words = useWords()
  const {
    account,
    system,
    records,
    object,
    checks,
    proposed,
    stages,
    recognised,
    sensitive,
    notes,
    connectedAs,
  } = found
  const troubles = checks.filter(({ status }) => status === 'failed' || status === 'warning')
  const others = checks.length - troubles.length
  const failed = troubles.filter(({ status }) => status === 'failed').length
  return (
    <>
      <Section
        title={`${account.name ?? (system === 'File' ? account.id : `${system} ${account.id}`)}: ${words.many(records, 'record')}`}
      >
        <p>
          {[
            `This is ${account.kind}`,
            system === 'File' ? null : `its ${object.toLowerCase()} may be customers`,
            account.currency === null ? null : `amounts are in ${account.currency}`,
            account.timeZone,
          ]
            .filter((part) => part !== null)
            .join(', ')}
          .{' '}
          {account.test &&
            'It is a test account: risk is written there, and everything else stays a dry run.'}
        </p>
        {proposed !== null && (
          <p className="second">
            Customers seem to be those whose {populationWords(proposed, stages)}. You say so in the next step.
          </p>
        )}
        {notes.map((note) => (
          <p key={note} className="second">
            {note}
          </p>
        ))}
      </Section>
      {connectedAs !== null && connectedAs.id !== again && (
        <Notice tone="wait" title={`It is connected already, as ${connectedAs.name}`}>
          <Link href={`/app/connections/${connectedAs.id}`}>Look at it</Link>.
        </Notice>
      )}
      <Section
        title={
          failed > 0
            ? 'What stands in the way'
            : troubles.length > 0
              ? 'It works; this is worth knowing'
              : 'All that Holdfast needs is there'
        }
      >
        <Checks checks={troubles.length === 0 ? checks : troubles} />
        {troubles.length > 0 && others > 0 && (
          <p className="note">{words.many(others, 'other check')} went well.</p>
        )}
      </Section>
      <Section
        title={`${words.many(recognised.length, 'field is', 'fields are')} understood by name and values`}
      >
        {recognised.length === 0 ? (
          <p className="second">None. You can say in step 3 what the fields mean.</p>
        ) : (
          <>
            <p className="second">
              {listed(
                recognised.map(({ label }) => label),
                'and',
              )}
              .
            </p>
            <details style={GAP}>
              <summary className="second">Show by which fields, and why</summary>
              <Recognised recognised={recognised} />
            </details>
          </>
        )}
        {sensitive.length > 0 && (
          <p className="second">
            Left out, since {sensitive.length === 1 ? 'it is' : 'they are'} marked as sensitive:{' '}
            {listed(sensitive, 'and')}.
          </p>
        )}
      </Section>
    </>
  )
}

function Recognised({ recognised }: Pick<AccountFoundAnswer, 'recognised'>) {
  return (
    <DataTable
      caption="Fields that are understood, as the mapping would have them"
      rows={recognised}
      id={({ feature }) => feature}
      columns={[
        {
          key: 'label',
          title: 'Meaning',
          phone: 'first',
          cell: ({ label }) => <span className="strong">{capital(label)}</span>,
        },
        { key: 'column', title: 'Field', cell: ({ column }) => column },
        { key: 'sample', title: 'Such as', cell: ({ sample }) => sample },
        {
          key: 'why',
          title: 'Why',
          phone: 'never',
          cell: ({ why }) => <span className="second">{why}</span>,
        },
      ]}
    />
  )
}

const GAP = { marginTop: 8, fontSize: 13.5 } as const
