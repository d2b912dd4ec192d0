/** What is told to a connection: read now, pause, go on, another name. */
import { Button, Group, Menu, Modal, Text, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useState, type ReactNode } from 'react'
import type { ConnectionDetail } from '../../../server/api/connections.ts'
import { useMay } from '../../api/frame.ts'
import { useSend } from '../../api/queries.ts'

export const CHANGED = { changed: ['/v1/connections', '/v1/setup', '/v1/runs', '/v1/frame'] } as const

interface One {
  readonly connection: ConnectionDetail
}

export function Controls({ connection: { id, name, status } }: One) {
  const [mayRun, mayChange] = [useMay('operator'), useMay('admin')]
  const sync = useSend(() => ({ path: `/v1/connections/${id}/sync` }), {
    ...CHANGED,
    done: `${name} is being read`,
  })
  const resume = useSend(() => ({ path: `/v1/connections/${id}/resume` }), {
    ...CHANGED,
    done: `${name} goes on`,
  })
  const [pausing, pause] = useDisclosure(false)
  const [naming, rename] = useDisclosure(false)
  if (!mayRun || status === 'disconnected') return null
  return (
    <>
      {status === 'active' && (
        <Button variant="default" loading={sync.busy} onClick={() => sync.send(undefined)}>
          Read now
        </Button>
      )}
      {status === 'paused' && mayChange && (
        <Button loading={resume.busy} onClick={() => resume.send(undefined)}>
          Let it go on
        </Button>
      )}
      {(status === 'active' || mayChange) && (
        <Menu position="bottom-end">
          <Menu.Target>
            <Button variant="default" aria-label="More to do with this connection">
              More
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {status === 'active' && <Menu.Item onClick={pause.open}>Pause</Menu.Item>}
            {mayChange && <Menu.Item onClick={rename.open}>Give it another name</Menu.Item>}
          </Menu.Dropdown>
        </Menu>
      )}
      {pausing && (
        <Words
          title={`Pause ${name}`}
          label="Why"
          hint="Shown wherever somebody wonders."
          verb="Pause"
          most={300}
          close={pause.close}
          request={(reason) => ({ path: `/v1/connections/${id}/pause`, body: { reason } })}
          done={`${name} is paused`}
        >
          It is not read, scored or written to, and nothing is sent to its customers, until somebody lets it
          go on. What runs at this moment ends first.
        </Words>
      )}
      {naming && (
        <Words
          title="Give it another name"
          label="Name"
          start={name}
          verb="Save"
          most={100}
          close={rename.close}
          request={(given) => ({ path: `/v1/connections/${id}`, method: 'PATCH', body: { name: given } })}
          done="It has another name"
        />
      )}
    </>
  )
}

interface WordsProps {
  readonly title: string
  readonly label: string
  readonly hint?: string
  readonly start?: string
  readonly verb: string
  readonly most: number
  readonly done: string
  readonly children?: ReactNode
  close(): void
  request(words: string): {
    readonly path: string
    readonly method?: 'POST' | 'PATCH'
    readonly body: unknown
  }
}

/** Asks for a line of text and sends it. */
function Words({ title, label, hint, start = '', verb, most, done, children, close, request }: WordsProps) {
  const [text, setText] = useState(start)
  const send = useSend(request, { ...CHANGED, done, after: close, quiet: true })
  return (
    <Modal opened onClose={close} title={title} centered closeButtonProps={CLOSE}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (text.trim() !== '') send.send(text.trim())
        }}
      >
        {children !== undefined && <Text mb="md">{children}</Text>}
        <TextInput
          label={label}
          description={hint}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          maxLength={most}
          required
          data-autofocus
          error={send.error?.message}
        />
        <Group justify="flex-end" mt="lg">
          <Button variant="default" onClick={close}>
            Leave it
          </Button>
          <Button type="submit" loading={send.busy} disabled={text.trim() === ''}>
            {verb}
          </Button>
        </Group>
      </form>
    </Modal>
  )
}

export const CLOSE = { 'aria-label': 'Close' }
