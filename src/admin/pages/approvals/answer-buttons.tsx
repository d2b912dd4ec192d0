/** Approve, snooze, not right: for one, or for several. */
import { Button, Group, Popover, Stack, Textarea, TextInput } from '@mantine/core'
import { useState } from 'react'
import { inDays, SNOOZES, type Answering, type Approval } from './answering.ts'

export interface AnswerButtonsProps {
  readonly of: readonly Approval[]
  readonly answering: Pick<Answering, 'send' | 'busy'>
  /** In place of the button that approves at once. */
  readonly approve?: React.ReactNode
}

export function AnswerButtons({ of, answering: { send, busy }, approve }: AnswerButtonsProps) {
  return (
    <Group gap={8}>
      {approve ?? (
        <Button onClick={() => send({ answer: 'approve', of })} loading={busy}>
          Approve
        </Button>
      )}
      <SnoozeButton busy={busy} snooze={(until) => send({ answer: 'snooze', of, until })} />
      <RejectButton busy={busy} reject={(note) => send({ answer: 'reject', of, note })} />
    </Group>
  )
}

function SnoozeButton({ busy, snooze }: { busy: boolean; snooze: (until: string) => void }) {
  const [opened, open] = useState(false)
  const [day, setDay] = useState('')
  const until = (moment: string) => {
    open(false)
    snooze(moment)
  }
  return (
    <Popover opened={opened} onChange={open} trapFocus returnFocus position="bottom-start" shadow="sm">
      <Popover.Target>
        <Button variant="default" disabled={busy} onClick={() => open(!opened)}>
          Snooze
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Snooze">
        <Stack gap={4}>
          {SNOOZES.map(({ label, days }) => (
            <Button
              key={days}
              variant="subtle"
              justify="flex-start"
              size="xs"
              onClick={() => until(inDays(days))}
            >
              {label}
            </Button>
          ))}
          <form
            onSubmit={(event) => {
              event.preventDefault()
              if (day !== '') until(`${day}T07:00:00.000Z`)
            }}
          >
            <Group gap={6} align="end" wrap="nowrap" mt={4}>
              <TextInput
                type="date"
                size="xs"
                label="Or until"
                min={inDays(1).slice(0, 10)}
                value={day}
                onChange={(event) => setDay(event.currentTarget.value)}
              />
              <Button type="submit" size="xs" disabled={day === ''}>
                Snooze
              </Button>
            </Group>
          </form>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  )
}

function RejectButton({ busy, reject }: { busy: boolean; reject: (note: string) => void }) {
  const [opened, open] = useState(false)
  const [note, setNote] = useState('')
  return (
    <Popover
      opened={opened}
      onChange={open}
      trapFocus
      returnFocus
      position="bottom-start"
      shadow="sm"
      width={300}
    >
      <Popover.Target>
        <Button variant="default" disabled={busy} onClick={() => open(!opened)}>
          Not right
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Not right">
        <form
          onSubmit={(event) => {
            event.preventDefault()
            open(false)
            reject(note.trim())
          }}
        >
          <Textarea
            label="Why not?"
            description="For whoever looks later. It is never carried out."
            placeholder="Optional"
            maxLength={500}
            autosize
            minRows={2}
            maxRows={5}
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && (event.metaKey || event.ctrlKey))
                event.currentTarget.form?.requestSubmit()
            }}
          />
          <Group justify="flex-end" mt="sm">
            <Button type="submit" size="xs">
              Not right
            </Button>
          </Group>
        </form>
      </Popover.Dropdown>
    </Popover>
  )
}
