/** Adding a webhook, or changing its name and what it is told of. */
import { Button, Checkbox, Group, Modal, SegmentedControl, Stack, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import type { AddedWebhookAnswer, WebhookAnswer } from '../../../server/api/webhooks-out.ts'
import { useSend } from '../../api/queries.ts'
import { Notice } from '../../parts/notice.tsx'
import { CHOSEN_KINDS, KINDS, type ToldKind } from './kinds.ts'

export interface WebhookFormProps {
  readonly opened: boolean
  /** null: a new one. */
  readonly webhook: WebhookAnswer | null
  close(): void
  saved(webhook: WebhookAnswer | AddedWebhookAnswer): void
}

export function WebhookForm({ opened, close, webhook, saved }: WebhookFormProps) {
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={webhook === null ? 'Add a webhook' : `Change ${webhook.name}`}
      size="lg"
      closeButtonProps={CLOSE}
    >
      {/* Each opening begins with what is in force. */}
      {opened && <Fields webhook={webhook} close={close} saved={saved} />}
    </Modal>
  )
}

const CLOSE = { 'aria-label': 'Close' }

type Format = WebhookAnswer['format']

function Fields({ webhook, close, saved }: Omit<WebhookFormProps, 'opened'>) {
  const [name, setName] = useState(webhook?.name ?? '')
  const [format, setFormat] = useState<Format>(webhook?.format ?? 'signed')
  const [url, setUrl] = useState('')
  const [kinds, setKinds] = useState<readonly ToldKind[]>(
    webhook?.kinds ?? CHOSEN_KINDS.filter((kind) => kind !== 'customer.level'),
  )
  const { send, busy, error } = useSend<undefined, AddedWebhookAnswer>(
    () =>
      webhook === null
        ? { path: '/v1/webhooks', body: { name: name.trim(), format, url: url.trim(), kinds } }
        : { path: `/v1/webhooks/${webhook.id}`, method: 'PATCH', body: { name: name.trim(), kinds } },
    {
      quiet: true,
      done: webhook === null ? 'It is told from now on.' : 'Saved.',
      after: (answer) => {
        saved(answer)
        close()
      },
    },
  )
  const submit = (event: FormEvent) => {
    event.preventDefault()
    send(undefined)
  }
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <TextInput
          label="Name"
          placeholder="Retention channel"
          required
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          data-autofocus
        />
        {webhook === null && (
          <>
            <SegmentedControl
              aria-label="What it takes"
              data={[
                { value: 'signed', label: 'Signed JSON' },
                { value: 'slack', label: 'Slack' },
                { value: 'teams', label: 'Teams' },
              ]}
              value={format}
              onChange={(value) => setFormat(value as Format)}
            />
            <TextInput
              label="Address"
              description={ABOUT[format]}
              placeholder="https://hooks.example.com/…"
              type="url"
              required
              maxLength={2000}
              value={url}
              onChange={(event) => setUrl(event.currentTarget.value)}
            />
          </>
        )}
        <Checkbox.Group
          label="What it is told of"
          value={[...kinds]}
          onChange={(value) => setKinds(value as ToldKind[])}
        >
          <Stack gap={6} mt={6}>
            {CHOSEN_KINDS.map((kind) => (
              <Checkbox key={kind} value={kind} label={KINDS[kind]} />
            ))}
          </Stack>
        </Checkbox.Group>
        {error !== null && (
          <Notice tone="bad" title="It was not saved">
            {error.message}
          </Notice>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            Leave it
          </Button>
          <Button type="submit" loading={busy} disabled={kinds.length === 0}>
            {webhook === null ? 'Add it' : 'Save'}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

const ABOUT: Readonly<Record<Format, string>> = {
  signed:
    'By https, on the public internet. Each message is signed with a secret that you get once it is added.',
  slack: 'An incoming webhook of Slack; it is kept like a password.',
  teams: 'A webhook of a Teams workflow; it is kept like a password.',
}
