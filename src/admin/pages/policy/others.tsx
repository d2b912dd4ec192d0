/** Policies that were worked out for the settings and do not decide. */
import { When } from '../../parts/when.tsx'
import { Section } from '../../parts/section.tsx'
import type { PolicyAnswer } from '../../../server/api/policy.ts'
import style from './policy.module.css'

export function Others({ policy: { challengers, own } }: { policy: PolicyAnswer }) {
  if (challengers.length === 0 && own === null) return null
  return (
    <Section title="Policies of your own">
      <ul className={style.list}>
        {own !== null && (
          <li>
            In charge: worked out <When at={own.solvedAt} /> for version {own.settingsVersion} of the
            settings.
          </li>
        )}
        {challengers.map(({ hash, solvedAt, settingsVersion, state, problems }) => (
          <li key={hash}>
            {state === 'refused' ? 'Refused' : 'Replaced'}: worked out <When at={solvedAt} /> for version{' '}
            {settingsVersion} of the settings. {problems.join(' ')}
          </li>
        ))}
      </ul>
    </Section>
  )
}
