/**
 * The card of a record, in the sidebar to be read in five seconds, in the tab with all that is known. What is said is written by
 * the server; here it is laid out.
 *
 * @see https://developers.hubspot.com/docs/apps/developer-platform/add-features/ui-extensions/extension-points/app-cards/overview
 */
import {
  Alert,
  Button,
  Divider,
  EmptyState,
  ErrorState,
  Flex,
  Inline,
  Link,
  LoadingButton,
  LoadingSpinner,
  Text,
  type AddAlertAction,
  type CloseOverlayAction,
  type EmptyStateImageName,
} from '@hubspot/ui-extensions'
import { Answers } from './answers.tsx'
import { ask, withQuery } from './ask.ts'
import { Consent, History, RiskOverTime } from './card-more.tsx'
import type { CardPressed, RecordCard } from './contract.ts'
import { Notices } from './notices.tsx'
import { PATHS } from './place.ts'
import { Reasons, Risk } from './risk.tsx'
import { Suggestion } from './suggestion.tsx'
import { useAsked } from './use-asked.ts'
import { usePress } from './use-press.ts'
import { useLooks } from './use-looks.ts'

export interface RecordCardProps {
  readonly place: 'sidebar' | 'tab'
  readonly record: { readonly objectTypeId: string; readonly objectId: number | string }
  readonly tell: AddAlertAction
  readonly close: CloseOverlayAction
  /** When to look whether a score that is being made is there, in milliseconds since it began. */
  readonly looks?: readonly number[]
}

/**
 * @example
 * hubspot.extend<'crm.record.tab'>(({ context, actions }) => (
 *   <RecordCardView place="tab" record={context.crm} tell={actions.addAlert} close={actions.closeOverlay} />
 * ))
 */
export function RecordCardView({ place, record, tell, close, looks = LOOKS }: RecordCardProps) {
  const { objectTypeId } = record
  const objectId = String(record.objectId)
  const reading = useAsked<RecordCard>(withQuery(PATHS.card, { objectTypeId, objectId }))
  const pressing = usePress()
  const card = reading.value
  // Scoring takes some seconds: the press is answered before it is done.
  useLooks(card?.notices.some(({ kind }) => kind === 'scoring') ?? false, looks, reading.again)

  if (card === null && reading.trouble === null)
    return <LoadingSpinner label="Loading what Holdfast knows" layout="centered" showLabel />
  if (card === null)
    return (
      <ErrorState title="The card could not be read">
        <Text>{reading.trouble?.text}</Text>
        <Button onClick={reading.again} disabled={reading.reading}>
          Try again
        </Button>
      </ErrorState>
    )

  /** Sends what was pressed, shows the card as it is then, and tells what came of it. */
  const send = async (path: string, body: Readonly<Record<string, unknown>>) => {
    const { value, trouble } = await ask<CardPressed>(path, { objectTypeId, objectId, ...body })
    if (value !== null) {
      reading.set(value.card)
      tell({ type: value.tone, message: value.said })
    }
    return trouble
  }
  const score = card.mayScore ? (
    <LoadingButton
      variant={card.state === 'waiting' ? 'primary' : 'secondary'}
      size="small"
      loading={pressing.busy === 'score'}
      disabled={pressing.busy !== null}
      onClick={() => pressing.press('score', () => send(PATHS.cardScore, {}))}
    >
      Score now
    </LoadingButton>
  ) : null
  const failed =
    pressing.trouble === null ? null : (
      <Alert title="That did not work" variant="danger">
        {pressing.trouble.text}
      </Alert>
    )
  const stale =
    reading.trouble === null ? null : (
      <Alert title="This could not be read again" variant="warning">
        {reading.trouble.text}
      </Alert>
    )

  if (card.state === 'no_access')
    return (
      <ErrorState title="You may not see this" type="lock">
        <Text>{card.sentence}</Text>
      </ErrorState>
    )
  if (card.risk === null)
    return (
      <Flex direction="column" gap="sm">
        <Notices notices={card.notices} />
        {failed}
        <EmptyState
          title={EMPTY[card.state].title}
          imageName={EMPTY[card.state].image}
          layout="vertical"
          imageWidth={120}
          flush
        >
          <Text>{card.sentence}</Text>
          {score}
        </EmptyState>
        {place === 'tab' ? (
          <>
            <History entries={card.history} />
            <Consent consent={card.consent} />
          </>
        ) : null}
        <Foot card={card} />
      </Flex>
    )

  const more = (
    <>
      <History entries={card.history} folded={place === 'sidebar'} />
      <Consent consent={card.consent} folded={place === 'sidebar'} />
    </>
  )
  return (
    <Flex direction="column" gap="sm">
      {stale}
      <Text format={{ fontWeight: 'demibold' }}>{card.sentence}</Text>
      <Risk risk={card.risk} value={card.value} />
      <Notices notices={card.notices} />
      <Reasons reasons={card.reasons} />
      {card.suggestion === null ? null : <Suggestion suggestion={card.suggestion} full={place === 'tab'} />}
      {card.answers === null ? null : (
        <Answers
          key={card.answers.asked}
          answers={card.answers}
          suggestion={card.suggestion}
          pressing={pressing}
          close={close}
          send={(answer) => send(PATHS.cardAnswer, { ...answer })}
        />
      )}
      {failed}
      {place === 'tab' ? <Divider /> : null}
      {place === 'tab' ? <RiskOverTime history={card.risk.history} /> : null}
      {more}
      <Foot card={card} score={score} />
    </Flex>
  )
}

const LOOKS = [3000, 8000, 20_000, 60_000]

/** What stands over the sentence of a card without a risk. */
const EMPTY: Readonly<
  Record<
    Exclude<RecordCard['state'], 'no_access'>,
    { readonly title: string; readonly image: EmptyStateImageName }
  >
> = {
  scored: { title: 'No risk to show', image: 'emptyStateCharts' },
  waiting: { title: 'Not scored yet', image: 'emptyStateCharts' },
  unknown: { title: 'Not read yet', image: 'voteAndSearch' },
  outside: { title: 'Not among your customers', image: 'contacts' },
  left: { title: 'No longer a customer', image: 'contacts' },
  objects: { title: 'Not scored, as asked', image: 'lock' },
}

function Foot({ card, score = null }: { readonly card: RecordCard; readonly score?: React.ReactNode }) {
  if (score === null && card.updated === null && card.more === null) return null
  return (
    <Inline gap="sm" align="center">
      {score}
      {card.updated === null ? null : <Text variant="microcopy">{card.updated}</Text>}
      {card.more === null ? null : (
        <Link href={{ url: card.more.href, external: true }}>{card.more.label}</Link>
      )}
    </Inline>
  )
}
