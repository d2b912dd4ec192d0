/** Staying in the sandbox: customers made up, so that all of it can be seen before anything is connected. */
import { Button } from '@mantine/core'
import { useSend } from '../../api/queries.ts'
import type { ConnectProps } from './connect-step.tsx'

export function SampleForm({ connected }: ConnectProps) {
  const take = useSend<undefined, { readonly id: string }>(
    () => ({ path: '/v1/setup/connect', body: { to: { kind: 'sample' } } }),
    {
      done: 'The sample is being read',
      changed: ['/v1/setup', '/v1/connections'],
      after: ({ id }) => connected(id),
    },
  )
  return (
    <>
      <p className="second">
        The sample is read, scored and decided on as your own customers would be. Nobody is ever written to,
        and it can be disconnected at any time.
      </p>
      <Button mt="md" loading={take.busy} onClick={() => take.send(undefined)}>
        Take the sample customers
      </Button>
    </>
  )
}
