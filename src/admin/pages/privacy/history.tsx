/** Who had somebody erased or given out, newest first. Not whom: nothing here says that. */
import { Button } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { DataExportAnswer } from '../../../server/api/data-exports.ts'
import type { ErasureAnswer } from '../../../server/api/people-data.ts'
import { useWords } from '../../api/frame.ts'
import { useList, useSend } from '../../api/queries.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { CsvLink } from '../../parts/csv-link.tsx'
import { ListTable, type Column } from '../../parts/data-table.tsx'
import { Section } from '../../parts/section.tsx'
import { When } from '../../parts/when.tsx'
import { whoWords } from '../../words/holders.ts'
import { fetchExport, tell } from './give-out.tsx'
import { stateOf, sumsOf } from './words.ts'

export function History() {
  const erasures = useList<ErasureAnswer>('/v1/erasures')
  const exports = useList<DataExportAnswer>('/v1/data-exports')
  return (
    <>
      <Section title="Erased" aside={<CsvLink path="/v1/erasures" />}>
        <p className="note" style={ABOVE}>
          Keep this list outside of Holdfast: whoever restores an older backup erases them again by it.
        </p>
        <ListTable
          caption="Erasures, newest first"
          columns={ERASURES}
          list={erasures}
          id={({ id }) => id}
          empty={{
            title: 'Nobody was erased yet',
            text: 'Each erasure stands here with who had it done, how far it is in the CRM, and your own number.',
          }}
        />
      </Section>
      <Section title="Given out" aside={<CsvLink path="/v1/data-exports" />}>
        <ListTable
          caption="Exports of a person’s data, newest first"
          columns={EXPORTS}
          list={exports}
          id={({ id }) => id}
          empty={{
            title: 'Nobody’s data was given out yet',
            text: 'Each export stands here with who asked for it, and whether the file was fetched.',
          }}
        />
      </Section>
    </>
  )
}

/** Addresses stay as they are. */
const capital = (text: string): string =>
  text.includes('@') ? text : `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}`

const ABOVE = { marginBottom: 6 } as const

const ERASURES: readonly Column<ErasureAnswer>[] = [
  {
    key: 'when',
    title: 'When',
    phone: 'first',
    cell: ({ askedAt, reference }) => (
      <>
        <When at={askedAt} />
        {reference !== null && <div className="note">{reference}</div>}
      </>
    ),
  },
  {
    key: 'who',
    title: 'Who had it done',
    cell: ({ source, actor }) => (source === 'crm' ? 'They asked in the CRM' : capital(whoWords(actor))),
  },
  { key: 'went', title: 'Rows that went', figure: true, phone: 'never', cell: (one) => <Went one={one} /> },
  { key: 'state', title: 'How far', width: '34%', phone: 'first', cell: (one) => <State one={one} /> },
  {
    key: 'backups',
    title: 'In backups until',
    phone: 'never',
    cell: ({ backupsUntil }) => (backupsUntil === null ? 'not stated' : <BackupDay at={backupsUntil} />),
  },
  {
    key: 'readmit',
    title: <span className="unseen">What to do</span>,
    figure: true,
    cell: (one) => (one.readmittedAt === null ? <Readmit one={one} /> : null),
  },
]

function Went({ one }: { one: ErasureAnswer }) {
  const { deleted, forgotten } = sumsOf(one.held)
  return useWords().count(deleted + forgotten)
}

function BackupDay({ at }: { at: string }) {
  return useWords().day(new Date(at))
}

function State({ one }: { one: ErasureAnswer }) {
  const { crm, seenAgainAt, readmittedAt } = one
  return (
    <>
      {stateOf(one)}
      {crm.waiting.map(({ connection, connectionName, record, problem }) => (
        <div key={`${connection} ${record}`} className="note">
          {connectionName}, record {record}: {problem ?? 'with the next write-back.'}
        </div>
      ))}
      {seenAgainAt !== null && (
        <div className="note">
          Handed over again <When at={seenAgainAt} />, and kept out: delete them there.
        </div>
      )}
      {readmittedAt !== null && (
        <div className="note">
          Let back <When at={readmittedAt} />.
        </div>
      )}
    </>
  )
}

function Readmit({ one: { id, reference, askedAt } }: { one: ErasureAnswer }) {
  const { send, busy } = useSend(() => ({ path: `/v1/erasures/${id}/readmit` }), {
    done: 'They may come back with the next sync.',
    changed: ['/v1/erasures'],
  })
  return (
    <Confirm
      label="Let back"
      about={`Let back whoever was erased ${reference === null ? new Date(askedAt).toUTCString() : `as ${reference}`}`}
      busy={busy}
      button={{ size: 'xs' }}
      confirm={() => send(undefined)}
    >
      For somebody who becomes a customer again: what a CRM or file hands over is stored again from the next
      sync on. They are still not written to until they agree anew.
    </Confirm>
  )
}

const EXPORTS: readonly Column<DataExportAnswer>[] = [
  {
    key: 'when',
    title: 'When',
    phone: 'first',
    cell: ({ askedAt, reference }) => (
      <>
        <When at={askedAt} />
        {reference !== null && <div className="note">{reference}</div>}
      </>
    ),
  },
  { key: 'who', title: 'Who asked', cell: ({ actor }) => capital(whoWords(actor)) },
  {
    key: 'format',
    title: 'As',
    phone: 'never',
    cell: ({ format }) => (format === 'html' ? 'a page' : 'JSON'),
  },
  {
    key: 'fetched',
    title: 'The file',
    phone: 'first',
    cell: (one) =>
      one.fetchedAt !== null ? (
        <>
          Fetched <When at={one.fetchedAt} />
        </>
      ) : new Date(one.expiresAt) <= new Date() ? (
        'Not fetched in time'
      ) : (
        <Fetch one={one} />
      ),
  },
]

/** Where the first attempt broke off. */
function Fetch({ one }: { one: DataExportAnswer }) {
  const client = useQueryClient()
  const [busy, setBusy] = useState(false)
  const fetchIt = async () => {
    setBusy(true)
    await fetchExport(one).catch(tell)
    setBusy(false)
    await client.invalidateQueries({ queryKey: ['/v1/data-exports'] })
  }
  return (
    <Button size="xs" variant="default" loading={busy} onClick={() => void fetchIt()}>
      Fetch it
    </Button>
  )
}
