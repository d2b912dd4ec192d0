/** How Holdfast gets into a CRM and hears of changes, and what it made there. */
import type { ConnectionDetail } from '../../../server/api/connections.ts'
import { useMay, useWords } from '../../api/frame.ts'
import { ButtonLink } from '../../parts/button-link.tsx'
import { Facts, type Fact } from '../../parts/facts.tsx'
import { Mark } from '../../parts/mark.tsx'
import { Section } from '../../parts/section.tsx'
import { When } from '../../parts/when.tsx'
import { signInWord } from '../../words/connections.ts'
import type { Tone } from '../../words/loop.ts'

/** Counts of the answer end here: it is as many or more. */
const COUNTED = 1000

const SIGNED: Readonly<Record<ConnectionDetail['signIn']['state'], { tone: Tone; word: string }>> = {
  valid: { tone: 'good', word: 'Works' },
  needed: { tone: 'bad', word: 'Has to be renewed' },
  missing: { tone: 'still', word: 'Forgotten' },
  none: { tone: 'good', word: 'None is needed' },
}

export function Link({ connection }: { connection: ConnectionDetail }) {
  const words = useWords()
  const mayConnect = useMay('admin')
  const { id, system, status, builtIn, signIn, events, made, quota, createdAt, freshness } = connection
  const atLeast = (value: number, one: string, others: string): string =>
    value >= COUNTED ? `${words.count(COUNTED)} ${others} or more` : words.many(value, one, others)
  const facts: Fact[] = [
    { key: 'since', label: 'Connected', value: <When at={createdAt} /> },
    {
      key: 'sign-in',
      label: 'Sign-in',
      value: <Mark tone={SIGNED[signIn.state].tone}>{SIGNED[signIn.state].word}</Mark>,
      note:
        signIn.state === 'none' ? null : (
          <>
            {signInWord(signIn.how)}
            {signIn.since !== null && (
              <>
                , since <When at={signIn.since} />
              </>
            )}
          </>
        ),
    },
  ]
  if (system !== 'File')
    facts.push(
      {
        key: 'events',
        label: 'Told of changes',
        value:
          events.problem !== null ? (
            <Mark tone="wait">Not as they happen</Mark>
          ) : events.lastAt === null ? (
            'Not yet'
          ) : (
            <>
              Last <When at={events.lastAt} />
            </>
          ),
        note:
          events.how === 'stream'
            ? 'By a stream that Holdfast follows'
            : events.how === 'journal'
              ? 'By its journal of three days, and by webhooks'
              : 'By webhooks that the CRM sends here',
      },
      {
        key: 'waiting',
        label: 'Changes waiting',
        value: words.count(freshness.waiting),
        note:
          freshness.waitingSince === null ? null : (
            <>
              The oldest since <When at={freshness.waitingSince} />
            </>
          ),
      },
      {
        key: 'quota',
        label: 'Calls of the day',
        value:
          quota === null
            ? 'Not known'
            : `${words.count(quota.used)} of ${words.count(quota.of)} (${words.percent(quota.used / quota.of)})`,
        note:
          quota === null ? (
            'The check below asks the CRM'
          ) : (
            <>
              As of <When at={quota.at} />
            </>
          ),
      },
      {
        key: 'made',
        label: 'Made there',
        value: `${atLeast(made.tasks, 'task', 'tasks')}, ${atLeast(made.activities, 'entry', 'entries')} on timelines`,
      },
    )
  return (
    <Section
      title="The line to it"
      aside={
        mayConnect && system !== 'File' && !builtIn && status !== 'disconnected' ? (
          <ButtonLink href={`/app/setup?step=connect&again=${id}`} size="compact-sm" variant="subtle">
            Sign in again
          </ButtonLink>
        ) : undefined
      }
    >
      <Facts facts={facts} />
    </Section>
  )
}
