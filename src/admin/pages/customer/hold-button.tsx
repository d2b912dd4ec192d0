/** Keeps everything automatic from a customer, with why, and until when. */
import { Button, Group, Modal, Select, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useState, type FormEvent } from 'react'
import { useSend } from '../../api/queries.ts'
import { backToContent } from './focus.ts'

const KINDS = [
  { value: 'by_hand', label: 'Another reason' },
  { value: 'negotiation', label: 'In negotiation' },
  { value: 'dispute', label: 'Dispute' },
]

const UNTIL = [
  { value: '', label: 'Until somebody lets it go on' },
  { value: '7', label: 'For a week' },
  { value: '30', label: 'For 30 days' },
  { value: '90', label: 'For 90 days' },
]

export function HoldButton({ customer }: { customer: number }) {
  const [open, modal] = useDisclosure(false)
  const [kind, setKind] = useState('by_hand')
  const [reason, setReason] = useState('')
  const [days, setDays] = useState('')
  const hold = useSend(
    () => ({
      path: `/v1/customers/${customer}/holds`,
      body: {
        kind,
        reason: reason.trim(),
        ...(days === '' ? {} : { until: new Date(Date.now() + Number(days) * DAY).toISOString() }),
      },
    }),
    {
      done: 'Nothing automatic happens for this customer now',
      quiet: true,
      after: () => {
        modal.close()
        backToContent()
      },
    },
  )
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (reason.trim() !== '') hold.send(undefined)
  }
  return (
    <>
      <Button variant="default" onClick={modal.open}>
        Leave alone
      </Button>
      <Modal
        opened={open}
        onClose={modal.close}
        title="Leave this customer alone"
        centered
        closeButtonProps={CLOSE}
      >
        <form onSubmit={submit}>
          <p className="second">
            Nothing automatic happens for it: what has not begun to go out waits, and no action is chosen. It
            is scored and shown as before.
          </p>
          <Select
            label="What it is"
            data={KINDS}
            value={kind}
            onChange={(value) => setKind(value ?? 'by_hand')}
            allowDeselect={false}
            mt="md"
          />
          <TextInput
            label="Why"
            description="A sentence, shown wherever somebody wonders"
            maxLength={500}
            required
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
            error={hold.error?.message}
            mt="sm"
            data-autofocus
          />
          <Select
            label="How long"
            data={UNTIL}
            value={days}
            onChange={(value) => setDays(value ?? '')}
            allowDeselect={false}
            mt="sm"
          />
          <Group justify="flex-end" mt="lg">
            <Button variant="default" onClick={modal.close}>
              Let it go on
            </Button>
            <Button type="submit" loading={hold.busy}>
              Leave alone
            </Button>
          </Group>
        </form>
      </Modal>
    </>
  )
}

const DAY = 86_400_000
const CLOSE = { 'aria-label': 'Close' }
