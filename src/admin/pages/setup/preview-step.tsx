/** The last look: whose risk is how high, what would be sent today, and the switch that turns it on. */
import { Button, Checkbox, Group } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { PreviewAnswer } from '../../../server/api/preview.ts'
import type { SettingsAnswer } from '../../../server/api/settings-shapes.ts'
import { ask, Refusal } from '../../api/request.ts'
import { useFrame, useWords } from '../../api/frame.ts'
import { useRead, useSend } from '../../api/queries.ts'
import { ButtonLink } from '../../parts/button-link.tsx'
import { Confirm } from '../../parts/confirm.tsx'
import { Failure } from '../../parts/loaded.tsx'
import { Notice } from '../../parts/notice.tsx'
import { RowsPending } from '../../parts/pending.tsx'
import { Section } from '../../parts/section.tsx'
import { When } from '../../parts/when.tsx'
import type { StepProps } from '../setup.tsx'
import { Actions, Examples, Reasons } from './preview-parts.tsx'
import { ScorePreview } from './score-preview.tsx'

/** For so long what was seen counts (an hour); a little less, so that it is made anew before it is refused. */
const SEEN_MS = 55 * 60_000

export function PreviewStep(props: StepProps) {
  const { setup } = props
  const settings = useRead<SettingsAnswer>('/v1/settings')
  const read = useQuery<PreviewAnswer>({
    // Of other settings it is another one.
    queryKey: ['asked /v1/preview', settings.data?.version],
    enabled: settings.data !== undefined,
    queryFn: ({ signal }) =>
      ask<PreviewAnswer>('/v1/preview', { method: 'POST', body: { book: 'whole' }, signal }),
    staleTime: SEEN_MS,
    retry: false,
  })
  const { data, error, refetch, isFetching } = read
  const again = () => void settings.refetch().then(() => refetch())
  return (
    <>
      <ScorePreview />
      <Section
        title="What would be sent today"
        aside={
          data === undefined ? undefined : (
            <Group gap="xs">
              <span className="note">
                Made <When at={data.at} />
              </span>
              <Button size="compact-sm" variant="subtle" loading={isFetching} onClick={again}>
                Look again
              </Button>
            </Group>
          )
        }
      >
        {error !== null && <Failure error={error} retry={() => void refetch()} />}
        {data === undefined && error === null && (
          <>
            <p className="second">
              <output>
                Everybody is decided on and judged as the real thing does. This takes some seconds for 10,000
                customers.
              </output>
            </p>
            <RowsPending rows={5} />
          </>
        )}
        {data !== undefined && (
          <div aria-busy={isFetching}>
            <Said preview={data} />
            <Actions preview={data} />
            <Reasons preview={data} />
            <Examples preview={data} />
          </div>
        )}
      </Section>
      {setup.activatedAt === null ? (
        <TurnOn
          {...props}
          preview={isFetching ? null : (data ?? null)}
          again={() => void settings.refetch().then(() => refetch())}
        />
      ) : (
        <Section title="Actions are on">
          <p className="second">
            Since <When at={setup.activatedAt} />. What leaves Holdfast goes by the settings, and can be
            paused at any time.
          </p>
          <ButtonLink href="/app/sending" mt="sm">
            See what is sent
          </ButtonLink>
        </Section>
      )}
    </>
  )
}

function Said({ preview }: { preview: PreviewAnswer }) {
  const words = useWords()
  const { actions, customers, nothing, plannedCostMinor, currency, missing } = preview
  const sum = (outcome: 'send' | 'approval' | 'later') =>
    actions.reduce((all, { would }) => all + would[outcome], 0)
  const [goes, asks, later] = [sum('send'), sum('approval'), sum('later')]
  return (
    <>
      <p>
        <span className="strong">{words.many(goes, 'action')}</span> would go out now
        {later > 0 && `, ${words.count(later)} later by themselves`}
        {asks > 0 && `; a person would be asked about ${words.count(asks)}`}. For {words.count(nothing)} of{' '}
        {words.many(customers, 'customer')} nothing is worth doing or allowed. All of it would reserve{' '}
        {words.money(plannedCostMinor, currency)} of the budget.
      </p>
      {missing.length > 0 && (
        <Notice
          tone="wait"
          title="None of it reaches a customer yet"
          actions={
            <ButtonLink href="/app/settings" size="xs">
              Open the settings
            </ButtonLink>
          }
        >
          {missing.map((one) => (
            <p key={one}>{withoutPaths(one)}</p>
          ))}
        </Notice>
      )}
    </>
  )
}

/** Sentences of the server name settings by their paths, for whoever has a file of them; here their page is a press away. */
const withoutPaths = (sentence: string): string =>
  sentence.replaceAll(/ \((settings: )?[a-z]+\.[\w.]+( or [\w.]+)*\)/gi, '')

function TurnOn({ setup, go, preview, again }: StepProps & { preview: PreviewAnswer | null; again(): void }) {
  const words = useWords()
  const { company } = useFrame()
  // Of the preview that was looked at: a newer one is to be looked at as well, and the server refuses the word of an old one.
  const [seen, setSeen] = useState<string | null>(null)
  const turnOn = useSend<string>(
    (word) => ({ path: '/v1/activation', body: { confirm: true, seen: word } }),
    { quiet: true, done: 'Actions are on', changed: ['/v1/setup', '/v1/standing', '/v1/frame'] },
  )
  const old = turnOn.error instanceof Refusal && turnOn.error.problem.code === 'precondition_failed'
  const open = setup.steps.find(({ state }) => state !== 'done')
  const total = preview?.actions.reduce(
    (all, { would }) => all + would.send + would.approval + would.later,
    0,
  )
  return (
    <Section title="Turn actions on">
      {setup.missing.length > 0 && (
        <Notice
          tone="wait"
          title="Some of it is still to be done"
          actions={
            open !== undefined && (
              <Button size="xs" variant="default" onClick={() => go(open.step)}>
                Go there
              </Button>
            )
          }
        >
          {setup.missing.map((one) => (
            <p key={one}>{one}</p>
          ))}
        </Notice>
      )}
      <p className="second">
        From then on decisions become actions, which leave as the settings say. What was decided before is
        never caught up with. You can pause everything at any time.
      </p>
      <Checkbox
        mt="md"
        label="I have looked at what would be sent"
        checked={seen !== null && seen === preview?.seen}
        disabled={preview === null}
        onChange={(event) => setSeen(event.currentTarget.checked ? (preview?.seen ?? null) : null)}
      />
      {old && (
        <Notice
          tone="wait"
          title="Look once more"
          actions={
            <Button
              size="xs"
              variant="default"
              onClick={() => {
                turnOn.reset()
                setSeen(null)
                again()
              }}
            >
              Look again
            </Button>
          }
        >
          {turnOn.error?.message.replace(/ Look at the preview.*$/, '')} Nothing was turned on.
        </Notice>
      )}
      {turnOn.error !== null && !old && (
        <Failure error={turnOn.error} retry={() => seen !== null && turnOn.send(seen)} />
      )}
      <Group mt="md">
        <Confirm
          label="Turn actions on"
          button={{ variant: 'filled' }}
          busy={turnOn.busy}
          disabled={seen === null || seen !== preview?.seen || setup.missing.length > 0}
          confirm={() => seen !== null && turnOn.send(seen)}
        >
          For {company.name}: about {words.many(total ?? 0, 'action')} begin today or wait for somebody’s yes.
          It cannot be undone, but paused at any time.
        </Confirm>
      </Group>
    </Section>
  )
}
