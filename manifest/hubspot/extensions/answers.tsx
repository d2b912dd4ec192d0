/** What the reader may answer to a suggestion: yes, later, or not right. */
import {
  Alert,
  Button,
  Flex,
  Heading,
  Inline,
  LoadingButton,
  Modal,
  ModalBody,
  ModalFooter,
  Select,
  Text,
  TextArea,
  type CloseOverlayAction,
} from '@hubspot/ui-extensions'
import { useRef, useState } from 'react'
import type { Trouble } from './ask.ts'
import type { CardAnswer, CardAnswers, CardSuggestion } from './contract.ts'
import { Message } from './suggestion.tsx'
import type { Pressing } from './use-press.ts'

export interface AnswersProps {
  readonly answers: CardAnswers
  readonly suggestion: CardSuggestion | null
  readonly pressing: Pressing
  readonly close: CloseOverlayAction
  readonly send: (answer: CardAnswer) => Promise<Trouble | null>
}

const CONFIRM = 'holdfast-approve'
const MAX_NOTE = 500

export function Answers({ answers, suggestion, pressing, close, send }: AnswersProps) {
  const { intervention, asked, approve, snoozeDays, notRight, refused } = answers
  const [open, setOpen] = useState<'snooze' | 'not_right' | null>(null)
  const { busy, press, clear } = pressing
  const base = { intervention, asked }
  const show = (next: typeof open): void => {
    clear()
    setOpen((before) => (before === next ? null : next))
  }

  if (refused !== null) return <Text variant="microcopy">{refused}</Text>
  if (approve === null && snoozeDays.length === 0 && notRight.length === 0) return null
  return (
    <Flex direction="column" gap="sm">
      <Inline gap="xs">
        {approve === null ? null : (
          <Approve
            label={approve}
            suggestion={suggestion}
            pressing={pressing}
            close={close}
            work={() => send({ ...base, answer: 'approve' })}
          />
        )}
        {snoozeDays.length === 0 ? null : (
          <Button size="small" disabled={busy !== null} onClick={() => show('snooze')}>
            Snooze…
          </Button>
        )}
        {notRight.length === 0 ? null : (
          <Button size="small" disabled={busy !== null} onClick={() => show('not_right')}>
            Not right…
          </Button>
        )}
      </Inline>
      {open === 'snooze' ? (
        <Snooze
          days={snoozeDays}
          busy={busy}
          onCancel={() => show(null)}
          onSend={(days) => press('snooze', () => send({ ...base, answer: 'snooze', days }))}
        />
      ) : null}
      {open === 'not_right' ? (
        <NotRight
          reasons={notRight}
          busy={busy}
          onCancel={() => show(null)}
          onSend={(reason, note) =>
            press('not_right', () =>
              send({ ...base, answer: 'not_right', reason, ...(note === '' ? {} : { note }) }),
            )
          }
        />
      ) : null}
    </Flex>
  )
}

interface ApproveProps {
  readonly label: string
  readonly suggestion: CardSuggestion | null
  readonly pressing: Pressing
  readonly close: CloseOverlayAction
  readonly work: () => Promise<Trouble | null>
}

/** At once for what a colleague does; what goes to a customer is shown first. */
function Approve({ label, suggestion, pressing, close, work }: ApproveProps) {
  const { busy, trouble, press } = pressing
  const message = suggestion?.message?.to === 'customer' ? suggestion.message : null
  const approve = (): void =>
    press('approve', async () => {
      const found = await work()
      if (found === null && message !== null) close(CONFIRM)
      return found
    })
  if (suggestion === null || message === null)
    return (
      <LoadingButton
        variant="primary"
        size="small"
        loading={busy === 'approve'}
        disabled={busy !== null}
        onClick={approve}
      >
        {label}
      </LoadingButton>
    )
  return (
    <Button
      variant="primary"
      size="small"
      disabled={busy !== null}
      overlay={
        <Modal id={CONFIRM} title={`${suggestion.title}?`} width="md">
          <ModalBody>
            <Flex direction="column" gap="sm">
              <Text>{`${suggestion.standing}. This is what the customer would read:`}</Text>
              <Message message={message} />
              {trouble === null ? null : (
                <Alert title="That did not work" variant="danger">
                  {trouble.text}
                </Alert>
              )}
            </Flex>
          </ModalBody>
          <ModalFooter>
            <LoadingButton
              variant="primary"
              loading={busy === 'approve'}
              disabled={busy !== null}
              onClick={approve}
            >
              {label}
            </LoadingButton>
            <Button disabled={busy !== null} onClick={() => close(CONFIRM)}>
              Not yet
            </Button>
          </ModalFooter>
        </Modal>
      }
    >
      {`${label}…`}
    </Button>
  )
}

