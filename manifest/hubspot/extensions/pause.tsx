/** Everything that Holdfast does by itself, stopped and started again. */
import {
  Alert,
  Button,
  Flex,
  LoadingButton,
  Modal,
  ModalBody,
  ModalFooter,
  Text,
  type AddAlertAction,
  type CloseOverlayAction,
} from '@hubspot/ui-extensions'
import { ask } from './ask.ts'
import type { CardSettings, CardSettingsSaved } from './contract.ts'
import { PATHS } from './place.ts'
import type { Pressing } from './use-press.ts'

export interface PauseProps {
  /** Since when, in words; null: it runs. */
  readonly paused: string | null
  readonly may: boolean
  readonly pressing: Pressing
  readonly tell: AddAlertAction
  readonly close: CloseOverlayAction
  readonly onChanged: (settings: CardSettings) => void
}

const CONFIRM = 'holdfast-pause'

const WORDS = {
  pause: {
    button: 'Pause everything',
    title: 'Pause everything?',
    text: 'Nothing is sent until an admin lets it go on. What is due waits; customers are scored and shown as before.',
  },
  resume: {
    button: 'Resume',
    title: 'Resume everything?',
    text: 'What is due goes on, as the settings say: messages go out again, and tasks are made.',
  },
} as const

export function Pause({ paused, may, pressing, tell, close, onChanged }: PauseProps) {
  const { busy, press, trouble } = pressing
  const { button, title, text } = WORDS[paused === null ? 'pause' : 'resume']
  const change = (): void =>
    press('pause', async () => {
      const { value, trouble: found } = await ask<CardSettingsSaved>(PATHS.pause, { paused: paused === null })
      if (value === null) return found
      onChanged(value.settings)
      tell({ type: value.tone, message: value.said })
      close(CONFIRM)
      return null
    })
  return (
    <Flex direction="column" gap="xs">
      {paused === null ? null : (
        <Alert title="Everything is paused" variant="warning">
          {paused}
        </Alert>
      )}
      {may ? (
        <Button
          variant={paused === null ? 'destructive' : 'primary'}
          size="small"
          disabled={busy !== null}
          overlay={
            <Modal id={CONFIRM} title={title} width="sm" variant={paused === null ? 'danger' : 'default'}>
              <ModalBody>
                <Text>{text}</Text>
                {trouble === null ? null : (
                  <Alert title="That did not work" variant="danger">
                    {trouble.text}
                  </Alert>
                )}
              </ModalBody>
              <ModalFooter>
                <LoadingButton
                  variant={paused === null ? 'destructive' : 'primary'}
                  loading={busy === 'pause'}
                  disabled={busy !== null}
                  onClick={change}
                >
                  {button}
                </LoadingButton>
                <Button disabled={busy !== null} onClick={() => close(CONFIRM)}>
                  Leave it as it is
                </Button>
              </ModalFooter>
            </Modal>
          }
        >
          {`${button}…`}
        </Button>
      ) : null}
    </Flex>
  )
}
