/** What is in the way of a connection: what happened, what it means, what to do; whose record it was. */
import { Link } from 'wouter'
import type { ConnectionDetail } from '../../../server/api/connections.ts'
import { useMay, useWords } from '../../api/frame.ts'
import { ButtonLink } from '../../parts/button-link.tsx'
import { Notice } from '../../parts/notice.tsx'
import { Section } from '../../parts/section.tsx'
import { When } from '../../parts/when.tsx'
import { stepWord } from '../../words/loop.ts'

type Problem = ConnectionDetail['problems'][number]

const ABOUT: Readonly<Record<Exclude<Problem['about'], 'step'>, (count: string) => string>> = {
  sign_in: () => 'The sign-in is not taken any more',
  record: (count) => `${count} could not be written`,
  activity: (count) => `${count} could not be put on a timeline`,
  consent: (count) => `${count} of consent could not be told`,
  intervention: (count) => `${count} could not be kept as a record`,
  approval: (count) => `${count} for approval could not be made`,
  workflow: (count) => `${count} waited in vain in the last seven days`,
  mapping: () => 'A property cannot be read any more',
  events: () => 'Changes are not told as they happen',
}

const NOUNS: Readonly<Record<string, readonly [string, string]>> = {
  record: ['record', 'records'],
  activity: ['entry', 'entries'],
  consent: ['change', 'changes'],
  intervention: ['action', 'actions'],
  approval: ['task', 'tasks'],
  workflow: ['step of a workflow', 'steps of workflows'],
}

export function Problems({ connection }: { connection: ConnectionDetail }) {
  const words = useWords()
  const mayConnect = useMay('admin')
  const { id, problems } = connection
  if (problems.length === 0) return null
  const titleOf = ({ about, step, count }: Problem): string => {
    if (about === 'step') return `${stepWord(step ?? '')} did not work`
    const [one, others] = NOUNS[about] ?? ['thing', 'things']
    return ABOUT[about](words.many(count, one, others))
  }
  return (
    <Section title="What is in the way">
      {problems.map((problem, at) => (
        <Notice
          key={at}
          tone={problem.again ? 'wait' : 'bad'}
          title={titleOf(problem)}
          actions={
            problem.about === 'sign_in' && mayConnect ? (
              <ButtonLink href={`/app/setup?step=connect&again=${id}`} size="xs">
                Sign in again
              </ButtonLink>
            ) : problem.about === 'mapping' && mayConnect ? (
              <ButtonLink href={`/app/setup?step=mapping&connection=${id}`} size="xs">
                Map another
              </ButtonLink>
            ) : undefined
          }
        >
          {problem.message}
          <div className="note">
            {problem.since !== null && (
              <>
                Since <When at={problem.since} />.{' '}
              </>
            )}
            {problem.again ? 'It is tried again by itself.' : 'It does not go on by itself.'}{' '}
            {problem.customer !== null && (
              <>
                One of them:{' '}
                <Link href={`/app/customers/${problem.customer.id}`}>
                  {problem.customer.name ?? `customer ${problem.customer.id}`}
                </Link>
                .
              </>
            )}
          </div>
        </Notice>
      ))}
    </Section>
  )
}
