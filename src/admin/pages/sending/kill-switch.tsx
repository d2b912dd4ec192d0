/** The switch that stops all actions at once, and lets them go on. */
import type { Standing } from '../../../server/api/control.ts'
import { useMay, useWords } from '../../api/frame.ts'
import { useSend } from '../../api/queries.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { Notice } from '../../parts/notice.tsx'
import { Section } from '../../parts/section.tsx'
import { When } from '../../parts/when.tsx'
import { actorWords, sentence } from '../../words/states.ts'

interface Stopped extends Standing {
  readonly cancelled: number
}

/** Said wherever it is on; nothing otherwise. */
export function Killed({ standing: { killSwitch } }: { standing: Standing }) {
  const admin = useMay('admin')
  const { send, busy } = useSend<undefined, Standing>(() => ({ path: '/v1/kill-switch', method: 'DELETE' }), {
    done: 'Decisions choose actions again.',
  })
  if (killSwitch === null) return null
  return (
    <Notice
      tone="bad"
      title="Everything was stopped"
      actions={
        admin && (
          <Confirm
            label="Let actions be chosen again"
            busy={busy}
            button={{ size: 'xs' }}
            confirm={() => send(undefined)}
          >
            What was cancelled stays cancelled. Who was decided on meanwhile is decided on again in the next
            period.
          </Confirm>
        )
      }
    >
      {sentence(killSwitch.reason)} By {actorWords(killSwitch.actor)}, <When at={killSwitch.since} />. Every
      decision chooses no action, and what was open is cancelled for good.
      {!admin && ' An admin can let actions be chosen again.'}
    </Notice>
  )
}

export function KillSwitch() {
  const words = useWords()
  const may = useMay('operator')
  const { send, busy } = useSend<string, Stopped>(
    (reason) => ({ path: '/v1/kill-switch', body: { reason } }),
    {
      done: ({ cancelled }) =>
        `All actions are stopped; ${words.many(cancelled, 'open one is', 'open ones are')} cancelled.`,
    },
  )
  return (
    <Section title="Stop everything">
      <p className="second" style={{ maxWidth: '70ch', marginBottom: 10 }}>
        Cancels all that has not begun to go out, for good, and lets decisions choose no action until an admin
        ends it. To hold things back for a while, pause instead.
        {!may && ' Operators and admins can do it.'}
      </p>
      {may && (
        <Confirm
          label="Stop everything"
          grave
          busy={busy}
          button={{ color: 'red', variant: 'outline' }}
          words={{ label: 'Why?', placeholder: 'Shown wherever somebody wonders', most: 300 }}
          confirm={send}
        >
          Every open action is cancelled for good, also what somebody approved. What is being handed over this
          very second still goes out.
        </Confirm>
      )}
    </Section>
  )
}
