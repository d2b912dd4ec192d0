/** Who it is, what it pays, who is responsible and who is reached; what one may press now. */
import type { CustomerAnswer } from '../../../server/api/customer-shapes.ts'
import { useWords } from '../../api/frame.ts'
import { Back } from '../../parts/back.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { GROUPS } from '../../words/suggested.ts'
import { Answers } from './answers.tsx'
import { HoldButton } from './hold-button.tsx'
import style from './customer.module.css'

export function CustomerHead({ customer }: { customer: CustomerAnswer }) {
  const { name, externalId, may } = customer
  return (
    <PageHead
      above={<Above customer={customer} />}
      title={name ?? externalId}
      actions={
        may.answer.length > 0 || may.hold ? (
          <>
            {may.hold && <HoldButton customer={customer.id} />}
            <Answers answers={may.answer} />
          </>
        ) : undefined
      }
    >
      <Lead customer={customer} />
    </PageHead>
  )
}

function Above({ customer }: { customer: CustomerAnswer }) {
  const { record, connectionName, object, externalId, group } = customer
  return (
    <>
      <span>
        <Back href="/app/customers">Customers</Back>
      </span>
      {record === null ? (
        <span>
          {connectionName}, {objectWord(object)} {externalId}
        </span>
      ) : (
        <a href={record.href} target="_blank" rel="noreferrer">
          Open in {record.crm}
          <span className="unseen"> (in a new tab)</span>
        </a>
      )}
      <span>{GROUPS[group]}</span>
    </>
  )
}

/** "companies" as "company": what the CRM calls one of them. */
const objectWord = (object: string): string => OBJECTS[object.toLowerCase()] ?? object

const OBJECTS: Readonly<Record<string, string>> = {
  companies: 'company',
  contacts: 'contact',
  account: 'account',
  contact: 'contact',
  rows: 'row',
}

function Lead({ customer: { pays, responsible, reaches, score } }: { customer: CustomerAnswer }) {
  const words = useWords()
  const { yearlyMinor, currency, renewalDate, noticeDate } = pays
  const known = yearlyMinor !== null && currency !== null
  const told = [
    known
      ? `${words.money(yearlyMinor, currency)} a year`
      : score === null
        ? null
        : 'What it pays is not known',
    renewalDate === null
      ? null
      : `renews ${words.day(renewalDate)}${noticeDate === null ? '' : `, notice by ${words.day(noticeDate)}`}`,
    responsible === null
      ? 'nobody is responsible'
      : `${responsible.name ?? responsible.email ?? responsible.id} is responsible`,
    reaches === null
      ? 'nobody to reach is known'
      : `reaches ${reaches.name ?? 'a contact without a name'}${reaches.role === null ? '' : `, ${reaches.role}`}`,
  ].filter((one) => one !== null)
  const text = told.join(' · ')
  return <p className={style.lead}>{text.charAt(0).toUpperCase() + text.slice(1)}</p>
}
