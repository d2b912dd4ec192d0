/** A person's three answers to an action: approve, snooze, not right. */
import { Button } from '@mantine/core'
import type { CustomerAnswer } from '../../../server/api/customer-shapes.ts'
import { useSend } from '../../api/queries.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { backToContent } from './focus.ts'

type Answer = CustomerAnswer['may']['answer'][number]

export function Answers({ answers }: { answers: readonly Answer[] }) {
  return answers.map((one) => <OneAnswer key={one.intervention} answer={one} named={answers.length > 1} />)
}

function OneAnswer({ answer, named }: { answer: Answer; named: boolean }) {
  const { intervention, name, approve, snoozeDays } = answer
  const path = `/v1/interventions/${intervention}`
  const approving = useSend(() => ({ path: `${path}/approve`, body: {} }), {
    done: `Approved: ${name}`,
    after: backToContent,
  })
  const snoozing = useSend((until: string) => ({ path: `${path}/snooze`, body: { until } }), {
    done: `Put off: ${name}`,
    after: backToContent,
  })
  const rejecting = useSend(() => ({ path: `${path}/reject`, body: {} }), {
    done: `Not carried out: ${name}`,
    after: backToContent,
  })
  const busy = approving.busy || snoozing.busy || rejecting.busy
  const about = named ? `: ${name}` : ''
  return (
    <>
      <Confirm
        label={`Not right${about}`}
        confirm={() => rejecting.send(undefined)}
        busy={rejecting.busy}
        disabled={busy}
      >
        “{name}” is not carried out for this customer, and cannot be taken up again before the next decision.
      </Confirm>
      {snoozeDays !== null && (
        <Button
          variant="default"
          disabled={busy}
          loading={snoozing.busy}
          onClick={() => snoozing.send(new Date(Date.now() + snoozeDays * DAY).toISOString())}
        >
          Snooze {snoozeDays} {snoozeDays === 1 ? 'day' : 'days'}
          {about}
        </Button>
      )}
      {approve && (
        <Button disabled={busy} loading={approving.busy} onClick={() => approving.send(undefined)}>
          Approve: {name}
        </Button>
      )}
    </>
  )
}

const DAY = 86_400_000
