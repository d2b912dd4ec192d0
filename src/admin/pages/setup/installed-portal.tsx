/** Where one comes back to from HubSpot with the app installed: the account is connected at once. */
import { Group, Loader } from '@mantine/core'
import { useEffect, useRef } from 'react'
import { useSend } from '../../api/queries.ts'
import { Failure } from '../../parts/loaded.tsx'
import { Notice } from '../../parts/notice.tsx'
import type { ConnectProps } from './connect-step.tsx'
import { connectedWords, type Connected } from './looking.tsx'

export function InstalledPortal({
  portal,
  object,
  again,
  connected,
}: ConnectProps & { readonly portal: string; readonly object: string }) {
  const connect = useSend<undefined, Connected>(
    () => ({
      path: '/v1/setup/connect',
      body: { to: { kind: 'hubspot', portal, object }, ...(again === null ? {} : { again }) },
    }),
    {
      done: connectedWords,
      quiet: true,
      changed: ['/v1/setup', '/v1/connections'],
      after: ({ id, reconnected }) => (reconnected ? connected(id) : connected(id, 'look on')),
    },
  )
  const begun = useRef(false)
  useEffect(() => {
    if (begun.current) return
    begun.current = true
    connect.send(undefined)
  })
  if (connect.error !== null) return <Failure error={connect.error} retry={() => connect.send(undefined)} />
  return (
    <Notice tone="info" title={`The app is installed in HubSpot account ${portal}`}>
      <Group gap="sm" wrap="nowrap" align="center">
        <Loader size="xs" />
        <output>
          The properties of Holdfast are being made there, and its {object} begin to be read. It takes some
          seconds.
        </output>
      </Group>
    </Notice>
  )
}
