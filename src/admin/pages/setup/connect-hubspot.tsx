/** Connecting a HubSpot account: by installing the app there, or by the token of a private app, sent once and sealed. */
import { Button, Input, PasswordInput, SegmentedControl, Stack, Text } from '@mantine/core'
import { useState, type ReactNode } from 'react'
import { useFilters, withQuery } from '../../api/query-string.ts'
import type { ConnectProps } from './connect-step.tsx'
import { InstalledPortal } from './installed-portal.tsx'
import { Looking } from './looking.tsx'

type How = 'app' | 'token'

export function HubSpotForm(props: ConnectProps) {
  const [filters] = useFilters()
  const [chosen, setHow] = useState<How>('app')
  const [object, setObject] = useState(filters['object'] === 'contacts' ? 'contacts' : 'companies')
  const { installed } = filters
  if (installed !== undefined) return <InstalledPortal {...props} portal={installed} object={object} />
  const how = props.hubspotApp ? chosen : 'token'
  const inputs = (
    <>
      {props.hubspotApp && (
        <Input.Wrapper label="How to sign in" labelElement="div">
          <SegmentedControl
            aria-label="How to sign in"
            value={how}
            onChange={(value) => setHow(value as How)}
            data={[
              { value: 'app', label: 'Install the app' },
              { value: 'token', label: 'Token' },
            ]}
            display="flex"
            w={300}
          />
        </Input.Wrapper>
      )}
      {/* Which kind of record is signed in to again is known. */}
      {(props.again === null || how === 'token') && (
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
      )}
    </>
  )
  return how === 'app' ? (
    <Stack gap="md" maw={460}>
      {inputs}
      <div>
        <Button
          component="a"
          href={withQuery(
            '/oauth/hubspot/install',
            props.again === null ? { object } : { again: props.again },
          )}
        >
          Go on to HubSpot
        </Button>
        <Text className="note" mt="sm">
          {props.again === null && 'You choose the account there. '}You see what the app may do before you
          agree, and are sent back here then. It takes a super admin, or somebody who may install apps.
        </Text>
      </div>
    </Stack>
  ) : (
    <TokenForm {...props} object={object}>
      {inputs}
    </TokenForm>
  )
}

function TokenForm({ object, children, ...props }: ConnectProps & { object: string; children: ReactNode }) {
  const [token, setToken] = useState('')
  const [webhookSecret, setWebhookSecret] = useState('')
  const wanted = {
    kind: 'hubspot',
    token: token.trim(),
    object,
    ...(webhookSecret.trim() === '' ? {} : { webhookSecret: webhookSecret.trim() }),
  }
  return (
    <Looking {...props} wanted={wanted} ready={token.trim() !== ''}>
      <Stack gap="md" maw={460}>
        {children}
        <PasswordInput
          label="Token of the private app"
          description="HubSpot: Settings, Integrations, Private apps. It begins with “pat-”. It is sealed here and never shown again."
          value={token}
          onChange={(event) => setToken(event.currentTarget.value)}
          autoComplete="off"
          required
        />
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
