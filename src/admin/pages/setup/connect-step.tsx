/** The first step: what is connected, and a way to connect a CRM, a file or the sandbox. */
import { Radio, Stack } from '@mantine/core'
import { Link } from 'wouter'
import type { ConnectionAnswer } from '../../../server/api/connections.ts'
import { useFilters } from '../../api/query-string.ts'
import { ButtonLink } from '../../parts/button-link.tsx'
import { DataTable } from '../../parts/data-table.tsx'
import { Mark } from '../../parts/mark.tsx'
import { Notice } from '../../parts/notice.tsx'
import { Section } from '../../parts/section.tsx'
import { standingOf, whatOf } from '../../words/connections.ts'
import type { StepProps } from '../setup.tsx'
import { FileForm } from './connect-file.tsx'
import { FirstReading } from './first-reading.tsx'
import { HubSpotForm } from './connect-hubspot.tsx'
import { SalesforceForm } from './connect-salesforce.tsx'
import { SampleForm } from './connect-sample.tsx'
import { Foot } from './foot.tsx'

export interface ConnectProps {
  /** Whether this installation has an app that can be installed in HubSpot accounts. */
  readonly hubspotApp: boolean
  /** The connection that is signed in to anew; null: it is another one. */
  readonly again: string | null
  /** Goes on, with what was connected; or looks on while it is read for the first time. */
  connected(id: string, then?: 'look on'): void
}

const KINDS = [
  {
    value: 'hubspot',
    label: 'HubSpot',
    about:
      'Companies or contacts of an account, by installing the app there or by the token of a private app.',
  },
  {
    value: 'salesforce',
    label: 'Salesforce',
    about: 'Accounts or contacts of an org, by consent, a key or a secret.',
  },
  {
    value: 'file',
    label: 'A customer file',
    about: 'CSV, Parquet or Excel. It is read, and nothing is written back to it.',
  },
  {
    value: 'sample',
    label: 'Stay in the sandbox',
    about: '2,000 customers made up on this machine. Nobody is ever contacted.',
  },
] as const

type Kind = (typeof KINDS)[number]['value']
const KIND_OF: Readonly<Record<ConnectionAnswer['system'], Kind>> = {
  HubSpot: 'hubspot',
  Salesforce: 'salesforce',
  File: 'file',
}

export function ConnectStep({ setup, connections, go }: StepProps) {
  const [filters, setFilters] = useFilters()
  const again = connections.find(({ id }) => id === filters['again']) ?? null
  // Where one comes back to from HubSpot: nothing is to be chosen any more.
  const installed = filters['installed'] !== undefined
  const adding = connections.length === 0 || filters['another'] === 'yes' || again !== null || installed
  const kind =
    again === null ? KINDS.find(({ value }) => value === filters['kind'])?.value : KIND_OF[again.system]
  const reading = connections.find(({ id }) => id === filters['reading'])
  const connected = (id: string, then?: 'look on') =>
    setFilters({
      step: then === undefined ? 'customers' : 'connect',
      reading: then === undefined ? null : id,
      connection: id,
      again: null,
      another: null,
      kind: null,
      installed: null,
      object: null,
    })
  if (reading !== undefined && !installed)
    return <FirstReading connection={reading} go={() => go('customers')} />
  return (
    <>
      {connections.length > 0 && again === null && <Connected connections={connections} />}
      {!adding && (
        <>
          <ButtonLink
            href="/app/setup?step=connect&another=yes"
            className="flush"
            size="compact-sm"
            variant="subtle"
            mt="sm"
          >
            Connect another
          </ButtonLink>
          <Foot label="Go on" go={() => go('customers')} />
        </>
      )}
      {again !== null && (
        <Notice tone="info" title={`Sign in to ${again.name} again`}>
          It has to be the same account: another one is connected beside it, not in its place.
        </Notice>
      )}
      {adding && again === null && !installed && (
        <Radio.Group
          label={
            connections.length === 0 ? 'What do you want to connect?' : 'What else do you want to connect?'
          }
          value={kind ?? null}
          onChange={(value) => setFilters({ kind: value }, { replace: true })}
          mt="md"
        >
          <Stack gap="sm" mt="xs">
            {KINDS.map(({ value, label, about }) => (
              <Radio key={value} value={value} label={label} description={about} />
            ))}
          </Stack>
        </Radio.Group>
      )}
      {adding && kind !== undefined && (
        <Section title={installed ? 'Connecting' : kind === 'sample' ? 'The sandbox' : 'Sign in'}>
          <Form kind={kind} hubspotApp={setup.hubspotApp} again={again?.id ?? null} connected={connected} />
        </Section>
      )}
    </>
  )
}

function Form({ kind, ...props }: ConnectProps & { kind: Kind }) {
  if (kind === 'hubspot') return <HubSpotForm {...props} />
  if (kind === 'salesforce') return <SalesforceForm {...props} />
  return kind === 'file' ? <FileForm {...props} /> : <SampleForm {...props} />
}

function Connected({ connections }: Pick<StepProps, 'connections'>) {
  return (
    <DataTable
      caption="What is connected"
      rows={connections}
      id={({ id }) => id}
      columns={[
        {
          key: 'name',
          title: 'Connected',
          phone: 'first',
          cell: (one) => (
            <>
              <Link href={`/app/connections/${one.id}`} className="strong">
                {one.name}
              </Link>
              <div className="note">{whatOf(one)}</div>
            </>
          ),
        },
        {
          key: 'stands',
          title: 'How it stands',
          cell: (one) => <Mark tone={standingOf(one).tone}>{standingOf(one).word}</Mark>,
        },
      ]}
    />
  )
}
