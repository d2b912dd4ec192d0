/** What a person knows of messages of which nobody could say whether they went out; how it is known goes with it. */
import { Group } from '@mantine/core'
import type { ResolvedAnswer } from '../../../server/api/uncertain.ts'
import { useMay } from '../../api/frame.ts'
import { useSend } from '../../api/queries.ts'
import { Confirm } from '../../parts/confirm.tsx'

interface Said {
  readonly as: 'sent' | 'not_sent'
  readonly again: boolean
  readonly reason: string
}

const KNOWN = {
  label: 'How do you know?',
  placeholder: 'The customer said so; the mail server’s log …',
  most: 500,
} as const

export function ResolveButtons({ ids, about = '' }: { ids: readonly string[]; about?: string }) {
  const may = useMay('operator')
  const { send, busy } = useSend<Said, ResolvedAnswer>(
    (said) => ({ path: '/v1/attention/resolve', body: { items: ids, ...said } }),
    {
      done: ({ results: [one] }) =>
        one.outcome === 'done'
          ? 'Noted, with who said so.'
          : (one.message ?? 'It is not uncertain any more.'),
    },
  )
  if (!may) return null
  const choice = (label: string, what: string, said: Omit<Said, 'reason'>) => (
    <Confirm
      label={label}
      about={about === '' ? label : `${label}: ${about}`}
      busy={busy}
      button={{ size: 'xs' }}
      words={KNOWN}
      confirm={(reason) => send({ ...said, reason })}
    >
      {what}
    </Confirm>
  )
  return (
    <Group gap={8}>
      {choice('It was sent', 'It counts as sent, as if the provider had said so, and its cost is booked.', {
        as: 'sent',
        again: false,
      })}
      {choice('It was not sent', 'It ends, and what it held of the budget is free again.', {
        as: 'not_sent',
        again: false,
      })}
      {choice(
        'Send it again',
        'It was not sent: everything is asked once more, and then it is sent. If it did go out, the customer gets it twice.',
        { as: 'not_sent', again: true },
      )}
    </Group>
  )
}
