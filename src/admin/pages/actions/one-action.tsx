/** One action beside the list: its state and why, what it says, what happened to it, and what can be done about it. */
import { Drawer } from '@mantine/core'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import type { WholeInterventionAnswer } from '../../../server/api/interventions.ts'
import type { MessageAnswer } from '../../../server/api/uncertain.ts'
import { useMay, useWords } from '../../api/frame.ts'
import { useRead } from '../../api/queries.ts'
import { Loaded } from '../../parts/loaded.tsx'
import { MessageView } from '../../parts/message-view.tsx'
import { RowsPending } from '../../parts/pending.tsx'
import { When } from '../../parts/when.tsx'
import { actorWords, sentence, STATES } from '../../words/states.ts'
import { ActionButtons } from './action-buttons.tsx'
import { StateMark } from './state-mark.tsx'
import style from './actions.module.css'

/** @param id null: none is open */
export function OneAction({ id, close }: { id: string | null; close: () => void }) {
  return (
    <Drawer
      opened={id !== null}
      onClose={close}
      position="right"
      size={620}
      title="One action"
      closeButtonProps={CLOSE}
    >
      {id !== null && <Whole id={id} />}
    </Drawer>
  )
}

const CLOSE = { 'aria-label': 'Close' }

function Whole({ id }: { id: string }) {
  const words = useWords()
  const read = useRead<WholeInterventionAnswer>(`/v1/interventions/${id}`)
  return (
    <Loaded read={read} pending={<RowsPending rows={7} />}>
      {(one) => (
        <div aria-busy={read.isPlaceholderData}>
          <h2>
            {words.action(one.actionKey)} for{' '}
            <Link href={`/app/customers/${one.customer}`}>
              {one.customerName ?? `Customer ${one.customer}`}
            </Link>
          </h2>
          <p style={{ margin: '6px 0 12px' }}>
            <StateMark {...one} />{' '}
            <span className="second">
              {one.reason === null ? STATES[one.state].about : sentence(one.reason)}
            </span>
          </p>
          {one.askProblem !== null && (
            <p className="note">No task in the CRM asks for it: {sentence(one.askProblem)}</p>
          )}
          <ActionButtons one={one} />
          <p className="note" style={{ marginTop: 12 }}>
            {facts(one, words).join(' · ')}
          </p>
          <Message one={one} />
          <Part title="What happened">
            <ol className={style.events}>
              {one.events.map((event) => (
                <li key={`${event.at} ${event.toState}`}>
                  <When at={event.at} />
                  <span>
                    {STATES[event.toState].word}
                    {event.reason !== null && `: ${sentence(event.reason)}`}{' '}
                    <span className="second">{actorWords(event.actor)}</span>
                  </span>
                </li>
              ))}
            </ol>
          </Part>
        </div>
      )}
    </Loaded>
  )
}

function facts(
  one: WholeInterventionAnswer,
  { money, exact }: ReturnType<typeof useWords>,
): readonly string[] {
  return [
    one.actualCostMinor === null
      ? `planned at ${money(one.plannedCostMinor, one.currency)}`
      : `cost ${money(one.actualCostMinor, one.currency)}, planned at ${money(one.plannedCostMinor, one.currency)}`,
    one.sentAt === null ? `due ${exact(new Date(one.dueAt))}` : `sent ${exact(new Date(one.sentAt))}`,
    one.sentAt === null ? `ends ${exact(new Date(one.expiresAt))}` : '',
    `made by ${actorWords(one.createdBy)}`,
    one.attempts > 1 ? `${one.attempts} attempts` : '',
  ].filter((part) => part !== '')
}

export function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={style.part} aria-label={title}>
      <h3>{title}</h3>
      {children}
    </section>
  )
}

function Message({ one }: { one: WholeInterventionAnswer }) {
  const may = useMay('operator')
  const read = useRead<MessageAnswer>(may ? `/v1/interventions/${one.id}/message` : null)
  if (!may)
    return (
      <Part title="What it says">
        <p className="second">It names people: operators and admins see it.</p>
      </Part>
    )
  return (
    <Loaded read={read} pending={<RowsPending rows={4} />}>
      {({ message, stored, none }) => (
        <Part title={titleOf(one, stored, message?.kind === 'task')}>
          {message === null ? (
            <p className="second">{none === null ? 'There is none.' : sentence(none)}</p>
          ) : (
            <>
              {!stored && (
                <p className="note" style={{ marginBottom: 8 }}>
                  As it would read now; its links lead nowhere. It is written for good when it goes.
                </p>
              )}
              <MessageView
                kind={message.kind}
                subject={message.subject}
                text={message.text}
                frame={message.kind === 'email' ? `/app/mails/${one.id}` : null}
                lines={linesOf(message)}
              />
            </>
          )}
        </Part>
      )}
    </Loaded>
  )
}

function titleOf({ state }: WholeInterventionAnswer, stored: boolean, task: boolean): string {
  const went = state === 'sent' || state === 'confirmed'
  if (task) return went ? 'The task' : 'What the task would say'
  if (went) return 'What was sent'
  return stored ? 'What was about to go' : 'What would be sent'
}

type Message = NonNullable<MessageAnswer['message']>

function linesOf({ from, to, replyTo, responsible, kind }: Message) {
  const party = (one: { name: string | null; address: string } | null): string | null =>
    one === null ? null : one.name === null ? one.address : `${one.name}, ${one.address}`
  const all: readonly (readonly [string, string | null])[] =
    kind === 'task'
      ? [['On the list of', responsible ?? 'nobody']]
      : [
          ['To', party(to)],
          ['From', party(from)],
          ['Answers to', party(replyTo)],
        ]
  return all.filter((line): line is readonly [string, string] => line[1] !== null)
}
