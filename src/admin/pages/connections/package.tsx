/** The package in a Salesforce org: the address and the key that its Setup is told. */
import { Button, Code } from '@mantine/core'
import { useState } from 'react'
import type { ConnectionDetail } from '../../../server/api/connections.ts'
import type { NewApiKeyAnswer } from '../../../server/api/api-keys.ts'
import type { PackageAnswer } from '../../../server/api/package-keys.ts'
import { useMay, useWords } from '../../api/frame.ts'
import { useRead, useSend } from '../../api/queries.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { Facts, type Fact } from '../../parts/facts.tsx'
import { Loaded } from '../../parts/loaded.tsx'
import { Section } from '../../parts/section.tsx'
import { ShownOnce } from '../../parts/shown-once.tsx'
import { When } from '../../parts/when.tsx'
import { whoWords } from '../../words/holders.ts'

export function Package({ connection }: { connection: ConnectionDetail }) {
  const mayMake = useMay('admin')
  const { system, status, builtIn } = connection
  if (system !== 'Salesforce' || status === 'disconnected' || builtIn || !mayMake) return null
  return <Known connection={connection} />
}

function Known({ connection: { id } }: { connection: ConnectionDetail }) {
  const path = `/v1/connections/${encodeURIComponent(id)}/package`
  const read = useRead<PackageAnswer>(path)
  const [made, show] = useState<NewApiKeyAnswer | null>(null)
  const { send, busy } = useSend<undefined, NewApiKeyAnswer>(
    () => ({ path: `${path}/keys`, method: 'POST' }),
    { changed: [path, '/v1/api-keys'], after: show },
  )
  return (
    <Section
      title="Package in Salesforce"
      aside={
        <Button size="compact-sm" variant="subtle" loading={busy} onClick={() => send(undefined)}>
          Make a key
        </Button>
      }
    >
      <p className="second">
        The package shows risk and suggestions on records in Salesforce, and lets Flows ask for them. It asks
        here, with a key of this org: its people are told by it, and of no other org anything.
      </p>
      <Loaded read={read}>{(found) => <Told found={found} />}</Loaded>
      <ShownOnce title="The key of the package" name="Key" value={made?.key ?? null} close={() => show(null)}>
        Copy it now: it is shown this once. In Salesforce: Setup &gt; Named Credentials &gt; External
        Credentials &gt; Holdfast &gt; Principals &gt; Package &gt; Edit, with the parameter name{' '}
        <Code>Key</Code>.
      </ShownOnce>
    </Section>
  )
}

function Told({ found: { address, keys } }: { found: PackageAnswer }) {
  const words = useWords()
  const facts: Fact[] = [
    {
      key: 'address',
      label: 'Address for the Named Credential',
      value: address ?? 'None yet',
      note: address === null ? 'Salesforce reaches this installation once PUBLIC_URL is set.' : null,
    },
    {
      key: 'keys',
      label: 'Keys',
      value: keys.length === 0 ? 'None yet' : words.many(keys.length, 'key is in use', 'keys are in use'),
      note:
        keys.length > 1
          ? 'One is enough: revoke those that Salesforce does not show any more.'
          : keys.length === 0
            ? 'Until there is one, cards and Flows in Salesforce say that they are not let in.'
            : null,
    },
    ...keys.map((key) => ({
      key: key.id,
      label: (
        <>
          begins with <Code>{key.prefix}</Code>
        </>
      ),
      value: <Revoke prefix={key.prefix} id={key.id} />,
      note: (
        <>
          Made <When at={key.createdAt} /> by {whoWords(key.createdBy)},{' '}
          {key.lastUsedAt === null ? (
            'never used yet'
          ) : (
            <>
              last used <When at={key.lastUsedAt} />
            </>
          )}
        </>
      ),
    })),
  ]
  return <Facts facts={facts} />
}

function Revoke({ prefix, id }: { prefix: string; id: string }) {
  const { send, busy } = useSend(() => ({ path: `/v1/api-keys/${id}`, method: 'DELETE' }), {
    done: 'The key opens nothing any more.',
  })
  return (
    <Confirm
      label="Revoke"
      about={`Revoke the key that begins with ${prefix}`}
      grave
      busy={busy}
      button={{ size: 'xs' }}
      confirm={() => send(undefined)}
    >
      Where Salesforce shows this key, cards and Flows are refused from now on, until another one is typed in
      there.
    </Confirm>
  )
}
