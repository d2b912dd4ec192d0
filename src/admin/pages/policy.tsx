/** The policy in words: which one decides, what bounds it, what it does for whom, and what it believes. */
import { Link } from 'wouter'
import { useMay, useWords } from '../api/frame.ts'
import { useRead } from '../api/queries.ts'
import { Loaded } from '../parts/loaded.tsx'
import { Notice } from '../parts/notice.tsx'
import { PageHead } from '../parts/page-head.tsx'
import { Columns, Section } from '../parts/section.tsx'
import type { PolicyAnswer } from '../../server/api/policy.ts'
import { Beliefs } from './policy/beliefs.tsx'
import { Others } from './policy/others.tsx'
import { settingLink } from './policy/setting-link.ts'
import { Values } from './policy/values.tsx'
import style from './policy/policy.module.css'

/** While a policy is being worked out it is looked again. */
const everyMs = (policy: PolicyAnswer | undefined): number => (policy?.state === 'solving' ? 5000 : 60_000)

export function PolicyPage() {
  const policy = useRead<PolicyAnswer>('/v1/policy', { everyMs })
  return (
    <Loaded read={policy}>
      {(found) => (
        <>
          <Head policy={found} />
          <State policy={found} />
          <Values gate={found.gate.threshold} />
          <Columns>
            <Section title="What comes before every value">
              <Rules policy={found} />
            </Section>
            <div>
              <Section title="What is left to a draw">
                <p>{found.exploration.sentence}</p>
              </Section>
              <Section title="What it cannot know">
                <ul className={style.list}>
                  {found.limits.map((limit) => (
                    <li key={limit}>{limit}</li>
                  ))}
                </ul>
              </Section>
              <Others policy={found} />
            </div>
          </Columns>
          <Beliefs policy={found} />
        </>
      )}
    </Loaded>
  )
}

function Head({ policy }: { policy: PolicyAnswer }) {
  const words = useWords()
  const { serving, explanation } = policy
  return (
    <PageHead
      title="Most customers are left in peace; the rest get what is worth more than it costs"
      above={
        <span>
          {serving.origin === 'own'
            ? `A policy of your own, ${serving.version}`
            : `The policy that ships, ${serving.version}`}
          {serving.since !== null && `, in charge since ${words.day(new Date(serving.since))}`}
        </span>
      }
    >
      {explanation} <Link href="/app/what-if">Try other costs and limits on the whole book</Link>
    </PageHead>
  )
}

function State({ policy: { state, problems, unsolved } }: { policy: PolicyAnswer }) {
  const words = useWords()
  const waiting =
    unsolved.length > 0 &&
    `Not chosen until then, because the policy has no value for ${unsolved.length === 1 ? 'it' : 'them'}: ${unsolved.map((key) => words.action(key)).join(', ')}.`
  if (state === 'solving')
    return (
      <Notice tone="wait" title="A policy for your newest settings is being worked out">
        It takes some minutes. Until then the one before decides. {waiting}
      </Notice>
    )
  if (state === 'refused')
    return (
      <Notice tone="bad" title="The policy for your newest settings is not good enough to decide">
        The one before stays in charge. {problems.join(' ')} {waiting} Look at effects and costs in the{' '}
        <Link href={settingLink('actions')}>settings</Link>.
      </Notice>
    )
  return null
}

function Rules({ policy }: { policy: PolicyAnswer }) {
  const may = useMay('admin')
  const rules = [...policy.rules, { setting: 'gate.threshold', sentence: policy.gate.sentence }]
  return (
    <ul className={style.rules}>
      {rules.map(({ setting, sentence }) => (
        <li key={setting}>
          <span>{sentence}</span>
          {may && !FIXED.has(setting) && (
            <Link href={settingLink(setting)} aria-label={`Change: ${sentence}`}>
              Change
            </Link>
          )}
        </li>
      ))}
    </ul>
  )
}

/** Rules that no setting sets. */
const FIXED: ReadonlySet<string> = new Set(['always', 'kill switch'])
