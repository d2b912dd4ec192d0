/** The fifth step: which actions there are, what they cost and how far they may go; with what they would come to. */
import { Link } from 'wouter'
import type { FormAnswer } from '../../../server/api/settings-form.ts'
import { useRead, useSend } from '../../api/queries.ts'
import { useSettingsEditing } from '../../api/settings-edits.ts'
import { Failure, Loaded } from '../../parts/loaded.tsx'
import { RowsPending } from '../../parts/pending.tsx'
import { Section } from '../../parts/section.tsx'
import type { StepProps } from '../setup.tsx'
import { ActionRows } from './action-rows.tsx'
import { Foot } from './foot.tsx'
import { Limits } from './limits.tsx'
import { PlanFigures } from './plan-figures.tsx'
import { SettingsConflict } from './settings-conflict.tsx'

export function ActionsStep({ setup, go }: StepProps) {
  const form = useRead<FormAnswer>('/v1/settings/form')
  const agree = useSend<undefined>(() => ({ path: '/v1/setup/steps/actions/confirmation' }), {
    quiet: true,
    changed: ['/v1/setup'],
    after: () => go('preview'),
  })
  const settings = useSettingsEditing('actions', () => agree.send(undefined))
  const { read, draft, saving } = settings
  const agreed = setup.steps.find(({ step }) => step === 'actions')?.state === 'done'
  const changed = draft.value !== null
  return (
    <Loaded read={form} pending={<RowsPending rows={9} />}>
      {(described) => (
        <Loaded read={read} pending={<RowsPending rows={9} />}>
          {() => (
            <>
              <ActionRows form={described} settings={settings} />
              <Limits form={described} settings={settings} />
              <Section title="What that comes to">
                <PlanFigures settings={settings} />
              </Section>
              <p className="note">
                Actions of your own, the sender, templates and everything else stand in the{' '}
                <Link href="/app/settings">settings</Link>.
              </p>
              <SettingsConflict settings={settings} />
              {agree.error !== null && <Failure error={agree.error} retry={() => agree.send(undefined)} />}
              <Foot
                label={changed ? 'Save and look' : agreed ? 'Go on' : 'This is right, go on'}
                busy={saving.busy || agree.busy}
                disabled={settings.conflict !== null}
                go={agreed && !changed ? () => go('preview') : settings.save}
                discard={changed ? draft.clear : null}
              />
            </>
          )}
        </Loaded>
      )}
    </Loaded>
  )
}
