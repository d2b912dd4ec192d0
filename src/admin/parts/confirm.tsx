/** A button for what cannot be taken back, or reaches people: it says what will happen, and asks once more. */
import { Button, Group, Modal, Text, TextInput, type ButtonProps } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useState, type ReactNode } from 'react'

export interface ConfirmProps {
  /** A verb: "Pause everything". */
  readonly label: string
  /** What happens then, and for whom. */
  readonly children: ReactNode
  readonly busy?: boolean
  readonly disabled?: boolean
  /** Whether it takes something away: its last button is then red. */
  readonly grave?: boolean
  readonly button?: ButtonProps
  /** Asks for words that go with it, of at most so many characters; given to `confirm`. */
  readonly words?: {
    readonly label: string
    readonly placeholder?: string
    readonly most: number
    /** Whether it needs them; default true. */
    readonly needed?: boolean
  }
  /** For screen readers, where the same label stands several times: "Pause: e-mail". */
  readonly about?: string
  confirm(said: string): void
}

export function Confirm({
  label,
  children,
  busy = false,
  disabled = false,
  grave = false,
  button,
  words,
  about,
  confirm,
}: ConfirmProps) {
  const [open, modal] = useDisclosure(false)
  const [said, say] = useState('')
  return (
    <>
      <Button
        variant="default"
        {...button}
        onClick={modal.open}
        loading={busy}
        disabled={disabled}
        aria-label={about}
      >
        {label}
      </Button>
      <Modal opened={open} onClose={modal.close} title={label} centered closeButtonProps={CLOSE}>
        <Text component="div">{children}</Text>
        <form
          onSubmit={(event) => {
            event.preventDefault()
            modal.close()
            confirm(said.trim())
            say('')
          }}
        >
          {words !== undefined && (
            <TextInput
              mt="md"
              label={words.label}
              placeholder={words.placeholder ?? ''}
              maxLength={words.most}
              required={words.needed !== false}
              value={said}
              onChange={(event) => say(event.currentTarget.value)}
              data-autofocus
            />
          )}
          <Group justify="flex-end" mt="lg">
            <Button
              variant="default"
              onClick={modal.close}
              {...(words === undefined ? { 'data-autofocus': true } : {})}
            >
              Leave it
            </Button>
            <Button
              type="submit"
              {...(grave ? { color: 'red' } : {})}
              disabled={words !== undefined && words.needed !== false && said.trim() === ''}
            >
              {label}
            </Button>
          </Group>
        </form>
      </Modal>
    </>
  )
}

const CLOSE = { 'aria-label': 'Close' }
