/** The fourth step: from which risk a customer is high or medium, with how many that are and what they are worth. */
import type { LevelDraftAnswer } from '../../../server/api/setup-drafts.ts'
import { useAsked } from '../../api/asked.ts'
import { useSettingsEditing } from '../../api/settings-edits.ts'
import { useSend } from '../../api/queries.ts'
import { Failure, Loaded } from '../../parts/loaded.tsx'
import { RowsPending } from '../../parts/pending.tsx'
import { Section } from '../../parts/section.tsx'
import type { StepProps } from '../setup.tsx'
import { Foot } from './foot.tsx'
import { LevelForm, type LevelSetting } from './level-form.tsx'
import { LevelFigures } from './level-figures.tsx'
import { SettingsConflict } from './settings-conflict.tsx'

export function LevelsStep({ setup, go }: StepProps) {
  const agree = useSend<undefined>(() => ({ path: '/v1/setup/steps/levels/confirmation' }), {
    quiet: true,
    changed: ['/v1/setup'],
    after: () => go('actions'),
  })
  const settings = useSettingsEditing('levels', () => agree.send(undefined))
  const { read, draft, value } = settings
  const levels = value('levels') as LevelSetting | undefined
  const drafted = useAsked<LevelDraftAnswer>(levels === undefined ? null : '/v1/setup/levels', { levels })
  const agreed = setup.steps.find(({ step }) => step === 'levels')?.state === 'done'
  const changed = draft.value !== null
  return (
    <Loaded read={read} pending={<RowsPending rows={8} />}>
      {() =>
        levels !== undefined && (
          <>
            <LevelForm levels={levels} wrong={settings.wrong} set={(next) => settings.set('levels', next)} />
            <Section title="What that comes to">
              <Loaded read={drafted} pending={<RowsPending rows={4} />}>
                {(answer) => <LevelFigures drafted={answer} changing={drafted.changing} changed={changed} />}
              </Loaded>
            </Section>
            <SettingsConflict settings={settings} />
            {agree.error !== null && <Failure error={agree.error} retry={() => agree.send(undefined)} />}
            <Foot
              label={changed ? 'Save and go on' : agreed ? 'Go on' : 'This is right, go on'}
              busy={settings.saving.busy || agree.busy}
              disabled={drafted.error !== null || settings.conflict !== null}
              go={agreed && !changed ? () => go('actions') : settings.save}
              discard={changed ? draft.clear : null}
            />
          </>
        )
      }
    </Loaded>
  )
}
