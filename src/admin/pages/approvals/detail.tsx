/** What one needs to know to say yes or no: why this, why this customer, what it costs, and what they would get. */
import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { useMay, useWords } from '../../api/frame.ts'
import { Figures } from '../../parts/figures.tsx'
import { LevelMark } from '../../parts/level-mark.tsx'
import { MessageView } from '../../parts/message-view.tsx'
import { Notice } from '../../parts/notice.tsx'
import { When } from '../../parts/when.tsx'
import { actorWords, CHANNELS, sentence, withoutSetting } from '../../words/states.ts'
import { AnswerButtons } from './answer-buttons.tsx'
import { nameOfCustomer, type Answering, type Approval } from './answering.ts'
import style from './approvals.module.css'

export function ApprovalDetail({
  approval,
  answering,
  back,
}: {
  approval: Approval
  answering: Answering
  back: () => void
}) {
  const words = useWords()
  const may = useMay('operator')
  const { customer, action, worth, cost, why, because, held, instead, askedOf, answerBy } = approval
  const money = (minor: number | null, currency: string | null, write = words.money): string =>
    minor === null || currency === null ? 'not known' : write(minor, currency)
  return (
    <article className={style.detail} aria-label={`${action.name} for ${nameOfCustomer(approval)}`}>
      <Button className={style.back} variant="subtle" size="xs" onClick={back}>
        ← All that waits
      </Button>
      <div className={style.head}>
        <div>
          <h2 className={style.title}>
            {action.name} for <Link href={`/app/customers/${customer.id}`}>{nameOfCustomer(approval)}</Link>
          </h2>
          <p className="second">
            {customer.level !== null && customer.probability !== null && (
              <>
                <LevelMark level={customer.level} probability={customer.probability} /> risk of leaving
                {' · '}
              </>
            )}
            {facts(approval, words.money).join(' · ')}
          </p>
        </div>
        {may && <AnswerButtons of={[approval]} answering={answering} />}
      </div>
      {held !== null && (
        <Notice tone="wait" title={INSTEAD[instead ?? 'waits']}>
          {sentence(held)}
        </Notice>
      )}
      <Figures
        figures={[
          {
            key: 'worth',
            label: 'expected over doing nothing',
            value: money(worth.expectedMinor, worth.currency, words.gain),
          },
          { key: 'cost', label: 'cost', value: words.money(cost.minor, cost.currency) },
          { key: 'until', label: 'to be answered by', value: words.day(new Date(answerBy)) },
        ]}
      />
      <Part title="Why this action">
        <p>{sentence(why)}</p>
        {because !== null && <p className="note">{sentence(withoutSetting(because))}</p>}
      </Part>
      {customer.reasons.length > 0 && (
        <Part title="Why this customer">
          <ul className={style.reasons}>
            {customer.reasons.map((reason) => (
              <li key={reason}>{sentence(reason)}</li>
            ))}
          </ul>
        </Part>
      )}
      <Part title={action.channel === 'task' ? 'What the task would say' : 'What would be sent'}>
        <Message approval={approval} />
      </Part>
      <p className="note">
        Asked <When at={approval.createdAt} /> by {actorWords(approval.createdBy)}.{' '}
        {askedOf.task
          ? `A task in the CRM asks ${askedOf.responsible?.name ?? 'whoever is responsible'} as well; whoever answers first decides.`
          : askedOf.problem !== null
            ? `No task in the CRM asks for it: ${sentence(askedOf.problem)}`
            : ''}
      </p>
    </article>
  )
}

const INSTEAD: Readonly<Record<NonNullable<Approval['instead']>, string>> = {
  later: 'Even after a yes it goes out later',
  waits: 'Even after a yes it waits until somebody does something',
  suppressed: 'Even after a yes it would be held back',
  not_possible: 'Even after a yes nothing here could carry it out',
  ends: 'Even after a yes it would end',
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={style.part} aria-label={title}>
      <h3>{title}</h3>
      {children}
    </section>
  )
}

function facts(
  { customer, askedOf }: Approval,
  money: (minor: number, currency: string) => string,
): readonly string[] {
  const { valueAtRiskMinor, monthlyMinor, currency } = customer
  return [
    valueAtRiskMinor !== null && currency !== null
      ? `${money(valueAtRiskMinor, currency)} a year at risk`
      : '',
    monthlyMinor !== null && currency !== null ? `pays ${money(monthlyMinor, currency)} a month` : '',
    askedOf.responsible === null
      ? ''
      : `${askedOf.responsible.name ?? askedOf.responsible.email ?? 'somebody'} is responsible`,
  ].filter((part) => part !== '')
}

function Message({ approval: { id, message, reaches, action, held } }: { approval: Approval }) {
  const may = useMay('operator')
  if (message === null)
    return (
      <p className="second">
        {may
          ? held === null
            ? 'It is written when it goes out.'
            : 'There is none as things are: see above.'
          : 'What it says names people: operators and admins see it.'}
      </p>
    )
  const { kind, subject, text } = message
  const to = reaches === null ? null : [reaches.name, reaches.address].filter((part) => part !== null)
  return (
    <MessageView
      kind={kind}
      subject={subject}
      text={text}
      frame={kind === 'email' ? `/app/mails/${id}` : null}
      lines={[
        ['By', CHANNELS[action.channel]],
        [kind === 'task' ? 'On the list of' : 'To', to === null ? 'nobody yet' : to.join(', ')],
      ]}
    />
  )
}