interface SnoozeProps {
  readonly days: readonly number[]
  readonly busy: string | null
  readonly onSend: (days: number) => void
  readonly onCancel: () => void
}

const inDays = (days: number): string => (days === 1 ? '1 day' : `${days} days`)

function Snooze({ days, busy, onSend, onCancel }: SnoozeProps) {
  const [chosen, setChosen] = useState(days[Math.floor((days.length - 1) / 2)])
  return (
    <Flex direction="column" gap="xs">
      <Select
        label="Ask me again in"
        name="snooze-days"
        value={chosen}
        readOnly={busy !== null}
        options={days.map((value) => ({ value, label: inDays(value) }))}
        onChange={(value) => setChosen(Number(value))}
      />
      <Inline gap="xs">
        <LoadingButton
          size="small"
          loading={busy === 'snooze'}
          disabled={busy !== null}
          onClick={() => onSend(chosen)}
        >
          {`Snooze ${inDays(chosen)}`}
        </LoadingButton>
        <Cancel busy={busy} onCancel={onCancel} />
      </Inline>
    </Flex>
  )
}

interface NotRightProps {
  readonly reasons: CardAnswers['notRight']
  readonly busy: string | null
  readonly onSend: (reason: string, note: string) => void
  readonly onCancel: () => void
}

function NotRight({ reasons, busy, onSend, onCancel }: NotRightProps) {
  const [reason, setReason] = useState<string | null>(null)
  const [missing, setMissing] = useState(false)
  const [note, setNote] = useState('')
  // Pressing the button ends the typing: what was typed has to be known before it is drawn.
  const typed = useRef('')
  return (
    <Flex direction="column" gap="xs">
      <Heading>What is not right?</Heading>
      <Select
        label="Reason"
        name="not-right-reason"
        required
        {...(reason === null ? {} : { value: reason })}
        placeholder="Choose a reason"
        readOnly={busy !== null}
        error={missing}
        {...(missing
          ? { validationMessage: 'Choose a reason, so that it is not suggested like this again.' }
          : {})}
        options={reasons.map(({ key, label }) => ({ value: key, label }))}
        onChange={(value) => {
          setReason(String(value))
          setMissing(false)
        }}
      />
      <TextArea
        label="Note (optional)"
        name="not-right-note"
        description="Your admin reads it."
        maxLength={MAX_NOTE}
        rows={2}
        value={note}
        readOnly={busy !== null}
        onInput={(value) => {
          typed.current = value
        }}
        onChange={(value) => {
          typed.current = value
          setNote(value)
        }}
      />
      <Inline gap="xs">
        <LoadingButton
          size="small"
          loading={busy === 'not_right'}
          disabled={busy !== null}
          onClick={() => {
            setNote(typed.current)
            if (reason === null) setMissing(true)
            else onSend(reason, typed.current.trim())
          }}
        >
          Take it back
        </LoadingButton>
        <Cancel busy={busy} onCancel={onCancel} />
      </Inline>
    </Flex>
  )
}

function Cancel({ busy, onCancel }: { readonly busy: string | null; readonly onCancel: () => void }) {
  return (
    <Button size="small" variant="transparent" disabled={busy !== null} onClick={onCancel}>
      Cancel
    </Button>
  )
}
