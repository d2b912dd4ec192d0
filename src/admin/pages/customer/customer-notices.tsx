/** What has to be known before the rest is read: it is held, it left, it objects, or its record refuses what is written. */
import { Button } from '@mantine/core'
import type { CustomerAnswer } from '../../../server/api/customer-shapes.ts'
import { useWords } from '../../api/frame.ts'
import { useSend } from '../../api/queries.ts'
import { Notice } from '../../parts/notice.tsx'
import { When } from '../../parts/when.tsx'
import { capital } from '../../words/formats.ts'
import { backToContent } from './focus.ts'

export function CustomerNotices({ customer }: { customer: CustomerAnswer }) {
  const { status, statusSince, connectionName, objects, holds, writeBack, score } = customer
  const words = useWords()
  return (
    <>
      {status !== 'active' && (
        <Notice
          tone="info"
          title={
            status === 'left'
              ? 'No longer counted as a customer'
              : `The record is gone from ${connectionName}`
          }
        >
          Since {words.day(new Date(statusSince))}. It is no longer scored or acted on; what was known stands
          below.
        </Notice>
      )}
      {objects && (
        <Notice tone="info" title="Everybody here objects to being profiled">
          So there is no score, no reason and no action, and none is made.
        </Notice>
      )}
      {holds.length > 0 && <Holds customer={customer} />}
      {!objects && score === null && status === 'active' && (
        <Notice tone="info" title="Not scored yet">
          The risk, its reasons and what is suggested stand here after the next scoring.
        </Notice>
      )}
      {score?.confidence.data.low === true && (
        <Notice tone="wait" title="Too little to go on">
          {score.confidence.data.sentence} Take the score as a hint.
          {score.confidence.data.missing.length > 0 &&
            ` Missing: ${score.confidence.data.missing.join(', ')}.`}
        </Notice>
      )}
      {writeBack?.status === 'failed' && (
        <Notice tone="wait" title={`${connectionName} refused what was written to this record last`}>
          {writeBack.message} The score is safe here, and is written again once that is mended.
        </Notice>
      )}
    </>
  )
}

const KINDS: Readonly<Record<CustomerAnswer['holds'][number]['kind'], string>> = {
  replied: 'somebody answered',
  complained: 'somebody complained',
  dispute: 'dispute',
  negotiation: 'in negotiation',
  by_hand: 'held by hand',
}

function Holds({ customer: { id, holds, may } }: { customer: CustomerAnswer }) {
  const words = useWords()
  const release = useSend(() => ({ path: `/v1/customers/${id}/holds/release` }), {
    done: 'It goes on',
    after: backToContent,
  })
  return (
    <Notice
      tone="wait"
      title="Left alone: nothing automatic happens until somebody has looked"
      actions={
        may.release ? (
          <Button size="xs" variant="default" loading={release.busy} onClick={() => release.send(undefined)}>
            I have looked: let it go on
          </Button>
        ) : undefined
      }
    >
      {holds.map(({ id: hold, kind, reason, by, createdAt, until }) => (
        <div key={hold}>
          {capital(KINDS[kind])}, by {by} <When at={createdAt} />
          {reason === null ? '.' : `: ${reason}`}
          {until !== null && ` Until ${words.day(new Date(until))}.`}
        </div>
      ))}
      {!may.release && <div className="note">An operator can let it go on.</div>}
    </Notice>
  )
}
