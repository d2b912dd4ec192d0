/** Fields that feed nothing because they should not: they tell of a person, or of what is to be foretold. */
import type { MappingAnswer } from '../../../server/api/setup-mapping.ts'
import { useWords } from '../../api/frame.ts'
import { Section } from '../../parts/section.tsx'

export function LeftOut({ mapping: { columns } }: { mapping: MappingAnswer }) {
  const words = useWords()
  const refused = columns.filter((one) => one.refused !== null && one.feeds === null)
  if (refused.length === 0) return null
  const never = refused.filter((one) => one.refused?.never === true)
  const byWhy = [...Map.groupBy(refused, (one) => one.refused?.why.replace(/ \(.*\)$/, '') ?? '')]
  return (
    <Section title={`${words.many(refused.length, 'field is', 'fields are')} left out`}>
      <details>
        <summary className="second">
          They say who somebody is, or what is to be foretold
          {never.length > 0 && `; ${words.count(never.length)} can never be used`}
        </summary>
        <ul style={LIST}>
          {byWhy.map(([why, list]) => (
            <li key={why}>
              {list.map(({ label }) => label).join(', ')}: <span className="second">{why}</span>
            </li>
          ))}
        </ul>
      </details>
    </Section>
  )
}

const LIST = { margin: '8px 0 0', paddingLeft: 18, fontSize: 13.5, lineHeight: 1.7 } as const
