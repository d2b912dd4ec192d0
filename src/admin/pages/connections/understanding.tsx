/** How a connection is understood: who counts as a customer, who is responsible, what its fields mean, what is paid. */
import type { ReactNode } from 'react'
import type { ConnectionDetail } from '../../../server/api/connections.ts'
import type { AgreementsAnswer } from '../../../server/api/setup-agreements.ts'
import type { ResponsibleAnswer } from '../../../server/api/setup-customers.ts'
import type { MappingAnswer } from '../../../server/api/setup-mapping.ts'
import { useMay, useWords } from '../../api/frame.ts'
import { useRead, type Read } from '../../api/queries.ts'
import { ButtonLink } from '../../parts/button-link.tsx'
import { Facts, type Fact } from '../../parts/facts.tsx'
import { Section } from '../../parts/section.tsx'
import { populationWords } from '../../words/connections.ts'

export function Understanding({ connection }: { connection: ConnectionDetail }) {
  const words = useWords()
  const mayAsk = useMay('operator')
  const mayChange = useMay('admin')
  const { id, system, population, status } = connection
  const open = status !== 'disconnected'
  // Who is responsible and where agreements come from is asked of the CRM itself.
  const asks = mayAsk && status === 'active' && system !== 'File'
  const mapping = useRead<MappingAnswer>(`/v1/connections/${id}/mapping`)
  const responsible = useRead<ResponsibleAnswer>(asks ? `/v1/connections/${id}/responsible` : null)
  const agreements = useRead<AgreementsAnswer>(asks ? `/v1/connections/${id}/agreements` : null)
  const at = (step: string, label: string): ReactNode =>
    mayChange && open ? (
      <ButtonLink href={`/app/setup?step=${step}&connection=${id}`} size="compact-xs" variant="subtle">
        {label}
      </ButtonLink>
    ) : null
  const facts: Fact[] = [
    {
      key: 'population',
      label: 'Who is a customer',
      value: (
        <>
          {populationWords(population, labelsOf(mapping.data))} {at('customers', 'Change')}
        </>
      ),
      note: population === null ? 'Nobody is scored, written to or sent anything' : null,
    },
  ]
  if (asks)
    facts.push({
      key: 'responsible',
      label: 'Who is responsible',
      value: answered(responsible, responsibleWords),
      note: null,
    })
  facts.push({
    key: 'mapping',
    label: 'Fields',
    value: (
      <>
        {answered(mapping, ({ features }) => {
          const [wanted, fed] = [features.filter((one) => one.wanted === 'model'), features.filter(feeds)]
          return `${words.count(fed.length)} of ${words.many(wanted.length, 'thing')} that the model looks at`
        })}{' '}
        {at('mapping', 'Change')}
      </>
    ),
    note:
      mapping.data === undefined
        ? null
        : mapping.data.writes && mapping.data.written.length > 0
          ? `${words.many(mapping.data.written.length, 'field')} of ours are written; nothing else ever is`
          : 'Nothing is written to it',
  })
  if (asks)
    facts.push({
      key: 'agreements',
      label: 'What is paid',
      value: answered(agreements, agreementWords),
      note: null,
    })
  return (
    <Section title="How it is understood">
      <Facts facts={facts} />
    </Section>
  )
}

/** The CRM's own words for a property. */
const labelsOf = (mapping: MappingAnswer | undefined) =>
  (mapping?.columns ?? []).map(({ column, label }) => ({ property: column, label, values: [] }))

const feeds = ({ wanted, mapped }: MappingAnswer['features'][number]): boolean =>
  wanted === 'model' && mapped !== null

function answered<T>({ data, error }: Read<T>, words: (data: T) => string): string {
  if (data !== undefined) return words(data)
  return error === null ? 'One moment' : 'Cannot be asked now'
}

function responsibleWords({ current, fields, fallback, users }: ResponsibleAnswer): string {
  const who =
    current === null
      ? 'Nobody is named'
      : 'field' in current
        ? (fields.find(({ field }) => field === current.field)?.label ?? current.field)
        : `${current.teamRole} in the account team`
  const otherwise = users.find(({ id }) => id === fallback)?.name
  return otherwise === undefined || otherwise === null ? who : `${who}, otherwise ${otherwise}`
}

const FROM: Readonly<Record<string, string>> = {
  properties: 'From fields of the customer',
  deals: 'From its deals',
  opportunities: 'From its opportunities',
  contracts: 'From its contracts',
}

const agreementWords = ({ current }: AgreementsAnswer): string => FROM[current.from] ?? current.from
