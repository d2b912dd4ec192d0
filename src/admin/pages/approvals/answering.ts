/** Answers to what waits: sent with what was seen, and what became of each. */
import { notifications } from '@mantine/notifications'
import { useState } from 'react'
import type { ApprovalResults, ApprovalsAnswer } from '../../../server/api/approvals.ts'
import { useWords } from '../../api/frame.ts'
import { useSend } from '../../api/queries.ts'

export type Approval = ApprovalsAnswer['items'][number]
export type Verb = 'approve' | 'reject' | 'snooze'

export interface Answer {
  readonly answer: Verb
  readonly of: readonly Approval[]
  readonly note?: string
  /** Of snooze: ISO instant. */
  readonly until?: string
}

/** One that was not answered as asked, with who it is about. */
export interface Unanswered {
  readonly id: string
  readonly name: string
  readonly message: string
}

export interface Answering {
  send(answer: Answer): void
  readonly busy: boolean
  readonly unanswered: readonly Unanswered[]
  forget(): void
}

const DONE: Readonly<Record<Verb, string>> = {
  approve: 'approved',
  reject: 'will not happen',
  snooze: 'snoozed',
}

/** The API takes so many at once. */
const MOST = 200

/** @param goOn told of those that do not wait any more */
export function useAnswering(goOn: (gone: ReadonlySet<string>) => void): Answering {
  const words = useWords()
  const [unanswered, tell] = useState<readonly Unanswered[]>([])
  const { send, busy } = useSend<Answer, ApprovalResults>(
    ({ answer, of, note, until }) => ({
      path: '/v1/approvals/answers',
      body: {
        answer,
        items: of.slice(0, MOST).map(({ id, asked }) => ({ id, asked })),
        ...(note === undefined || note === '' ? {} : { note }),
        ...(until === undefined ? {} : { until }),
      },
    }),
    {
      after: ({ results, answered }, { answer, of }) => {
        const nameOf = new Map(of.map((one) => [one.id, nameOfCustomer(one)]))
        const gone = results.filter(({ outcome }) => outcome === 'done' || outcome === 'already')
        const failed = results.filter(({ outcome }) => outcome !== 'done')
        tell(
          failed.map(({ id, message }) => ({
            id,
            name: nameOf.get(id) ?? '',
            message: message ?? 'It was left as it is.',
          })),
        )
        if (answered > 0)
          notifications.show({
            message:
              answered === 1 && of.length === 1
                ? `${of[0].action.name} for ${nameOfCustomer(of[0])}: ${DONE[answer]}.`
                : `${words.many(answered, 'action')} ${DONE[answer]}.`,
            color: 'accent',
          })
        goOn(new Set(gone.map(({ id }) => id)))
      },
    },
  )
  return { send, busy, unanswered, forget: () => tell([]) }
}

export const nameOfCustomer = ({ customer }: Pick<Approval, 'customer'>): string =>
  customer.name ?? `Customer ${customer.id}`

export interface SnoozeChoice {
  readonly label: string
  readonly days: number
}

export const SNOOZES: readonly SnoozeChoice[] = [
  { label: 'Snooze until tomorrow', days: 1 },
  { label: 'Snooze 3 days', days: 3 },
  { label: 'Snooze 7 days', days: 7 },
  { label: 'Snooze 14 days', days: 14 },
]

/** The beginning of the working day so many days from now, in UTC. */
export function inDays(days: number): string {
  const at = new Date()
  at.setUTCDate(at.getUTCDate() + days)
  at.setUTCHours(7, 0, 0, 0)
  return at.toISOString()
}
