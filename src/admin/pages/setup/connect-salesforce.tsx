/** Connecting a Salesforce org: by a person's consent in another window, or by a key or secret of a connected app. */
import { Button, Input, PasswordInput, SegmentedControl, Stack, Textarea, TextInput } from '@mantine/core'
import { useEffect, useState } from 'react'
import { useSend } from '../../api/queries.ts'
import { ask } from '../../api/request.ts'
import { Notice } from '../../parts/notice.tsx'
import type { ConnectProps } from './connect-step.tsx'
import { Looking } from './looking.tsx'

type How = 'web' | 'key' | 'secret'

/** Milliseconds between two questions whether somebody consented. */
const ASKED_EVERY_MS = 1500

export function SalesforceForm(props: ConnectProps) {
  const [how, setHow] = useState<How>('web')
  const [object, setObject] = useState('Account')
  const [given, setGiven] = useState({ loginUrl: '', clientId: '', username: '', key: '', secret: '' })
  const [consent, setConsent] = useState<Consent | null>(null)
  const set =
    (name: keyof typeof given) => (event: { readonly currentTarget: { readonly value: string } }) => {
      const { value } = event.currentTarget
      setGiven((now) => ({ ...now, [name]: value }))
    }
  const { loginUrl, clientId, username, key, secret } = given
  const login = loginUrl.trim() === '' ? {} : { loginUrl: loginUrl.trim() }
  const signIn = {
    web: { how, org: consent?.org ?? '', ...login },
    key: { how, key, clientId: clientId.trim(), username: username.trim(), ...login },
    secret: { how, secret, clientId: clientId.trim(), ...login },
  }[how]
  const ready = {
    web: consent !== null,
    key: [key, clientId, username].every((text) => text.trim() !== ''),
    secret: [secret, clientId, loginUrl].every((text) => text.trim() !== ''),
  }[how]
  return (
    <Looking {...props} wanted={{ kind: 'salesforce', object, signIn }} ready={ready} thenReading>
      <Stack gap="md" maw={460}>
        <Input.Wrapper label="How to sign in" labelElement="div">
          <SegmentedControl
            aria-label="How to sign in"
            value={how}
            onChange={(value) => setHow(value as How)}
            data={[
              { value: 'web', label: 'Consent' },
              { value: 'key', label: 'Key' },
              { value: 'secret', label: 'Secret' },
            ]}
            display="flex"
          />
        </Input.Wrapper>
        <TextInput
          label="Where the org signs people in"
          description="Such as https://acme.my.salesforce.com"
          placeholder={how === 'secret' ? '' : 'login.salesforce.com'}
          value={loginUrl}
          onChange={set('loginUrl')}
          required={how === 'secret'}
        />
        {how === 'web' && <ConsentPart loginUrl={login} consent={consent} consented={setConsent} />}
        {how !== 'web' && (
          <TextInput
            label="Consumer key of the connected app"
            value={clientId}
            onChange={set('clientId')}
            required
          />
        )}
        {how === 'key' && (
          <>
            <TextInput
              label="User that Holdfast signs in as"
              value={username}
              onChange={set('username')}
              required
            />
            <Textarea
              label="Private key (PEM)"
              description="It is sealed here and never shown again."
              value={key}
              onChange={set('key')}
              minRows={4}
              autosize
              maxRows={10}
              autoComplete="off"
              required
            />
          </>
        )}
        {how === 'secret' && (
          <PasswordInput
            label="Consumer secret of the connected app"
            description="It is sealed here and never shown again."
            value={secret}
            onChange={set('secret')}
            autoComplete="off"
            required
          />
        )}
        <Input.Wrapper label="Who is a customer there" labelElement="div">
          <SegmentedControl
            aria-label="Who is a customer there"
            value={object}
            onChange={setObject}
            data={[
              { value: 'Account', label: 'Accounts' },
              { value: 'Contact', label: 'Contacts' },
            ]}
            display="flex"
            w={240}
          />
        </Input.Wrapper>
      </Stack>
    </Looking>
  )
}

interface Consent {
  readonly org: string
  readonly username: string
}

interface Begun {
  readonly address: string
  readonly state: string
  readonly callback: string
}

function ConsentPart({
  loginUrl,
  consent,
  consented,
}: {
  loginUrl: { readonly loginUrl?: string }
  consent: Consent | null
  consented(consent: Consent): void
}) {
  const [begun, setBegun] = useState<Begun | null>(null)
  const [failed, setFailed] = useState<string | null>(null)
  const begin = useSend<undefined, Begun>(() => ({ path: '/v1/setup/salesforce/sign-in', body: loginUrl }), {
    changed: [],
    after: (answer) => {
      setFailed(null)
      setBegun(answer)
    },
  })
  const state = consent === null ? (begun?.state ?? null) : null
  useEffect(() => {
    if (state === null) return undefined
    const timer = setInterval(() => {
      ask<{ readonly signedIn: Consent | null }>('/v1/setup/salesforce/answer', {
        method: 'POST',
        body: { state },
      }).then(
        ({ signedIn }) => signedIn !== null && consented(signedIn),
        (error: Error) => {
          clearInterval(timer)
          setFailed(error.message)
        },
      )
    }, ASKED_EVERY_MS)
    return () => clearInterval(timer)
  }, [state, consented])
  if (consent !== null)
    return (
      <Notice tone="info" title={`Signed in as ${consent.username}`}>
        To the org {consent.org}.
      </Notice>
    )
  return (
    <div>
      {begun === null || failed !== null ? (
        <Button variant="default" loading={begin.busy} onClick={() => begin.send(undefined)}>
          {failed === null ? 'Begin to sign in' : 'Begin again'}
        </Button>
      ) : (
        <>
          <Button component="a" href={begun.address} target="_blank" rel="noopener noreferrer">
            Open Salesforce in another window
          </Button>
          <p className="note">
            <output>
              Waiting for your consent there. The app in Salesforce has to allow {begun.callback} as a
              callback.
            </output>
          </p>
        </>
      )}
      {failed !== null && <p className="note">{failed}</p>}
    </div>
  )
}
