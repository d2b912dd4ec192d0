/** Connecting a HubSpot portal by the token of a private app. The token is sent once, sealed, and never kept here. */
import { PasswordInput, SegmentedControl, Stack, Input } from '@mantine/core'
import { useState } from 'react'
import type { ConnectProps } from './connect-step.tsx'
import { Looking } from './looking.tsx'

export function HubSpotForm(props: ConnectProps) {
  const [token, setToken] = useState('')
  const [webhookSecret, setWebhookSecret] = useState('')
  const [object, setObject] = useState('companies')
  const wanted = {
    kind: 'hubspot',
    token: token.trim(),
    object,
    ...(webhookSecret.trim() === '' ? {} : { webhookSecret: webhookSecret.trim() }),
  }
  return (
    <Looking {...props} wanted={wanted} ready={token.trim() !== ''}>
      <Stack gap="md" maw={460}>
        <PasswordInput
          label="Token of the private app"
          description="HubSpot: Settings, Integrations, Private apps. It begins with “pat-”. It is sealed here and never shown again."
          value={token}
          onChange={(event) => setToken(event.currentTarget.value)}
          autoComplete="off"
          required
        />
        <Input.Wrapper label="Who is a customer there" labelElement="div">
          <SegmentedControl
            aria-label="Who is a customer there"
            value={object}
            onChange={setObject}
            data={[
              { value: 'companies', label: 'Companies' },
              { value: 'contacts', label: 'Contacts' },
            ]}
            display="flex"
            w={240}
          />
        </Input.Wrapper>
        <PasswordInput
          label="Client secret of the app, for webhooks"
          description="Only if the app sends webhooks. Without it changes are read every few minutes."
          value={webhookSecret}
          onChange={(event) => setWebhookSecret(event.currentTarget.value)}
          autoComplete="off"
        />
      </Stack>
    </Looking>
  )
}
