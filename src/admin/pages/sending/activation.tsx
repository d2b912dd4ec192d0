/** Turning actions on: only by somebody who has just seen what that means. */
import { Button } from '@mantine/core'
import type { Standing } from '../../../server/api/control.ts'
import { useMay, useWords } from '../../api/frame.ts'
import { useSend } from '../../api/queries.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { Notice } from '../../parts/notice.tsx'
import { DELIVERY } from './delivery.ts'
import { sumOf, type Previewing } from './preview.tsx'

export function Activation({ preview, look }: { preview: Previewing; look: () => void }) {
  const words = useWords()
  const admin = useMay('admin')
  const { send, busy } = useSend<string, Standing>(
    (seen) => ({ path: '/v1/activation', body: { confirm: true, seen } }),
    { done: 'Actions are on.' },
  )
  const { answer } = preview
  return (
    <Notice
      tone="info"
      title="Actions are not turned on yet"
      actions={
        !admin ? undefined : answer === null ? (
          <Button size="xs" onClick={look} loading={preview.busy}>
            See what would be sent first
          </Button>
        ) : (
          <Confirm
            label="Turn actions on"
            busy={busy}
            button={{ size: 'xs', variant: 'filled' }}
            confirm={() => send(answer.seen)}
          >
            By the preview below {words.many(sumOf(answer, 'send'), 'action goes', 'actions go')} out, and a
            person is asked about {words.count(sumOf(answer, 'approval'))}. From now on decisions become
            actions; those that were made before never do. {DELIVERY[preview.delivery ?? 'dry_run'].about}
          </Confirm>
        )
      }
    >
      Decisions that are made from then on become actions; those of before never do.
      {!admin && ' An admin turns them on.'}
    </Notice>
  )
}
