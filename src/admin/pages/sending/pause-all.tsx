/** Holding everything back for a while, and letting it go on. */
import type { Standing } from '../../../server/api/control.ts'
import { useMay } from '../../api/frame.ts'
import { useSend } from '../../api/queries.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { Notice } from '../../parts/notice.tsx'
import { sentence } from '../../words/states.ts'

export function PauseAll() {
  const { send, busy } = useSend<string, Standing>((reason) => ({ path: '/v1/pause', body: { reason } }), {
    done: 'Everything is paused.',
  })
  return (
    <Confirm
      label="Pause everything"
      busy={busy}
      words={{ label: 'Why?', placeholder: 'Shown wherever somebody wonders', most: 300 }}
      confirm={send}
    >
      Nothing is sent until an admin lets it go on. What is due waits; customers are scored and shown as
      before.
    </Confirm>
  )
}

/** Said where it is paused; nothing otherwise. */
export function Paused({ standing: { status, pausedReason, installationPaused } }: { standing: Standing }) {
  const admin = useMay('admin')
  const { send, busy } = useSend<undefined, Standing>(() => ({ path: '/v1/resume', body: {} }), {
    done: 'What is due goes on.',
  })
  return (
    <>
      {installationPaused !== null && (
        <Notice tone="bad" title="Nothing is sent for anybody on this server">
          {sentence(installationPaused)} Whoever runs the server lets it go on with “holdfast resume”.
        </Notice>
      )}
      {status === 'paused' && (
        <Notice
          tone="bad"
          title="Everything is paused"
          actions={
            admin && (
              <Confirm
                label="Let it go on"
                busy={busy}
                button={{ size: 'xs' }}
                confirm={() => send(undefined)}
              >
                What is due goes out at once, as far as hours and limits allow.
              </Confirm>
            )
          }
        >
          {sentence(pausedReason ?? 'Nobody said why')} What is due waits.
          {!admin && ' An admin can let it go on.'}
        </Notice>
      )}
    </>
  )
}
