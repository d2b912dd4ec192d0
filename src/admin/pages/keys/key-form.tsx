/** Making a key: what uses it, and what it may. */
import { Checkbox, Stack, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { NewApiKeyAnswer } from '../../../server/api/api-keys.ts'
import { useSend } from '../../api/queries.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { GIVEN, SCOPES } from './scopes.ts'

export interface MadeKey extends NewApiKeyAnswer {
  readonly name: string
}

export function KeyForm({ close, made }: { close: () => void; made: (key: MadeKey) => void }) {
  const [name, setName] = useState('')
  const [scopes, setScopes] = useState<readonly string[]>([])
  const { send, busy, error } = useSend<{ name: string; scopes: readonly string[] }, NewApiKeyAnswer>(
    (body) => ({ path: '/v1/api-keys', body }),
    {
      quiet: true,
      after: (key, body) => {
        close()
        made({ ...key, name: body.name })
      },
    },
  )
  return (
    <Dialog
      opened
      close={close}
      title="Make a key"
      label="Make the key"
      busy={busy}
      error={error}
      disabled={scopes.length === 0}
      submit={() => send({ name: name.trim(), scopes })}
    >
      <TextInput
        label="What uses it"
        placeholder="Warehouse"
        required
        maxLength={100}
        autoComplete="off"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        data-autofocus
      />
      <Checkbox.Group
        label="What it may"
        description="No more than it needs: none of them implies another."
        value={[...scopes]}
        onChange={setScopes}
      >
        <Stack gap={10} mt={8}>
          {GIVEN.map((scope) => (
            <Checkbox key={scope} value={scope} label={SCOPES[scope].word} description={SCOPES[scope].may} />
          ))}
        </Stack>
      </Checkbox.Group>
    </Dialog>
  )
}
