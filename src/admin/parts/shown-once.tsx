/** A secret that is shown this once: a dialog that a stray click does not close. */
import { Button, CopyButton, Group, Modal, Stack, TextInput } from '@mantine/core'
import type { ReactNode } from 'react'

export function ShownOnce({
  title,
  name,
  value,
  children,
  close,
}: {
  title: string
  /** What it is, above the field: "Link". */
  name: string
  /** null: there is none to show. */
  value: string | null
  /** What to do with it, and for how long it is good. */
  children: ReactNode
  close: () => void
}) {
  return (
    <Modal
      opened={value !== null}
      onClose={close}
      title={title}
      size="lg"
      centered
      closeOnClickOutside={false}
      closeOnEscape={false}
      withCloseButton={false}
    >
      <Stack gap="md">
        {/* Without https a browser lets no page copy: it can be marked and copied by hand. */}
        <TextInput
          label={name}
          value={value ?? ''}
          readOnly
          onFocus={(event) => event.currentTarget.select()}
          styles={MONO}
          data-autofocus
        />
        <div className="second">{children}</div>
        <Group justify="flex-end">
          <CopyButton value={value ?? ''} timeout={3000}>
            {({ copied, copy }) => (
              <Button variant="default" onClick={copy}>
                {copied ? 'Copied' : 'Copy it'}
              </Button>
            )}
          </CopyButton>
          <Button onClick={close}>I have it</Button>
        </Group>
      </Stack>
    </Modal>
  )
}

const MONO = { input: { fontFamily: 'ui-monospace, monospace', fontSize: 13 } } as const
