/** The people who may be written to, what each agreed to, and where opt-outs are tended. */
import type { CustomerAnswer } from '../../../server/api/customer-shapes.ts'
import { useMay, useWords, type Words } from '../../api/frame.ts'
import { pageHref } from '../../api/rows-href.ts'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { Section } from '../../parts/section.tsx'
import { To } from '../../parts/to.tsx'

type Person = CustomerAnswer['recipients'][number]

export function People({ customer: { recipients, connectionName, record } }: { customer: CustomerAnswer }) {
  const words = useWords()
  const operator = useMay('operator')
  const privacy = useMay('admin') ? pageHref('/app/privacy') : undefined
  return (
    <Section
      title="People"
      aside={privacy === undefined ? undefined : <To href={privacy}>Find, give out or forget a person</To>}
    >
      {recipients.length === 0 ? (
        <p className="second">
          {connectionName} names nobody here, so there is nobody to write to. Tasks can still be made for
          whoever is responsible.
        </p>
      ) : (
        <>
          <DataTable
            caption="People, whom actions reach first stand first"
            columns={columnsOf(words)}
            rows={recipients.map((one, at) => ({ ...one, at }))}
            id={({ at }) => at}
          />
          <p className="note" style={{ marginTop: 8 }}>
            Best first. Who never agreed is not written to. Consent is changed in{' '}
            {record?.crm ?? connectionName}, or by the link in each message
            {operator ? '' : '; names are shown to operators'}.
          </p>
        </>
      )}
    </Section>
  )
}

function columnsOf(words: Words): readonly Column<Person & { readonly at: number }>[] {
  const consent = (
    channel: 'email' | 'sms' | 'call',
    title: string,
    has: (one: Person) => boolean,
  ): Column<Person & { readonly at: number }> => ({
    key: channel,
    title,
    cell: (one) => {
      const state = one.consent[channel]
      const from = one.consentSource[channel]
      const said = state === null ? 'never asked' : CONSENT[state]
      return (
        <span
          title={from === null ? undefined : `Since ${words.exact(new Date(from.at))}`}
          className={state === 'granted' ? '' : 'second'}
        >
          <span className="onPhone">{title}: </span>
          {has(one) ? said : 'no address'}
        </span>
      )
    },
  })
  return [
    {
      key: 'name',
      title: 'Name',
      phone: 'first',
      cell: ({ name, role, at }) => (
        <>
          <span className={at === 0 ? 'strong' : ''}>{name ?? 'No name'}</span>
          {role !== null && <div className="note">{role}</div>}
        </>
      ),
    },
    consent('email', 'E-mails', ({ hasEmail }) => hasEmail),
    consent('sms', 'Texts', ({ hasPhone }) => hasPhone),
    consent('call', 'Calls', ({ hasPhone }) => hasPhone),
  ]
}

const CONSENT = { granted: 'agreed', refused: 'refused', suppressed: 'opted out' } as const
