/** A dialog that something else opens, such as an item of a menu: what will happen, and the verb that does it. */
import { Button, Group, Modal, Stack } from '@mantine/core'
import type { FormEvent, ReactNode } from 'react'
import { Notice } from './notice.tsx'

export interface DialogProps {
  readonly opened: boolean
  readonly title: string
  /** The verb of its last button. */
  readonly label: string
  /** Fields, or what will happen. */
  readonly children: ReactNode
  readonly busy?: boolean
  /** Whether it cannot be done as it is filled in. */
  readonly disabled?: boolean
  /** Whether it takes something away: its last button is then red. */
  readonly grave?: boolean
  /** Why it did not work; what was typed stays. */
  readonly error?: Error | null
  readonly size?: string
  close(): void
  submit(): void
}

/**
 * @example
 * <Dialog opened={open} close={close} title="Remove Ann" label="Remove" grave submit={() => send(ann.id)}>
 *   Her sessions end at once.
 * </Dialog>
 */
export function Dialog({
  opened,
  title,
  label,
  children,
  busy = false,
  disabled = false,
  grave = false,
  error = null,
  size = 'md',
  close,
  submit,
}: DialogProps) {
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    submit()
  }
  return (
    <Modal opened={opened} onClose={close} title={title} size={size} centered closeButtonProps={CLOSE}>
      <form onSubmit={onSubmit}>
        <Stack gap="md">
          {children}
          {error !== null && (
            <Notice tone="bad" title="It was not done">
              {error.message}
            </Notice>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Leave it
            </Button>
            <Button type="submit" loading={busy} disabled={disabled} {...(grave ? { color: 'red' } : {})}>
              {label}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}

const CLOSE = { 'aria-label': 'Close' }
